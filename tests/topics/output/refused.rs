//! Outputs that are full or fail: a plain error, exit status 1, nothing torn.

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
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| {
        folder
            .path()
            .join(name)
            .to_str()
            .expect("UTF-8")
            .to_string()
    };
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
    let whole = fs::read_to_string(&a).expect("reads");
    let one = fs::read_to_string(&docs).expect("reads");
    let one = one.split_inclusive('\n').next().expect("a document");
    // What stood there: of a kind that the command may write over or add to.
    let cases = [
        ("p.svg", "earlier", format!("picture {a}")),
        ("p.html", "earlier", format!("trace export {a}")),
        ("p.cast", "earlier", format!("trace export {a}")),
        ("g.jsonl", "", format!("{data} groups build --users liked")),
        ("k.jsonl", "", format!("knowledge import {docs}")),
        (
            "t.jsonl",
            &whole,
            format!("{how} generate --prompt ab --max-tokens 60"),
        ),
        (
            "o.jsonl",
            one,
            format!("{data} {how} generate --item i2 --max-tokens 60"),
        ),
        ("users.csv", "earlier", "catalog synth".into()),
    ];
    for (name, earlier, line) in cases {
        let out = at(name);
        fs::write(&out, earlier).expect("writes");
        let option = if name == "t.jsonl" {
            "--trace"
        } else {
            "--out"
        };
        let target = if name == "users.csv" {
            at("")
        } else {
            out.clone()
        };
        let words = line.split_whitespace().chain([option, &target]);
        let args: Vec<String> = words.map(String::from).collect();
        let done = limited(&world.program(&args), 512);
        let error = said(&done);
        assert_eq!(done.status.code(), Some(1), "{args:?}: {error}");
        assert!(
            error.contains("too large") && error.contains(name),
            "{args:?}: {error}"
        );
        assert_eq!(
            fs::read_to_string(&out).expect("reads"),
            earlier,
            "{args:?}"
        );
        fs::remove_file(&out).expect("removes");
        assert!(
            names(folder.path()).is_empty(),
            "{args:?}: {:?}",
            names(folder.path())
        );
    }
}
