//! Counts the structure of the shipped source (without tests), with a parser:
//!
//!     cargo run --example house            # every finding, then the counts
//!     cargo run --example house -- --check # fails where a count is above its bound

#![allow(clippy::disallowed_macros, reason = "a report for a reader")]

mod source;
mod table;
mod unsafe_code;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use color_eyre::eyre::{Result, bail};
use source::{Files, Module, SourceFile, Tests, arrows};
use table::{EDGE, KIND_TEXTS, OTHER_MEANINGS, may_name, upward};

/// Lines of a function, from its signature to its last brace.
const LONG: usize = 40;
const TOO_LONG: usize = 60;
/// Lines of a file.
const LARGE: usize = 400;
const PARAMETERS: usize = 6;

/// A count, and what it may be at most.
struct Count {
    what: String,
    found: Vec<String>,
    at_most: usize,
}

type Arrows<'a> = BTreeMap<&'a Module, BTreeSet<Module>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, folders): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|a| a == "--check");
    let here = || concat!(env!("CARGO_MANIFEST_DIR"), "/src").to_owned();
    let root = PathBuf::from(folders.into_iter().next().unwrap_or_else(here));
    let files = source::read(&root, Tests::LeftOut)?;
    let mut counts = counts(&files);
    counts.push(Count {
        what: "unsafe code without its reason".to_owned(),
        found: unsafe_code::without_reason(&root)?,
        at_most: 0,
    });
    for count in &counts {
        for finding in &count.found {
            println!("{}: {finding}", count.what);
        }
    }
    println!();
    for Count {
        what,
        found,
        at_most,
    } in &counts
    {
        println!("{:>5}  {what} (at most {at_most})", found.len());
    }
    if !flags.is_empty() && counts.iter().any(|c| c.found.len() > c.at_most) {
        bail!("above the bounds");
    }
    Ok(())
}

fn counts(files: &Files) -> Vec<Count> {
    let arrows = arrows(files);
    let count = |what: &str, found, at_most| Count {
        what: what.to_owned(),
        found,
        at_most,
    };
    vec![
        count("imports beside the table", beside_the_table(&arrows), 0),
        count("upward arrows in rooms", upward_arrows(&arrows), 0),
        count("circles between files", circles(&arrows), 0),
        count("`tui` outside `tui/` and the start", into_tui(&arrows), 0),
        count("kinds and groups as texts", kinds_as_texts(files), 0),
        count(
            &format!("functions above {LONG} lines"),
            longer(files, LONG),
            15,
        ),
        count(
            &format!("functions above {TOO_LONG} lines"),
            longer(files, TOO_LONG),
            0,
        ),
        count(&format!("files above {LARGE} lines"), large(files), 6),
        count(
            &format!("functions of more than {PARAMETERS} parameters"),
            of_many_parameters(files),
            0,
        ),
        count("type names used twice", used_twice(files), 124),
    ]
}

/// Names of types that more than one file defines, with the files.
fn used_twice(files: &Files) -> Vec<String> {
    let mut by_name: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for (module, file) in files {
        for name in &file.types {
            by_name.entry(name).or_default().insert(module.join("::"));
        }
    }
    let twice = by_name.into_iter().filter(|(_, modules)| modules.len() > 1);
    twice
        .map(|(name, modules)| format!("{name}: {}", Vec::from_iter(modules).join(", ")))
        .collect()
}

/// Arrows that a rule forbids, each in words.
fn forbidden(arrows: &Arrows<'_>, is: impl Fn(&Module, &Module) -> bool) -> Vec<String> {
    let each = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (*from, to)));
    let found = each.filter(|(from, to)| is(from, to));
    found
        .map(|(from, to)| format!("{} imports {}", from.join("::"), to.join("::")))
        .collect()
}

fn beside_the_table(arrows: &Arrows<'_>) -> Vec<String> {
    forbidden(arrows, |from, to| !may_name(&from[0], &to[0]))
}

fn upward_arrows(arrows: &Arrows<'_>) -> Vec<String> {
    forbidden(arrows, |from, to| upward(from, to))
}

fn into_tui(arrows: &Arrows<'_>) -> Vec<String> {
    let knows = ["tui", "start", "playground", "main"];
    forbidden(arrows, |from, to| {
        to[0] == "tui" && !knows.contains(&from[0].as_str())
    })
}

/// Where a subject kind, or "no group", is a string inside the program.
fn kinds_as_texts(files: &Files) -> Vec<String> {
    let is_beyond = |module: &Module| {
        let name = module.join("::");
        !EDGE
            .iter()
            .any(|edge| name == *edge || name.starts_with(&format!("{edge}::")))
    };
    let of_file = |(module, file): (&Module, &SourceFile)| {
        let name = module.join("::");
        let means = |text: &str| {
            KIND_TEXTS.contains(&text) && !OTHER_MEANINGS.contains(&(name.as_str(), text))
        };
        let texts = file.texts.iter().filter(|(text, _)| means(text));
        let found = texts.map(|(text, line)| format!("{name}, line {line}: {text:?}"));
        found.collect::<Vec<_>>()
    };
    files
        .iter()
        .filter(|(m, _)| is_beyond(m))
        .flat_map(of_file)
        .collect()
}

fn longer(files: &Files, bound: usize) -> Vec<String> {
    let of_file = |(module, file): (&Module, &SourceFile)| {
        let long = file.functions.iter().filter(|f| f.lines > bound);
        let found = long.map(|f| format!("{}::{}, {} lines", module.join("::"), f.name, f.lines));
        found.collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

fn large(files: &Files) -> Vec<String> {
    let large = files.iter().filter(|(_, file)| file.lines > LARGE);
    large
        .map(|(module, file)| format!("{}, {} lines", module.join("::"), file.lines))
        .collect()
}

/// Methods of other crates' traits left out: we do not choose their parameters.
fn of_many_parameters(files: &Files) -> Vec<String> {
    let own: BTreeSet<&String> = files.values().flat_map(|file| &file.traits).collect();
    let is_own = |of_trait: &Option<String>| of_trait.as_ref().is_none_or(|t| own.contains(t));
    let of_file = |(module, file): (&Module, &SourceFile)| {
        let many = file.functions.iter();
        let many = many.filter(|f| f.parameters > PARAMETERS && is_own(&f.of_trait));
        let found = many.map(|f| {
            format!(
                "{}::{}, {} parameters",
                module.join("::"),
                f.name,
                f.parameters
            )
        });
        found.collect::<Vec<_>>()
    };
    files.iter().flat_map(of_file).collect()
}

/// Files that reach each other, as strongly connected components; a module and the files
/// in its own folder are one concept.
fn circles(arrows: &Arrows<'_>) -> Vec<String> {
    let reach = |from: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = open.pop() {
            for to in arrows.get(&at).into_iter().flatten() {
                let is_own = to.starts_with(&at) || at.starts_with(to);
                if !is_own && seen.insert(to.clone()) {
                    open.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|from| (*from, reach(from))).collect();
    let mut circles = BTreeSet::new();
    for (from, to) in &reached {
        let back = to
            .iter()
            .filter(|to| reached.get(to).is_some_and(|r| r.contains(*from)));
        let mut circle: BTreeSet<String> = back.map(|module| module.join("::")).collect();
        if !circle.is_empty() {
            circle.insert(from.join("::"));
            circles.insert(circle.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    circles.into_iter().collect()
}
