//! The terminal obeys nothing in the data: the output of any command contains at most
//! line breaks and tabs, on both streams.

use std::collections::BTreeSet;

use clap::CommandFactory;
use laserscope::cli::Cli;
use laserscope::console::visible::is_control;
use laserscope::export::Canvas;
use laserscope::present::format::Format;
use laserscope::start::screens::export;
use laserscope::tui::Look;
use proptest::prelude::*;

use super::super::fixture;
use super::world::{World, rename};

/// The clipboard (OSC 52), a cleared screen, C1's CSI, a reversed line, line breaks
/// of every kind, and what erases.
const HOSTILE: &str = "\x1b]52;c;aGk=\x07\x1b[2J\u{9b}31m\u{202e}x\u{2028}\u{85}\r\ny\tz\x7f\x08";

/// What tells that a text was shown and not swallowed.
const MARKS: [&str; 4] = ["␛", "\\u{9b}", "\\u001b", "\\u009b"];

fn raw(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Some(format!("{error}")),
    };
    let found = text.find(|c| is_control(c) && !matches!(c, '\n' | '\t'))?;
    let line = text[..found].rfind('\n').map_or(0, |at| at + 1);
    Some(format!(
        "{:?}",
        text[line..].chars().take(200).collect::<String>()
    ))
}

/// Leaf commands as they are typed: `trace show`.
fn leaves(command: &clap::Command, before: &str, out: &mut BTreeSet<String>) {
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let name = format!("{before} {}", sub.get_name()).trim().to_string();
        match sub.has_subcommands() {
            true => leaves(sub, &name, out),
            false => drop(out.insert(name)),
        }
    }
}

#[test]
fn no_command_lets_a_control_character_through() {
    let world = World::new(HOSTILE);
    let mut untried = BTreeSet::new();
    leaves(&Cli::command(), "", &mut untried);
    let (mut wrong, mut n_shown) = (Vec::new(), 0);
    let commands = world.commands();
    for args in &commands {
        let out = world.program(args).output().expect("starts");
        for (stream, bytes) in [("stdout", &out.stdout), ("stderr", &out.stderr)] {
            let found = raw(bytes);
            wrong.extend(found.map(|line| format!("{args:?} on {stream}: {line}")));
        }
        let both = [out.stdout, out.stderr].concat();
        let both = String::from_utf8_lossy(&both);
        n_shown += usize::from(MARKS.iter().any(|mark| both.contains(mark)));
        let line = args.join(" ");
        untried.retain(|name| !line.contains(name.as_str()));
        assert!(!both.contains("panicked"), "{args:?}: {both}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(untried.is_empty(), "commands without a case: {untried:?}");
    assert!(
        n_shown * 10 > commands.len() * 7,
        "{n_shown} of {}",
        commands.len()
    );
}

#[test]
fn a_title_never_splits_a_row_and_json_loses_nothing() {
    let world = World::new(HOSTILE);
    let list = |more: &[&str]| {
        let catalog = world.at("catalog");
        let args = ["--catalog", &catalog, "catalog", "items"];
        let args = [&args[..], more].concat().into_iter().map(String::from);
        let out = world
            .program(&args.collect::<Vec<_>>())
            .output()
            .expect("starts");
        String::from_utf8(out.stdout).expect("UTF-8")
    };
    let (rows, objects) = (list(&[]), list(&["--json"]));
    assert!(rows.lines().count() >= 4);
    assert_eq!(rows.lines().count(), objects.lines().count());
    let first = objects.lines().next().expect("an item");
    let first: serde_json::Value = serde_json::from_str(first).expect("JSON");
    assert!(
        first["title"].as_str().is_some_and(|t| t.contains('T')),
        "{first}"
    );
    // The trace's fields are kept to the byte.
    let args = ["trace", "stats", &world.at("a.jsonl"), "--json"].map(String::from);
    let out = world.program(&args).output().expect("starts");
    let stats: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(stats["subject"]["group"], HOSTILE);
}

#[test]
fn what_the_model_says_is_shown_and_never_obeyed() {
    let world = World::new("");
    let answer = |json: &[&str]| {
        let model = world.model();
        let generate = ["generate", "--prompt", "ab", "--verify", "strict"];
        let args = [&["--model", &model][..], &generate, json].concat();
        let args: Vec<String> = args.into_iter().map(String::from).collect();
        world.program(&args).output().expect("starts").stdout
    };
    let (text, json) = (answer(&[]), answer(&["--json"]));
    assert_eq!(raw(&text).or(raw(&json)), None);
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let (said, shown) = (
        json["text"].as_str().expect("text"),
        String::from_utf8_lossy(&text),
    );
    assert!(
        said.contains('\x1b') && shown.contains('␛'),
        "{said:?} {shown}"
    );
    assert_eq!(
        laserscope::console::visible::text(said),
        shown.trim_end_matches('\n')
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_form_of_a_run_holds_control_characters(
        text in "[\\x01-\\x1f\\x7f-\\u{9f}\u{2028}-\u{202e}a<&|`]{1,8}",
    ) {
        let mut trace = fixture::relaxed();
        trace.steps.truncate(3);
        rename(&mut trace, &text);
        for format in Format::ALL {
            let written = export(&trace, format, &Canvas::default(), &Look::default());
            prop_assert_eq!(raw(written.as_bytes()), None, "{}", format.name());
        }
        // What a player prints of a recording: frames are ours, the title is the run's.
        let cast = export(&trace, Format::Cast, &Canvas::default(), &Look::default());
        let head = cast.lines().next().expect("a header");
        let head: serde_json::Value = serde_json::from_str(head).expect("JSON");
        prop_assert!(!head["title"].as_str().expect("a title").contains(is_control));
    }
}
