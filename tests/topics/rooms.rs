//! Who may import whom: the table of ARCHITECTURE.md, held against the source.

use std::path::{Path, PathBuf};

const ROOMS: [&str; 20] = [
    "glossary",
    "mapped",
    "shutdown",
    "text_input",
    "console",
    "atomic_file",
    "file_name",
    "speculate",
    "jinja",
    "pool",
    "recsys",
    "model",
    "engine",
    "worker",
    "present",
    "commands",
    "tui",
    "export",
    "session",
    "start",
];

/// Rooms that a room may name, besides itself.
const MAY_NAME: [(&str, &[&str]); 12] = [
    ("shutdown", &["mapped"]),
    ("console", &[]),
    ("text_input", &[]),
    ("speculate", &[]),
    ("jinja", &[]),
    ("pool", &["speculate", "text_input", "mapped"]),
    (
        "recsys",
        &["speculate", "jinja", "text_input", "console", "atomic_file"],
    ),
    (
        "model",
        &[
            "speculate",
            "jinja",
            "text_input",
            "atomic_file",
            "file_name",
            "mapped",
        ],
    ),
    ("engine", &["speculate", "pool", "model", "text_input"]),
    ("present", &["speculate", "console"]),
    (
        "tui",
        &[
            "speculate",
            "present",
            "recsys",
            "worker",
            "text_input",
            "console",
            "atomic_file",
            "file_name",
            "shutdown",
            "glossary",
        ],
    ),
    ("export", &["speculate", "present", "console"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn rooms_name_only_the_rooms_they_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (room, allowed) in MAY_NAME {
        for file in sources(&src.join(room)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let named = ROOMS
                .iter()
                .filter(|r| text.contains(&format!("crate::{r}::")));
            let bad = named.filter(|r| **r != room && !allowed.contains(*r));
            wrong.extend(bad.map(|r| format!("{} names {r}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_idea_is_pure() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/speculate");
    for file in sources(&src) {
        let text = std::fs::read_to_string(&file).unwrap();
        for outside in ["candle", "ratatui", "rayon", "tokio", "std::thread"] {
            assert!(
                !text.contains(outside),
                "{} names {outside}",
                file.display()
            );
        }
    }
}
