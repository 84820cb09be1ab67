//! Which room may import which: the table of ARCHITECTURE.md, read by the test of the
//! rooms and by this example.

/// A room, and the rooms that it may name besides itself.
pub struct Room {
    pub name: &'static str,
    pub may_name: &'static [&'static str],
}

const fn room(name: &'static str, may_name: &'static [&'static str]) -> Room {
    Room { name, may_name }
}

/// Every room, the lower ones first.
pub const ROOMS: &[Room] = &[
    room("atomic_file", &[]),
    room("file_name", &[]),
    room("mapped", &[]),
    room("console", &[]),
    room("log_file", &["console"]),
    room("text_input", &[]),
    room("glossary", &[]),
    room("shutdown", &["mapped"]),
    room("speculate", &[]),
    room("protocol", &["speculate"]),
    room("jinja", &[]),
    room(
        "retrieval",
        &[
            "speculate",
            "protocol",
            "text_input",
            "atomic_file",
            "mapped",
        ],
    ),
    room(
        "recsys",
        &["speculate", "jinja", "text_input", "console", "atomic_file"],
    ),
    room(
        "model",
        &[
            "speculate",
            "protocol",
            "jinja",
            "text_input",
            "atomic_file",
            "file_name",
            "mapped",
        ],
    ),
    room(
        "engine",
        &["speculate", "protocol", "retrieval", "model", "text_input"],
    ),
    room(
        "downstream",
        &["speculate", "recsys", "engine", "atomic_file", "text_input"],
    ),
    room(
        "present",
        &["speculate", "protocol", "glossary", "text_input", "console"],
    ),
    room(
        "cli",
        &[
            "speculate",
            "recsys",
            "model",
            "downstream",
            "present",
            "file_name",
            "log_file",
        ],
    ),
    room(
        "config",
        &[
            "speculate",
            "recsys",
            "model",
            "cli",
            "text_input",
            "atomic_file",
            "file_name",
        ],
    ),
    room(
        "session",
        &[
            "speculate",
            "recsys",
            "model",
            "engine",
            "cli",
            "config",
            "text_input",
            "console",
            "atomic_file",
        ],
    ),
    room(
        "worker",
        &[
            "speculate",
            "protocol",
            "retrieval",
            "recsys",
            "model",
            "engine",
            "config",
            "session",
            "text_input",
            "shutdown",
        ],
    ),
    room("export", &["speculate", "present", "console"]),
    room(
        "commands",
        &[
            "speculate",
            "protocol",
            "jinja",
            "retrieval",
            "recsys",
            "model",
            "engine",
            "downstream",
            "worker",
            "present",
            "export",
            "config",
            "session",
            "cli",
            "text_input",
            "console",
            "atomic_file",
            "file_name",
            "shutdown",
            "glossary",
        ],
    ),
    room(
        "tui",
        &[
            "speculate",
            "recsys",
            "protocol",
            "present",
            "worker",
            "config",
            "text_input",
            "console",
            "atomic_file",
            "file_name",
            "shutdown",
            "glossary",
        ],
    ),
    room("start", ANY),
    room("main", ANY),
    room("lib", ANY),
];

/// The start of the program may import every room.
pub const ANY: &[&str] = &["*"];

/// Whether one room may name another one. A room that is not in the table may import
/// nothing.
pub fn may_name(from: &str, to: &str) -> bool {
    let room = ROOMS.iter().find(|room| room.name == from);
    from == to || room.is_some_and(|room| room.may_name == ANY || room.may_name.contains(&to))
}

/// The order of files and folders in a place, the lower ones first: none names one that
/// stands behind it. What is not listed is free. `*` is any one name.
pub const ORDERS: &[(&str, &[&str])] = &[
    (
        "speculate",
        &[
            "row",
            "params",
            "parameters",
            "options",
            "draft",
            "rule",
            "verify",
            "trace",
            "trace_file",
            "stats",
            "same_run",
            "whatif",
            "compare",
        ],
    ),
    (
        "jinja",
        &[
            "error",
            "syntax",
            "value",
            "env",
            "python",
            "filters",
            "interpreter",
        ],
    ),
    (
        "retrieval",
        &["index", "store", "query", "drafters", "retriever"],
    ),
    (
        "model",
        &[
            "raw_matrix",
            "kernels",
            "gguf",
            "safetensors",
            "config",
            "layout",
            "shape",
            "weights",
            "consistency",
            "decoder",
        ],
    ),
    ("model", &["weights", "chat", "tokenizer", "checked"]),
    ("model", &["kernels", "layer", "cache", "pass", "decoder"]),
    (
        "recsys",
        &[
            "subject", "groups", "saved", "catalog", "grouping", "import",
        ],
    ),
    ("recsys", &["catalog", "frameworks", "prompts"]),
    ("recsys::import", &["files", "dialect", "look"]),
    ("tui", &["widgets", "dialogs"]),
    ("tui", &["widgets", "screens"]),
    ("tui::screens::*", &["state", "update"]),
    ("tui::screens::*", &["state", "view"]),
];

/// Whether a file names one that stands above it in the order of a place.
pub fn upward(from: &[String], to: &[String]) -> bool {
    ORDERS.iter().any(|(place, order)| {
        let place: Vec<&str> = place.split("::").collect();
        let at = |module: &[String]| {
            let fits = |(part, name): (&&str, &String)| *part == "*" || part == name;
            let is_inside = module.len() > place.len() && place.iter().zip(module).all(fits);
            let name = is_inside.then(|| module[place.len()].as_str())?;
            order.iter().position(|known| *known == name)
        };
        let same = from.iter().zip(to).take(place.len()).all(|(a, b)| a == b);
        same && at(from).zip(at(to)).is_some_and(|(from, to)| to > from)
    })
}

/// Texts that name a kind of subject, a framework or a group that is none.
pub const KIND_TEXTS: [&str; 4] = ["item", "user", "kar", "none"];

/// Where such texts are read and written.
pub const EDGE: &[&str] = &[
    "cli",
    "config",
    "recsys::foreign",
    "recsys::frameworks",
    "recsys::import",
    "recsys::knowledge",
    "recsys::load",
    "recsys::rows",
    "recsys::saved",
    "recsys::subject",
    "speculate::subject",
];

/// The same words where they mean something else: (file, text).
pub const OTHER_MEANINGS: &[(&str, &str)] = &[
    // Weights as they are, no drafter, no scale, no method, no type, nothing recorded.
    ("model::weights", "none"),
    ("model::safetensors", "none"),
    ("model::gguf", "none"),
    ("model::config::metadata", "none"),
    ("speculate::params", "none"),
    ("speculate::params::sources", "none"),
    ("speculate::parameters::drafting", "none"),
    ("speculate::condition::terms", "none"),
    ("recsys::scale", "none"),
    ("recsys::learn", "none"),
    ("speculate::same_run", "none"),
    ("speculate::compare::words", "none"),
    // The default as the help says it.
    ("speculate::parameters::setup", "kar"),
    // The language of templates, and roles of a chat.
    ("recsys::prompts", "user"),
    ("jinja::syntax::parser", "none"),
    ("jinja::syntax::expression", "none"),
    ("jinja::filters::predicates", "none"),
    ("model::chat", "user"),
    ("recsys::logs::asked", "user"),
    ("recsys::logs::plain", "user"),
];
