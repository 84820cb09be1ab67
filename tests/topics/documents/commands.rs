//! The command lines in README and the documents: the program must parse each of them, and
//! those that work with a tiny model and made-up data are run.

use std::collections::BTreeSet;

use clap::Parser;
use laserscope::cli::Cli;

use super::workplace::Workplace;
use super::{FencedLine, pages};

/// Lines that are parsed but not run: a part of the line, and the reason.
const NOT_RUN: [(&str, &str); 13] = [
    ("--catalog my-films", "needs the reader's own catalog"),
    (
        "laserscope replay",
        "needs a terminal; topics::terminal has one",
    ),
    ("laserscope bench", "measures for minutes"),
    ("laserscope sweep", "measures for minutes"),
    ("--all both", "takes hundreds of runs; --all items is run"),
    ("cost measure --shape", "fills half of the memory"),
    ("--catalog ml-", "downloads MovieLens"),
    (
        "--groups groups.jsonl",
        "needs the groups of a downloaded catalog",
    ),
    (
        "groups shuffle groups.jsonl",
        "needs the groups of a downloaded catalog",
    ),
    (
        "answers-*.jsonl",
        "needs the shards of a batch run by a scheduler",
    ),
    (
        "laserscope --log laserscope.log",
        "needs a terminal; topics::output has a log",
    ),
    ("cargo run", "needs a terminal; topics::terminal has one"),
    ("features cuda", "needs a GPU"),
];

const PROGRAM: &str = "laserscope";
/// Slurm replaces this with a number.
const SHARD: &str = "$SLURM_ARRAY_TASK_ID";

/// The arguments of a line that calls the program; `None` for other lines.
fn arguments(line: &FencedLine) -> Option<Vec<String>> {
    let is_setting = |word: &String| word.split_once('=').is_some_and(|(name, _)| is_name(name));
    let mut words = line.words();
    words.retain(|word| !is_setting(word));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let given: Vec<&str> = match words[..] {
        [PROGRAM, ..] => {
            let is_argument = |word: &&&str| ![">", "|", "&&"].contains(*word);
            words[1..].iter().take_while(is_argument).copied().collect()
        }
        ["cargo", "run", ..] if !words.contains(&"--example") => words
            .into_iter()
            .skip_while(|word| *word != "--")
            .skip(1)
            .collect(),
        _ => return None,
    };
    let given = given.into_iter();
    Some(given.map(|word| word.replace(SHARD, "1")).collect())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

fn without_comment(line: &str) -> &str {
    line.split_once(" #")
        .map_or(line, |(line, _)| line.trim_end())
}

fn why_not_run(line: &str) -> Option<&'static str> {
    let found = NOT_RUN.iter().find(|(held, _)| line.contains(held));
    found.map(|(_, why)| *why)
}

#[test]
fn every_command_line_is_understood() {
    let mut wrong = Vec::new();
    let mut n_lines = 0;
    for page in pages() {
        for line in page.shell_lines() {
            let Some(arguments) = arguments(&line) else {
                assert!(
                    is_of_another(&line),
                    "{}: calls the program in an unknown way",
                    line.place()
                );
                continue;
            };
            n_lines += 1;
            let whole = std::iter::once(PROGRAM.to_string()).chain(arguments);
            if let Err(error) = Cli::try_parse_from(whole) {
                wrong.push(format!("{}\n{error}", line.place()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{n_lines} command lines are understood");
    assert!(n_lines > 50, "{n_lines} command lines were found");
}

/// Whether a line calls cargo, or does not name the program at all.
fn is_of_another(line: &FencedLine) -> bool {
    let words = line.words();
    let has = |name: &str| words.iter().any(|word| word == name);
    has("cargo") || !has(PROGRAM)
}

#[test]
#[cfg(unix)]
fn command_lines_do_what_they_say() {
    let mut lines = BTreeSet::new();
    for page in pages() {
        let calls = page.shell_lines().into_iter();
        let calls = calls.filter(|line| arguments(line).is_some());
        lines.extend(calls.map(|line| without_comment(&line.text).to_string()));
    }
    for (held, why) in NOT_RUN {
        assert!(
            lines.iter().any(|line| line.contains(held)),
            "no line contains `{held}`: {why}"
        );
    }
    let n_lines = lines.len();
    lines.retain(|line| why_not_run(line).is_none());
    let workplace = Workplace::new();
    let failed: Vec<String> = (lines.iter())
        .filter_map(|line| workplace.run(line).err())
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    println!("{} of {n_lines} different lines were run", lines.len());
}
