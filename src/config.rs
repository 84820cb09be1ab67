//! The configuration file: defaults < config file < command line.

mod home;
mod save;

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::cli::{
    DecodeArgs, DraftingArgs, Preset, ScreenArgs, SetupArgs, VerifyChoice, parse_budget,
    parse_sources,
};
use crate::present::key::Naming;
use crate::recsys::Framework;
use crate::speculate::params::{Drafter, Params, SourceWeights};
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};
use crate::tui::keys::remap;
use crate::tui::look::{detect, themes};
use crate::tui::remembered::Remembered;
use crate::tui::{Glyphs, Keymap, Look, Themes};

/// What a configuration file may hold; every key is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub catalog: Option<PathBuf>,
    pub framework: Option<String>,
    pub pool: Option<PathBuf>,
    pub model: Option<String>,
    pub device: Option<String>,
    pub threads: Option<u16>,
    pub context: Option<u32>,
    pub quantize: Option<String>,
    pub kv: Option<String>,
    pub theme: Option<String>,
    /// Read with its lines by `tui::remap`.
    #[serde(default, rename = "keys")]
    _keys: serde::de::IgnoredAny,
    /// The keys in force.
    #[serde(skip)]
    pub keymap: Keymap,
    /// Read with its lines by `tui::themes`.
    #[serde(default, rename = "themes")]
    _themes: serde::de::IgnoredAny,
    /// The themes there are.
    #[serde(skip)]
    themes: Themes,
    /// What is hard to read in them.
    #[serde(skip)]
    pub warnings: Vec<String>,
    /// ASCII only.
    pub ascii: Option<bool>,
    #[serde(default)]
    pub decode: DecodeConfig,
    /// The file that was read, for messages.
    #[serde(skip)]
    file: Option<PathBuf>,
}

/// `[decode]`: the options of `laserscope generate` by their names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DecodeConfig {
    pub verify: Option<String>,
    pub k: Option<usize>,
    pub tau: Option<f32>,
    pub ratio: Option<f32>,
    pub eps: Option<f32>,
    pub delta: Option<f32>,
    pub budget: Option<toml::Value>,
    pub branch: Option<usize>,
    pub suffix: Option<usize>,
    pub sources: Option<String>,
    pub source_weights: Option<String>,
    pub drafter: Option<String>,
    pub preset: Option<String>,
    pub repeat_penalty: Option<f32>,
    pub repeat_window: Option<usize>,
    pub temperature: Option<f32>,
    pub top_k: Option<usize>,
    pub top_p: Option<f32>,
    pub seed: Option<u64>,
    pub max_tokens: Option<usize>,
}

pub use save::save_decode;

/// `laserscope/config.toml` in the user's configuration folder.
pub fn default_path() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("laserscope").join("config.toml"))
}

/// `laserscope/screens.toml` in the user's folder for state, or for data.
fn memory_path() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(folder.join("laserscope").join("screens.toml"))
}

