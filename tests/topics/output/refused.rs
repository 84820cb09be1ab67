//! Full or failing outputs: a plain error, exit status 1, no partial file.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::world::World;

fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it")
        .into()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn full_outputs_are_plain_errors_and_nobody_aborts() {
    let [usual, out_full, error_full] = [(); 3].map(|()| World::new(""));
    let mut n_told = 0;
    for (i, args) in usual.commands().iter().enumerate() {
        let usual = usual.program(args).output().expect("starts");
        let args = &out_full.commands()[i];
        let out = out_full
            .program(args)
            .stdout(full())
            .output()
            .expect("starts");
        let error = said(&out);
        assert!(!error.contains("panicked"), "{args:?}: {error}");
        if usual.status.success() && !usual.stdout.is_empty() {
            let told = "error: writing to standard output: No space left on device";
            assert!(error.contains(told), "{args:?}: {error}");
            assert_eq!(out.status.code(), Some(1), "{args:?}: {error}");
            n_told += 1;
        } else {
            assert_eq!(out.status, usual.status, "{args:?}: {error}");
        }
        // Without a place for notes the work is done all the same.
        let args = &error_full.commands()[i];
        let out = error_full
            .program(args)
            .stderr(full())
            .output()
            .expect("starts");
        assert_eq!(out.status, usual.status, "{args:?}");
        assert_eq!(out.stdout.is_empty(), usual.stdout.is_empty(), "{args:?}");
    }
    assert!(n_told > 40, "{n_told}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Under a limit of file sizes, as on a disk that fills up on the way.
fn limited(command: &Command, bytes: u64) -> Output {
    let mut limited = Command::new("sh");
    limited.args([
        "-c",
        "ulimit -f \"$0\"; exec \"$@\"",
        &(bytes / 512).to_string(),
    ]);
    limited.arg(command.get_program()).args(command.get_args());
    limited.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    limited.output().expect("starts")
}

#[test]
fn a_file_that_does_not_fit_leaves_the_earlier_one() {
    let world = World::new("");
    let (a, docs) = (world.at("a.jsonl"), world.at("docs.jsonl"));
    let data = format!(
        "--catalog {} --groups {}",
        world.at("catalog"),
        world.at("map.toml")
    );
    let how = format!(
        "--model {} --framework {}",
        world.model(),
        world.at("framework.toml")
    );
    let one = fs::read_to_string(&docs).expect("reads");
    let one = one.split_inclusive('\n').next();
    // What stands there before, unless it is what the same command wrote.
    let cases = [
        ("p.svg", None, format!("picture {a} --out")),
        ("p.html", None, format!("trace export {a} --out")),
        ("p.cast", None, format!("trace export {a} --out")),
        (
            "g.jsonl",
            None,
            format!("{data} groups build --users liked --out"),
        ),
        (
            "k.jsonl",
            Some(""),
            format!("knowledge import {docs} --out"),
        ),
        (
            "t.jsonl",
            None,
            format!("{how} generate --prompt ab --max-tokens 60 --trace"),
        ),
        (
            "o.jsonl",
            one,
            format!("{data} {how} generate --item i2 --max-tokens 60 --out"),
        ),
        ("users.csv", None, "catalog synth --out".into()),
    ];
    for (name, earlier, line) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join(name);
        let target = if name == "users.csv" {
            folder.path()
        } else {
            &out
        };
        let words = line.split_whitespace().chain(target.to_str());
        let args: Vec<String> = words.map(String::from).collect();
        match earlier {
            Some(text) => fs::write(&out, text).expect("writes"),
            None => assert!(
                world
                    .program(&args)
                    .output()
                    .expect("starts")
                    .status
                    .success()
            ),
        }
        let before = (fs::read(&out).expect("reads"), names(folder.path()));
        let done = limited(&world.program(&args), 512);
        let error = said(&done);
        assert_eq!(done.status.code(), Some(1), "{args:?}: {error}");
        assert!(
            error.contains("too large") && error.contains(name),
            "{args:?}: {error}"
        );
        let after = (fs::read(&out).expect("reads"), names(folder.path()));
        assert!(before == after, "{args:?}: {:?}, {:?}", before.1, after.1);
    }
}

/// What a report may not be is told before anything is decoded, and leaves what is there.
#[test]
fn a_report_is_refused_before_any_run() {
    let world = World::new("");
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (notes, page, missing) = (at("notes.md"), at("other.html"), at("no/such/page.html"));
    fs::write(&notes, "# My notes\n").expect("writes");
    fs::write(&page, "<!DOCTYPE html>\n<p>mine</p>").expect("writes");
    let twice = at("a.svg");
    for (reports, told) in [
        (vec![at("report.pdf")], "must be one of .html, .md, .svg"),
        (vec![at("report")], "must be one of .html, .md, .svg"),
        (vec![notes.clone()], "is not a report of a sweep"),
        (vec![page.clone()], "is not a report of a sweep"),
        (vec![missing], "its folder does not exist"),
        (vec![twice.clone(), twice], "is the same file as"),
    ] {
        // No model is there: whoever gets so far says something else.
        let mut args = vec!["--model".to_string(), at("no-model.gguf"), "sweep".into()];
        for report in reports {
            args.extend(["--report".to_string(), report]);
        }
        let out = world.program(&args).output().expect("starts");
        let error = said(&out);
        assert_eq!(out.status.code(), Some(1), "{error}");
        assert!(
            error.contains("--report") && error.contains(told),
            "{error}"
        );
    }
    assert_eq!(fs::read_to_string(&notes).expect("reads"), "# My notes\n");
    assert_eq!(names(folder.path()), ["notes.md", "other.html"]);
}
