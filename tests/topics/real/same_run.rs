//! A run is a function of its header, on the real model and by the program itself:
//! the same command gives the same run, and so do the command line of a recording, the
//! recording, and a branch's.

use std::path::Path;
use std::process::Command;

use laserscope::session::recorded::load_trace;
use laserscope::speculate::command_line::{CommandLine, Files};
use laserscope::speculate::trace::Trace;

use super::model;

/// The default rule and budget, whose trees hang on costs and calibration.
fn generate(folder: &Path, name: &str, options: &[&str]) -> Trace {
    let trace = folder.join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
    command.arg("generate").args(options);
    command.arg("--model").arg(model::path());
    run(command.arg("--trace").arg(&trace));
    load_trace(&trace).unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// A printed command line, as a shell runs it.
fn shell(line: &str, folder: &Path, name: &str) -> Trace {
    let trace = folder.join(name);
    let program = env!("CARGO_BIN_EXE_laserscope");
    let line = line.replacen("laserscope", &format!("'{program}'"), 1);
    let (line, comments) = line.split_once("\n# ").unwrap_or((&line, ""));
    let whole = format!("{line} --trace '{}'\n# {comments}", trace.display());
    run(Command::new("sh").arg("-c").arg(whole));
    load_trace(&trace).unwrap()
}

fn assert_same(a: &Trace, b: &Trace) {
    assert_eq!(a.token_ids(), b.token_ids());
    assert_eq!(a.steps.len(), b.steps.len());
    for (a, b) in a.steps.iter().zip(&b.steps) {
        assert_eq!((&a.tree, &a.verdict), (&b.tree, &b.verdict));
    }
    assert_eq!(a.header.pools_hash, b.header.pools_hash);
}

#[test]
fn the_same_command_gives_the_same_run_and_so_do_its_copies() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let options = ["--item", "i002", "--max-tokens", "60"];
    let first = generate(at, "first.jsonl", &options);
    assert!(first.header.model.sha256.is_some());
    assert_same(&first, &generate(at, "second.jsonl", &options));

    let line = CommandLine::of_run(&first.header, None).text();
    assert!(line.contains("--cost"), "its profile is said: {line}");
    assert_same(&first, &shell(&line, at, "copied.jsonl"));

    let model = model::path();
    let from = at.join("first.jsonl");
    let again = run(Command::new(env!("CARGO_BIN_EXE_laserscope"))
        .args(["generate", "--from"])
        .arg(&from)
        .arg("--model")
        .arg(&model));
    assert!(again.contains("as recorded: all"), "{again}");
}

/// An impossible state folder: the profile is measured, the run is made, and a note
/// says that it will be measured again.
#[test]
fn a_profile_that_cannot_be_kept_is_said_and_harms_nothing() {
    let said = run(Command::new(env!("CARGO_BIN_EXE_laserscope"))
        .args("generate --item i101 --verify strict --max-tokens 8".split(' '))
        .arg("--model")
        .arg(model::path())
        .env("XDG_STATE_HOME", "/dev/null/state"));
    assert!(said.contains("measured at every start"), "{said}");
}

#[test]
fn a_long_custom_prompt_comes_through_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = "What's a \"heist film\"? Name $three, `briefly`;\nthen say why people \
                  like them so much, in one sentence that is not too long.";
    let options = ["--prompt", prompt, "--max-tokens", "24"];
    let first = generate(folder.path(), "first.jsonl", &options);
    assert_eq!(first.header.asked.as_deref(), Some(prompt));
    let line = CommandLine::of_run(&first.header, Some(&first.header.cost)).text();
    assert_same(&first, &shell(&line, folder.path(), "copied.jsonl"));
}

#[test]
fn a_branch_by_command_goes_on_as_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let whole = generate(at, "whole.jsonl", &["--user", "u001", "--max-tokens", "60"]);
    let point = format!("{}:5", at.join("whole.jsonl").display());
    let branch = generate(at, "branch.jsonl", &["--branch-of", &point]);
    assert_eq!(branch.token_ids(), whole.token_ids());
    for (a, b) in branch.steps.iter().zip(&whole.steps[4..]) {
        assert_eq!((&a.tree, &a.verdict), (&b.tree, &b.verdict));
    }
    let parent = at.join("whole.jsonl").display().to_string();
    let line = CommandLine {
        files: Files {
            own: None,
            parent: Some(&parent),
        },
        ..CommandLine::of_run(&branch.header, None)
    };
    let copied = shell(&line.text(), at, "copied.jsonl");
    assert_same(&branch, &copied);
}

/// A rerun under another rule drafts like its run: both have the same trees until the
/// first step that commits other tokens. Its own command line repeats it.
#[test]
fn a_rerun_under_another_rule_drafts_as_its_run_and_can_be_copied() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let relaxed = generate(
        at,
        "relaxed.jsonl",
        &["--item", "i002", "--max-tokens", "48"],
    );
    let from = at.join("relaxed.jsonl").display().to_string();
    let strict = generate(at, "strict.jsonl", &["--from", &from, "--verify", "strict"]);
    let pairs = relaxed.steps.iter().zip(&strict.steps);
    let n_same = pairs
        .clone()
        .take_while(|(a, b)| a.verdict == b.verdict)
        .count();
    for (a, b) in pairs.take(n_same + 1) {
        assert_eq!(a.tree, b.tree, "step {}", a.index + 1);
    }
    let start = strict.header.calibration.as_ref().unwrap();
    assert!(!start.is_shipped() && start.describe().contains("relaxed"));
    let own = at.join("strict.jsonl").display().to_string();
    let line = CommandLine {
        files: Files {
            own: Some(&own),
            parent: None,
        },
        ..CommandLine::of_run(&strict.header, None)
    };
    assert_same(&strict, &shell(&line.text(), at, "copied.jsonl"));
}