impl Config {
    /// Reads the file; a missing default file is an empty configuration.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn read(named: Option<&Path>) -> Result<Self> {
        let path = match (named, default_path()) {
            (Some(path), _) => path.to_path_buf(),
            (None, Some(path)) if path.exists() => path,
            _ => return Ok(Config::default()),
        };
        let text = read_text(&path, SETTINGS_BYTES_MAX)?.text;
        let mut config: Config =
            toml::from_str(&text).map_err(|e| eyre!("{}: {e}", path.display()))?;
        config.expand_home(etcetera::home_dir().ok().as_deref());
        let named = |e: remap::Mistake| eyre!("{}: {e}", path.display());
        config.keymap = remap::read(&text).map_err(named)?;
        (config.themes, config.warnings) = themes::read(&text).map_err(named)?;
        config
            .params()
            .wrap_err_with(|| path.display().to_string())?;
        config.file = Some(path);
        Ok(config)
    }

    /// `~` in what may be a path.
    fn expand_home(&mut self, home: Option<&Path>) {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        for path in [&mut self.catalog, &mut self.pool].into_iter().flatten() {
            *path = home::expanded(&shown(path), home);
        }
        for name in [&mut self.model, &mut self.framework].into_iter().flatten() {
            *name = shown(&home::expanded(name, home));
        }
    }

    /// The decoding parameters: the file's over the defaults.
    pub fn params(&self) -> Result<Params> {
        self.params_over(Params::default())
    }

    /// The decoding parameters: the file's over those that go with a framework.
    pub fn params_with(&self, framework: &Framework) -> Result<Params> {
        self.params_over(framework.over(Params::default()))
    }

    fn params_over(&self, base: Params) -> Result<Params> {
        let args = self.decode.args();
        args.and_then(|args| args.over(base)).map_err(|e| eyre!(e))
    }

    /// How pictures look: nothing is asked of the terminal or remembered.
    pub fn look(&self, args: &ScreenArgs) -> Result<Look> {
        let mut themes = self.themes.clone();
        if !self.choose_theme(&mut themes, args)? {
            themes.choose_bundled(detect::from_environment());
        }
        let glyphs = match args.ascii || self.ascii == Some(true) {
            true => Glyphs::Ascii,
            false => Glyphs::Unicode,
        };
        Ok(self.look_with(themes, glyphs))
    }

    /// How the screens look in this terminal, as far as nothing else is asked for.
    pub fn look_here(&self, args: &ScreenArgs) -> Result<Look> {
        let memory_file = memory_path();
        let read = memory_file.as_deref().map(Remembered::read).transpose();
        let (memory, broken) = match read {
            Ok(memory) => (memory.unwrap_or_default(), None),
            Err(why) => (
                Remembered::default(),
                Some(format!("{why:#}; it is ignored")),
            ),
        };
        let mut themes = self.themes.clone();
        if !self.choose_theme(&mut themes, args)? {
            let chosen = memory.theme.as_ref().filter(|_| !detect::no_color());
            let known = chosen.is_some_and(|name| themes.choose(name).is_ok());
            if !known {
                themes.choose_bundled(detect::from_terminal());
            }
        }
        let asked = args.ascii || self.ascii.unwrap_or(!detect::takes_utf8());
        let glyphs = if asked {
            Glyphs::Ascii
        } else {
            Glyphs::Unicode
        };
        let mut look = self.look_with(themes, glyphs);
        look.notices = self.warnings.iter().cloned().chain(broken).collect();
        look.memory = memory;
        look.memory_file = memory_file;
        Ok(look)
    }

    fn look_with(&self, themes: Themes, glyphs: Glyphs) -> Look {
        let mut keys = self.keymap.clone();
        if glyphs == Glyphs::Ascii {
            keys.naming = Naming::Words;
        }
        Look {
            themes,
            keys,
            glyphs,
            ..Look::default()
        }
    }

    /// The theme of the options or of the file; `false`: neither names one.
    fn choose_theme(&self, themes: &mut Themes, args: &ScreenArgs) -> Result<bool> {
        let file = self.file.as_ref().map(|f| f.display().to_string());
        let in_file = format!("{}: theme", file.as_deref().unwrap_or("config"));
        let (name, named_by) = match (&args.theme, &self.theme) {
            (Some(name), _) => (name, "--theme"),
            (None, Some(name)) => (name, in_file.as_str()),
            (None, None) => return Ok(false),
        };
        themes.choose(name).map_err(|e| eyre!("{named_by}: {e}"))?;
        Ok(true)
    }

    /// The file's setup under the command line's.
    pub fn under(&self, args: &SetupArgs) -> Result<SetupArgs> {
        Ok(SetupArgs {
            framework: args.framework.clone().or_else(|| self.framework.clone()),
            catalog: args.catalog.clone().or_else(|| self.catalog.clone()),
            pool: args.pool.clone().or_else(|| self.pool.clone()),
            model: args.model.clone().or_else(|| self.model.clone()),
            device: or_of_file(args.device, "device", self.device.as_deref())?,
            threads: args.threads.or(self.threads),
            context: args.context.or(self.context),
            quantize: or_of_file(args.quantize, "quantize", self.quantize.as_deref())?,
            kv: or_of_file(args.kv, "kv", self.kv.as_deref())?,
            ..args.clone()
        })
    }
}

/// What an option gave, or else the file's text under `key`.
fn or_of_file<T>(given: Option<T>, key: &str, text: Option<&str>) -> Result<Option<T>>
where
    T: std::str::FromStr<Err = String>,
{
    match (given, text) {
        (None, Some(text)) => text
            .parse()
            .map(Some)
            .map_err(|e| eyre!("config: {key} {e}")),
        (given, _) => Ok(given),
    }
}

