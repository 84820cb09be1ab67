//! `--log FILE`: what was tried, found and timed. Outputs are the same, byte for byte, with
//! and without it.

use std::fs;
use std::process::Output;

use laserscope::console::visible::is_control;

use super::world::World;

/// The clipboard escape, a line break and C1's CSI, put in every name of the data; maps of
/// groups are recognised by their extension.
const HOSTILE: &str = "\x1b]52;c;aGk=\x07\n\u{9b}31m.toml";
const PROMPT: &str = "abba baab abab";

fn run(world: &World, logging: &[&str], what: &[&str]) -> Output {
    let docs = world.at("docs.jsonl");
    let command = ["--knowledge", &docs, "generate", "--max-tokens", "8"];
    let words = [logging, &command, what].concat();
    let words = words.into_iter().map(String::from);
    let args: Vec<String> = world.asked().into_iter().chain(words).collect();
    world.program(&args).output().expect("starts")
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn a_log_tells_what_was_done_and_changes_no_output() {
    let world = World::new(HOSTILE);
    let log = world.at("log");
    for what in [["--item", "i1"], ["--prompt", PROMPT]] {
        let usual = run(&world, &[], &what);
        let logged = run(&world, &["--log", &log], &what);
        assert!(logged.status.success(), "{}", said(&logged));
        assert_eq!(logged.stdout, usual.stdout);
    }
    let text = fs::read_to_string(&log).expect("is there");
    for told in [
        " INFO laserscope: started version=",
        "command=\"generate\"",
        "laserscope::recsys::import: catalog imported",
        "laserscope::session::documents: knowledge read",
        "laserscope::model::fetch: found ",
        "laserscope::engine::model::load: loaded",
        "kind=\"item\" id=\"i1\"",
        "kind=\"prompt\"",
        "laserscope::engine::run: run ended",
        " INFO laserscope: ended",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert_eq!(text.matches("run begun").count(), 2, "appended: {text}");
    assert!(!text.contains("DEBUG"), "info is the default: {text}");
    assert!(!text.contains("abba"), "prompts stay private: {text}");
    let is_obeyed = |c: char| is_control(c) && c != '\n';
    assert!(!text.contains(is_obeyed), "{text:?}");
    assert!(text.lines().all(|line| line.starts_with("20")), "{text}");
}

#[test]
fn a_level_says_how_much_is_logged() {
    let world = World::new("");
    let at = |level: &str| {
        let log = world.at(level);
        let out = run(
            &world,
            &["--log", &log, "--log-level", level],
            &["--item", "i1"],
        );
        assert!(out.status.success(), "{}", said(&out));
        fs::read_to_string(log).expect("is there")
    };
    assert_eq!(at("error"), "");
    let stepped = "DEBUG laserscope::engine::run: stepped";
    assert!(at("debug").contains(stepped));
    let part = at("warn,laserscope::engine=debug");
    assert!(
        part.contains(stepped) && !part.contains("laserscope: started"),
        "{part}"
    );
    // Global options can come before or after the command.
    let args = ["--log", &world.at("l"), "keys", "--log-level", "debug"].map(String::from);
    let out = world.program(&args).output().expect("starts");
    assert!(out.status.success(), "{}", said(&out));
    let args = ["--log", &world.at("l"), "--log-level", "loud", "keys"].map(String::from);
    let out = world.program(&args).output().expect("starts");
    assert_eq!(out.status.code(), Some(2), "{}", said(&out));
    let args = ["--log", &world.at("l"), "keys"].map(String::from);
    let loud = world.program(&args).env("LASERSCOPE_LOG", "loud").output();
    let loud = said(&loud.expect("starts"));
    assert!(loud.contains("LASERSCOPE_LOG: `loud` is not off"), "{loud}");
}

#[test]
fn a_log_that_cannot_be_written_is_a_plain_error() {
    let world = World::new("");
    for path in [world.at("none/log"), world.at("catalog")] {
        let args = ["--log", &path, "keys"].map(String::from);
        let out = world.program(&args).output().expect("starts");
        assert_eq!(out.status.code(), Some(1));
        let told = format!("error: --log: opening {path}: ");
        assert!(said(&out).contains(&told), "{}", said(&out));
        assert!(out.stdout.is_empty());
    }
    let args = ["--log", "/dev/full", "keys"].map(String::from);
    let out = world.program(&args).output().expect("starts");
    let told = "the log /dev/full is incomplete: No space left on device";
    assert!(
        out.status.success() && said(&out).contains(told),
        "{}",
        said(&out)
    );
}
