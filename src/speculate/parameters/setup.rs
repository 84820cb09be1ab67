//! The options that every command takes: where the catalog, pools, model and device come
//! from, and how the screens look. Their types live in their own modules; names, help,
//! defaults and ranges are here, read by the command line, the configuration file, copied
//! command lines and `docs/parameters.md`.

use super::{Range, Value};

/// An option that every command takes.
pub struct SetupParameter {
    /// The option is `--name`.
    pub name: &'static str,
    pub(crate) help: &'static str,
    /// Placeholder for its value in the help. Empty: a switch.
    pub(crate) placeholder: &'static str,
    /// The range, if it is a number.
    pub(crate) range: Option<Range>,
    /// The default in words; empty if there is none to mention.
    pub(crate) default: &'static str,
    /// Whether the configuration file has a key of this name.
    pub is_key: bool,
    /// Whether its value names a file or folder, which is left out of pages for others.
    pub(crate) is_path: bool,
}

impl SetupParameter {
    /// The description, the range and the default.
    pub(crate) fn help(&self) -> String {
        let range = self.range.map(|range| format!(" ({})", range.in_short()));
        let default = match self.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        format!("{}{}{default}", self.help, range.unwrap_or_default())
    }

    /// # Errors
    /// A number out of range: says what it must be.
    pub(crate) fn check(&self, n: u64) -> Result<(), String> {
        match self.range {
            Some(range) if !range.holds(Value::Whole(n)) => {
                Err(format!("must be {}", range.demand("", "")))
            }
            _ => Ok(()),
        }
    }
}

/// Defaults shared by most entries.
const PLAIN: SetupParameter = SetupParameter {
    name: "",
    help: "",
    placeholder: "",
    range: None,
    default: "",
    is_key: false,
    is_path: false,
};

/// An entry for a file or folder.
const PATH: SetupParameter = SetupParameter {
    placeholder: "FILE",
    is_path: true,
    ..PLAIN
};

/// Every one of these options.
pub static ALL: [&SetupParameter; 26] = [
    &CATALOG,
    &CATALOG_LIMIT,
    &STRICT_IMPORT,
    &RATING_SCALE,
    &GROUPS,
    &OWN_DOCUMENTS,
    &FRAMEWORK,
    &KNOWLEDGE,
    &POOL,
    &MODEL,
    &DEVICE,
    &THREADS,
    &CONTEXT,
    &QUANTIZE,
    &KV,
    &OFFLINE,
    &YES,
    &COST,
    &CALIBRATION,
    &LEARN,
    &CONFIG,
    &THEME,
    &ASCII,
    &PRESENT,
    &LOG,
    &LOG_LEVEL,
];

pub(crate) static CATALOG: SetupParameter = SetupParameter {
    name: "catalog",
    help: "Folder, file or zip archive of MovieLens, Amazon Reviews, RecBole, goodbooks-10k, or \
           items, users and ratings as .csv or .jsonl",
    placeholder: "PATH",
    default: "the bundled sample",
    is_key: true,
    ..PATH
};

pub(crate) static CATALOG_LIMIT: SetupParameter = SetupParameter {
    name: "catalog-limit",
    help: "Import only the first N ratings and the items in them",
    placeholder: "N",
    range: Some(Range::Whole(1, u64::MAX)),
    default: "all",
    ..PLAIN
};

pub(crate) static STRICT_IMPORT: SetupParameter = SetupParameter {
    name: "strict-import",
    help: "Stop the import at the first bad line",
    ..PLAIN
};

pub(crate) static RATING_SCALE: SetupParameter = SetupParameter {
    name: "rating-scale",
    help: "The scale of the ratings: lowest and highest as in 1-10, 0-1 or -1/+1, counts for \
        plays or purchases, or none for bare interactions",
    placeholder: "SCALE",
    default: "inferred from all values",
    ..PLAIN
};

pub(crate) static GROUPS: SetupParameter = SetupParameter {
    name: "groups",
    help: "Groups made by `laserscope groups build`, or a map of attributes (.toml)",
    default: "the catalog's groups.jsonl or groups.toml, or the preset for its genres",
    ..PATH
};

pub(crate) static OWN_DOCUMENTS: SetupParameter = SetupParameter {
    name: "own-documents",
    help: "Whether a subject's own earlier document may draft for it: keep (as in the paper) or \
        hide",
    placeholder: "HOW",
    default: "keep",
    ..PLAIN
};

pub(crate) static FRAMEWORK: SetupParameter = SetupParameter {
    name: "framework",
    help: "Framework that writes the prompts: a name from `laserscope framework list`, or a .toml \
        file",
    placeholder: "NAME",
    default: "kar",
    is_key: true,
    ..PATH
};

pub(crate) static KNOWLEDGE: SetupParameter = SetupParameter {
    name: "knowledge",
    help: "Knowledge documents (JSONL) for the pools; may be repeated",
    default: "the catalog's knowledge/*.jsonl",
    ..PATH
};