impl DecodeConfig {
    fn args(&self) -> Result<DecodeArgs, String> {
        use clap::ValueEnum;
        let named = |key: &str, e: String| format!("[decode] {key}: {e}");
        let verify = self
            .verify
            .as_deref()
            .map(|text| VerifyChoice::from_str(text, true));
        let budget = self.budget.as_ref().map(|value| match value {
            toml::Value::String(text) => parse_budget(text),
            other => parse_budget(&other.to_string()),
        });
        let sources = self.sources.as_deref().map(parse_sources);
        let weights = self.source_weights.as_deref().map(SourceWeights::parse);
        let drafter = self.drafter.as_deref().map(Drafter::parse);
        let preset = self.preset.as_deref();
        let preset = preset.map(|text| Preset::from_str(text, true));
        Ok(DecodeArgs {
            verify: verify.transpose().map_err(|e| named("verify", e))?,
            k: self.k,
            tau: self.tau,
            ratio: self.ratio,
            eps: self.eps,
            delta: self.delta,
            budget: budget.transpose().map_err(|e| named("budget", e))?,
            online: false,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            seed: self.seed,
            drafting: DraftingArgs {
                preset: preset.transpose().map_err(|e| named("preset", e))?,
                branch: self.branch,
                suffix: self.suffix,
                sources: sources.transpose().map_err(|e| named("sources", e))?,
                source_weights: weights
                    .transpose()
                    .map_err(|e| named("source-weights", e))?,
                drafter: drafter.transpose().map_err(|e| named("drafter", e))?,
                repeat_penalty: self.repeat_penalty,
                repeat_window: self.repeat_window,
                max_tokens: self.max_tokens,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::FloatWeights;
    use crate::speculate::params::{Budget, Verify};

    fn read(text: impl AsRef<[u8]>) -> Result<Config> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        Config::read(Some(file.path()))
    }

    #[test]
    fn the_file_lies_over_the_defaults_and_under_the_options() {
        let config =
            read("threads = 3\nmodel = \"a\"\n[decode]\nbudget = 8\nverify = \"strict\"").unwrap();
        let params = config.params().unwrap();
        assert_eq!(
            (params.budget, params.verify),
            (Budget::Rows(8), Verify::Strict)
        );
        let args = SetupArgs {
            model: Some("b".into()),
            ..SetupArgs::default()
        };
        let setup = config.under(&args).unwrap();
        assert_eq!(
            (setup.model.as_deref(), setup.threads),
            (Some("b"), Some(3))
        );
    }

    #[test]
    fn an_unknown_theme_is_blamed_on_whoever_named_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "theme = \"nonesuch\"").unwrap();
        let config = Config::read(Some(file.path())).unwrap();
        let of_file = config.look(&ScreenArgs::default()).unwrap_err().to_string();
        let path = file.path().display().to_string();
        assert!(
            of_file.starts_with(&format!("{path}: theme: ")),
            "{of_file}"
        );
        assert!(!of_file.contains("--theme"), "{of_file}");
        let args = ScreenArgs {
            theme: Some("other".into()),
            ..ScreenArgs::default()
        };
        let of_option = config.look(&args).unwrap_err().to_string();
        assert!(of_option.starts_with("--theme: "), "{of_option}");
        assert!(of_option.contains("other"), "{of_option}");
    }

    #[test]
    fn rounding_is_read_from_the_file_and_overruled_by_the_option() {
        let config = read("quantize = \"q8\"").unwrap();
        let setup = |quantize| {
            let args = SetupArgs {
                quantize,
                ..SetupArgs::default()
            };
            config.under(&args).unwrap().quantize
        };
        assert_eq!(setup(None), Some(FloatWeights::Eight));
        assert_eq!(setup(Some(FloatWeights::Exact)), Some(FloatWeights::Exact));
        let unknown = read("quantize = \"q5\"").unwrap();
        let error = unknown.under(&SetupArgs::default()).unwrap_err();
        assert!(error.to_string().contains("none, q8 or f32"), "{error}");
    }

    #[test]
    fn any_encoding_and_line_end_is_read_up_to_a_bound() {
        let text = "model = \"caf\u{e9}\"\r\nthreads = 3\r\n";
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        let utf_16: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            ["\u{feff}", text].concat().into_bytes(),
            text.replace("\r\n", "\r").into_bytes(),
            text.chars().map(|c| c as u8).collect(),
            utf_16,
        ] {
            let config = read(&bytes).unwrap();
            let model = config.model.as_deref();
            assert_eq!((model, config.threads), (Some("caf\u{e9}"), Some(3)));
        }
        let huge = read(vec![b' '; SETTINGS_BYTES_MAX as usize + 1]).unwrap_err();
        assert!(huge.to_string().contains("larger than 16 MiB"), "{huge}");
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let unknown = read("threads = 1\ntreads = 2").unwrap_err();
        assert!(format!("{unknown:#}").contains("line 2"), "{unknown:#}");
        let range = read("[decode]\ntau = 3.0").unwrap_err();
        assert!(format!("{range:#}").contains("--tau 3"), "{range:#}");
        let word = read("[decode]\nbudget = \"many\"").unwrap_err();
        assert!(format!("{word:#}").contains("budget"), "{word:#}");
    }
}
