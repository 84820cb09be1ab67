//! What the pages name exists: files, and in CONTRIBUTING.md also tests, examples and
//! scripts.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Page, pages, root};

/// The command lines in its blocks and tables.
fn command_lines(page: &Page) -> Vec<Vec<String>> {
    let fenced = page.shell_lines();
    let fenced = fenced.iter().map(|line| line.words());
    let table = page.prose().filter(|line| line.starts_with('|'));
    let quoted = table.flat_map(|row| row.split('`').skip(1).step_by(2));
    let quoted = quoted.filter_map(shlex::split);
    let is_setting = |word: &String| word.contains('=') && !word.starts_with('-');
    let lines = fenced.chain(quoted);
    let lines = lines.flat_map(|words| {
        let parts: Vec<Vec<String>> = words.split(|w| w == "&&").map(<[String]>::to_vec).collect();
        parts
    });
    lines
        .map(|words| words.into_iter().skip_while(is_setting).collect())
        .collect()
}

#[test]
fn the_command_lines_of_the_guide_name_what_is_there() {
    let tests = tests_of("src").into_iter().chain(tests_of("tests"));
    let tests: Vec<String> = tests.collect();
    let mut missing = Vec::new();
    let mut n_named = 0;
    for words in command_lines(&Page::named("CONTRIBUTING.md")) {
        for name in named(&words) {
            n_named += 1;
            let is_there = match &name {
                Named::File(path) => root().join(path).exists(),
                Named::Test(filter) => tests.iter().any(|test| test.contains(filter)),
                Named::Alias(name) => aliases().contains(&format!("\n{name} = ")),
            };
            if !is_there {
                missing.push(format!("{name:?} in {}", words.join(" ")));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(n_named > 20, "{n_named} names were found");
}

/// `cargo quick` needs no downloads.
#[test]
fn the_quick_set_is_what_is_outside_of_real() {
    assert!(aliases().contains("--skip topics::real::"));
    let outside = sources_in("tests").into_iter();
    let outside = outside.filter(|path| !path.starts_with(root().join("tests/topics/real")));
    for path in outside {
        let text = fs::read_to_string(&path).expect("a source");
        let uses = ["real", "model"].join("::");
        assert!(!text.contains(&uses), "{}", path.display());
    }
}

/// Paths in the text, relative to the repository's root.
#[test]
fn the_files_that_pages_name_are_there() {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let is_here = |path: &str| {
        let top = path.split_once('/').map_or("", |(top, _)| top);
        let is_kept = !["", "target"].contains(&top) && root().join(top).is_dir();
        path.chars().all(is_plain) && is_kept
    };
    let (mut missing, mut n_named) = (Vec::new(), 0);
    for page in pages() {
        let prose = page.prose().collect::<Vec<_>>().join("\n");
        for path in prose
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|path| is_here(path))
        {
            n_named += 1;
            if !root().join(path).exists() {
                missing.push(format!("{}: {path}", page.path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(n_named > 100, "{n_named} paths were found");
}

#[derive(Debug)]
enum Named {
    File(PathBuf),
    /// A test filter.
    Test(String),
    /// A subcommand defined in `.cargo/config.toml`.
    Alias(String),
}

fn named(words: &[String]) -> Vec<Named> {
    let Some(program) = words.first() else {
        return Vec::new();
    };
    if program != "cargo" {
        let is_script = program.contains('/') && !program.ends_with('/');
        return Vec::from_iter(is_script.then(|| Named::File(program.into())));
    }
    let mut out = Vec::new();
    let pairs = words
        .windows(2)
        .map(|pair| (pair[0].as_str(), pair[1].as_str()));
    for (option, value) in pairs {
        out.extend(match option {
            "--test" => Some(Named::File(format!("tests/{value}.rs").into())),
            "--bench" => Some(Named::File(format!("benches/{value}.rs").into())),
            "--example" => Some(Named::File(example(value))),
            "--manifest-path" => Some(Named::File(value.into())),
            "--skip" => Some(Named::Test(value.into())),
            _ => None,
        });
    }
    match words.get(1).map(String::as_str) {
        Some("test") => out.extend(filters(words).map(Named::Test)),
        Some("run" | "build" | "bench" | "install" | "insta" | "clippy" | "fmt") | None => {}
        Some(alias) => out.push(Named::Alias(alias.into())),
    }
    out
}

fn example(name: &str) -> PathBuf {
    let folder = Path::new("examples").join(name);
    match root().join(&folder).exists() {
        true => folder.join("main.rs"),
        false => folder.with_extension("rs"),
    }
}

/// The words of a `cargo test` that are neither options nor their values.
fn filters(words: &[String]) -> impl Iterator<Item = String> {
    let takes_value = |word: &str| matches!(word, "--test" | "--manifest-path" | "--skip");
    let pairs = words.windows(2).skip(1);
    let free = pairs.filter(move |pair| !pair[1].starts_with('-') && !takes_value(&pair[0]));
    free.map(|pair| pair[1].clone())
}

fn aliases() -> String {
    fs::read_to_string(root().join(".cargo/config.toml")).unwrap_or_default()
}

/// The paths of the tests in a folder: modules, then the function.
fn tests_of(folder: &str) -> Vec<String> {
    let sources = sources_in(folder);
    sources.iter().flat_map(|path| tests_in(path)).collect()
}

fn sources_in(folder: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                out.push(path);
            }
        }
    }
    out
}

fn tests_in(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a source");
    let inside = path
        .strip_prefix(root())
        .expect("inside")
        .with_extension("");
    let modules: Vec<String> = (inside.iter().skip(1))
        .map(|part| part.to_string_lossy().into_owned())
        .filter(|part| part != "mod")
        .collect();
    let functions = text.split("#[test]").skip(1);
    let names = functions.filter_map(|rest| rest.split_once("fn ")?.1.split_once('('));
    names
        .map(|(name, _)| format!("{}::{name}", modules.join("::")))
        .collect()
}