pub(crate) static POOL: SetupParameter = SetupParameter {
    name: "pool",
    help: "A pool made by `laserscope pool build`, instead of knowledge documents, or in addition \
        if --knowledge is given, too",
    placeholder: "PATH",
    is_key: true,
    ..PATH
};

pub(crate) static MODEL: SetupParameter = SetupParameter {
    name: "model",
    help: "A name from `laserscope model list`, a GGUF file, a folder with config.json, \
        tokenizer.json and safetensors files, or owner/name of such a checkpoint (or \
        owner/name/FILE.gguf) on the Hugging Face hub",
    placeholder: "NAME|PATH",
    default: "smollm2-135m",
    is_key: true,
    ..PLAIN
};

pub(crate) static DEVICE: SetupParameter = SetupParameter {
    name: "device",
    help: "Device: auto, cpu, cuda, cuda:N or metal",
    placeholder: "DEVICE",
    default: "auto",
    is_key: true,
    ..PLAIN
};

pub(crate) static THREADS: SetupParameter = SetupParameter {
    name: "threads",
    help: "CPU threads for the model",
    placeholder: "N",
    range: Some(Range::Whole(1, 1024)),
    default: "one per physical core",
    is_key: true,
    ..PLAIN
};

pub(crate) static CONTEXT: SetupParameter = SetupParameter {
    name: "context",
    help: "Maximum context in tokens",
    placeholder: "TOKENS",
    range: Some(Range::Whole(64, u64::MAX)),
    default: "2048, or the model's if less",
    is_key: true,
    ..PLAIN
};

pub(crate) static QUANTIZE: SetupParameter = SetupParameter {
    name: "quantize",
    help: "Convert weights at load: q8 rounds 16- and 32-bit weights to 8 bits, f32 unpacks all \
        of them",
    placeholder: "TYPE",
    default: "none; on a GPU f32, if that is small compared with its memory",
    is_key: true,
    ..PLAIN
};

pub(crate) static KV: SetupParameter = SetupParameter {
    name: "kv",
    help: "Type of keys and values in the cache: f16, which takes half the memory, or f32",
    placeholder: "TYPE",
    default: "f16; on a GPU f32",
    is_key: true,
    ..PLAIN
};

pub(crate) static LOG: SetupParameter = SetupParameter {
    name: "log",
    help: "Append to FILE what the program tries, finds and times",
    placeholder: "FILE",
    default: "no log",
    is_path: true,
    ..PLAIN
};

pub(crate) static LOG_LEVEL: SetupParameter = SetupParameter {
    name: "log-level",
    help: "error, warn, info, debug or trace, also by part as in info,laserscope::model=debug",
    placeholder: "LEVEL",
    default: "LASERSCOPE_LOG, or info",
    ..PLAIN
};

pub(crate) static OFFLINE: SetupParameter = SetupParameter {
    name: "offline",
    help: "Use only what is already on this machine",
    ..PLAIN
};

pub(crate) static YES: SetupParameter = SetupParameter {
    name: "yes",
    help: "Download models of more than 1 GB without asking",
    ..PLAIN
};

pub(crate) static COST: SetupParameter = SetupParameter {
    name: "cost",
    help: "Cost profile for automatic budgets: a file, a trace, or rows and milliseconds as in \
        1:3.3,8:7.5",
    placeholder: "PROFILE|TRACE|ROWS:MS,..",
    default: "this machine's profile, measured once and saved",
    ..PATH
};

pub(crate) static CALIBRATION: SetupParameter = SetupParameter {
    name: "calibration",
    help: "Start of the calibration, which corrects the drafts' estimates: shipped, or a trace to \
        start as its run did",
    placeholder: "shipped|TRACE",
    default: "shipped",
    ..PATH
};

pub(crate) static LEARN: SetupParameter = SetupParameter {
    name: "learn",
    help: "Start each run of the playground, or each answer of `score`, from the calibration that \
        earlier ones taught, so that it depends on them",
    ..PLAIN
};

pub(crate) static CONFIG: SetupParameter = SetupParameter {
    name: "config",
    help: "Configuration file",
    default: "laserscope/config.toml in the user's config folder",
    ..PATH
};

pub(crate) static THEME: SetupParameter = SetupParameter {
    name: "theme",
    help: "Theme: dark, light, colour-blind, 16-colours, no-colour, or one from the configuration \
        file",
    placeholder: "THEME",
    default: "the best for the terminal",
    is_key: true,
    ..PLAIN
};

pub(crate) static PRESENT: SetupParameter = SetupParameter {
    name: "present",
    help: "Begin in presenter mode: one large pane at a time, and the answers of lessons on a key",
    ..PLAIN
};

pub(crate) static ASCII: SetupParameter = SetupParameter {
    name: "ascii",
    help: "Draw the screens in ASCII",
    default: "if the locale is not UTF-8",
    is_key: true,
    ..PLAIN
};
