//! Knowledge for everyone on the real model, by the program itself: killed in the
//! middle and resumed, it writes what an uninterrupted run writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use laserscope::commands::batch::Manifest;

use super::model;

/// Six viewers in three groups; the rule is relaxed and the budget automatic, so
/// that pools and costs show in the text.
fn batch(out: &Path, lanes: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
    let options = "generate --all users --half query --limit 2 --max-tokens 24 --reference-every 3";
    command.args(options.split(' ')).args(["--batch", lanes]);
    command
        .arg("--out")
        .arg(out)
        .arg("--model")
        .arg(model::path());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn n_lines(path: &Path) -> usize {
    let text = fs::read(path).unwrap_or_default();
    text.iter().filter(|&&byte| byte == b'\n').count()
}

#[test]
fn a_killed_batch_resumes_as_if_it_had_not_been_killed() {
    killed_and_resumed("1");
}

/// What was journaled is there, too.
#[test]
fn a_killed_batch_of_several_resumes_as_if_it_had_not_been_killed() {
    killed_and_resumed("4");
}

fn killed_and_resumed(lanes: &str) {
    let folder = tempfile::tempdir().unwrap();
    let [killed, whole] = ["killed.jsonl", "whole.jsonl"].map(|name| folder.path().join(name));
    let mut child = batch(&killed, lanes).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while n_lines(&killed) < 2 {
        let status = child.try_wait().unwrap();
        assert!(status.is_none(), "ended too early: {status:?}");
        assert!(Instant::now() < deadline, "two answers take too long");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let n_kept = n_lines(&killed);
    assert!((2..6).contains(&n_kept), "killed behind {n_kept} answers");
    let mut manifest = Manifest::load(&killed).unwrap().unwrap();
    assert_eq!(manifest.finished, None);

    let resumed = batch(&killed, lanes).arg("--resume").output().unwrap();
    let said = String::from_utf8_lossy(&resumed.stderr);
    assert!(resumed.status.success(), "{said}");
    let n_there = (n_kept..=6).find(|n| said.contains(&format!("resumed: {n} of 6")));
    assert!(
        n_there.is_some_and(|n| n == n_kept || lanes != "1"),
        "{said}"
    );
    assert!(said.contains("compute saved"), "{said}");

    // The uninterrupted run uses the same cost profile.
    manifest.save(&whole).unwrap();
    let output = batch(&whole, lanes).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(n_lines(&whole), 6);
    assert!(fs::read(&killed).unwrap() == fs::read(&whole).unwrap());
    manifest = Manifest::load(&killed).unwrap().unwrap();
    assert_eq!(
        manifest.finished.map(|f| (f.documents, f.left_out)),
        Some((6, 0))
    );
}

/// Strict texts of a few films and viewers, alone and in fours.
#[test]
fn strict_texts_in_a_batch_are_those_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut texts = Vec::new();
    for batch in ["1", "4"] {
        let out = folder.path().join(format!("{batch}.jsonl"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
        let options = "generate --all both --half query --limit 1 --max-tokens 24 --verify strict \
                       --reference-every 4 --batch";
        command.args(options.split_whitespace()).arg(batch);
        command
            .arg("--out")
            .arg(&out)
            .arg("--model")
            .arg(model::path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("strict equalled autoregressive"), "{said}");
        texts.push(fs::read(&out).unwrap());
    }
    assert!(n_lines(&folder.path().join("1.jsonl")) >= 8);
    assert!(texts[0] == texts[1]);
}
