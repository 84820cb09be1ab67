//! Which room may import which: checks the table of ARCHITECTURE.md against the source.

#[allow(dead_code, reason = "the example that counts reads the rest")]
#[path = "../../examples/house/source.rs"]
mod source;
#[allow(dead_code, reason = "the example that counts reads the rest")]
#[path = "../../examples/house/table.rs"]
mod table;
#[path = "../../examples/house/unsafe_code.rs"]
mod unsafe_code;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use source::{Files, Tests, arrows, read};
use table::{ANY, ROOMS, may_name, upward};

fn files(tests: Tests) -> Files {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read(&src, tests).unwrap()
}

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
fn unsafe_code_says_why_it_is_sound() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let without = unsafe_code::without_reason(&src).unwrap();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn rooms_name_only_the_rooms_they_may() {
    let files = files(Tests::Read);
    let arrows = arrows(&files);
    let arrows = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (*from, to)));
    let wrong: BTreeSet<String> = arrows
        .filter(|(from, to)| !may_name(&from[0], &to[0]))
        .map(|(from, to)| format!("{} names {}", from.join("::"), to.join("::")))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_of_a_room_name_only_what_stands_below_them() {
    let files = files(Tests::LeftOut);
    let arrows = arrows(&files);
    let arrows = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (*from, to)));
    let wrong: Vec<String> = arrows
        .filter(|(from, to)| upward(from, to))
        .map(|(from, to)| format!("{} names {}", from.join("::"), to.join("::")))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_room_is_in_the_table() {
    let files = files(Tests::Read);
    let known = ROOMS.iter().map(|room| room.name);
    let known: BTreeSet<&str> = known.collect();
    let rooms: BTreeSet<&str> = files.keys().map(|module| module[0].as_str()).collect();
    let missing: Vec<_> = rooms.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The table has no cycle: a room may only name rooms above it.
#[test]
fn a_room_may_name_lower_rooms_only() {
    for (at, room) in ROOMS.iter().enumerate() {
        let lower: Vec<&str> = ROOMS[..at].iter().map(|room| room.name).collect();
        let named = room.may_name.iter().filter(|_| room.may_name != ANY);
        let wrong: Vec<_> = named.filter(|name| !lower.contains(name)).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", room.name);
    }
}

/// A group, a renamed import and a path in a macro name a room as plainly as a `use`.
#[test]
fn names_are_read_however_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for room in ["b", "c", "d", "e", "f"] {
        write(&format!("{room}.rs"), "pub const X: u8 = 1;");
    }
    write(
        "a/mod.rs",
        "use crate::{b::X, c as other};
         fn f() { println!(\"{}\", crate::d::X); super::e::X; }
         #[cfg(test)] mod tests { use crate::f::X; use super::*; }",
    );
    let named = |tests| {
        let files = read(folder.path(), tests).unwrap();
        let arrows = arrows(&files);
        let to = arrows[&vec!["a".to_string()]].iter();
        to.map(|to| to.join("::")).collect::<Vec<_>>()
    };
    assert_eq!(named(Tests::LeftOut), ["b", "c", "d", "e"]);
    assert_eq!(named(Tests::Read), ["b", "c", "d", "e", "f"]);
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

fn read_root(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The library, the table of ARCHITECTURE.md and the counter name the rooms in one order.
#[test]
fn the_rooms_stand_in_one_order() {
    let rooms: Vec<&str> = ROOMS.iter().map(|room| room.name).collect();
    let library = read_root("src/lib.rs");
    let modules: Vec<&str> = library
        .lines()
        .filter_map(|line| line.strip_suffix(';'))
        .filter_map(|line| {
            let private = line.strip_prefix("pub(crate) mod ");
            line.strip_prefix("pub mod ").or(private)
        })
        .collect();
    assert_eq!(modules[..], rooms[..modules.len()]);
    let map = read_root("ARCHITECTURE.md");
    let places = modules.iter().map(|room| {
        let row = map.lines().enumerate().find(|(_, line)| {
            let cell = line
                .strip_prefix("| `")
                .and_then(|line| line.split('|').next());
            let names = cell
                .into_iter()
                .flat_map(|cell| cell.split([',', '`', ' ', '/']));
            names.into_iter().any(|name| name == *room)
        });
        row.unwrap_or_else(|| panic!("{room} is not in the table"))
            .0
    });
    let places: Vec<usize> = places.collect();
    assert!(places.is_sorted(), "{modules:?} stand in lines {places:?}");
}

/// Files named in documents must exist.
#[test]
fn files_that_the_map_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src"));
    let is_named = |word: &str| {
        let folder = format!("/{word}");
        let is_in = |path: &PathBuf| path.to_string_lossy().contains(&folder);
        (sources.iter()).any(|path| path.ends_with(word) || word.ends_with('/') && is_in(path))
    };
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/internals.md"] {
        let Ok(text) = std::fs::read_to_string(root.join(name)) else {
            continue;
        };
        let quoted = text.split('`').skip(1).step_by(2);
        let is_path = |word: &&str| {
            let is_plain = word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
            is_plain && (word.ends_with(".rs") || word.contains('/') && word.ends_with('/'))
        };
        let missing: Vec<&str> = quoted
            .filter(is_path)
            .filter(|word| {
                let places = ["", "src", "tests/topics"].map(|place| root.join(place).join(word));
                !places.iter().any(|place| place.exists()) && !is_named(word)
            })
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:#?}");
    }
}
