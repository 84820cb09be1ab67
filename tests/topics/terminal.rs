//! A few flows through the program in a real pseudo-terminal. Every wait is on
//! what the screen shows, with a deadline.

use std::time::Duration;

use termlens::{Key, Screen, Signal, Terminal, TerminalBuilder};

use super::real_model;

const DEADLINE: Duration = Duration::from_secs(60);

fn program(args: &[&str]) -> TerminalBuilder {
    Terminal::builder()
        .size(120, 40)
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .timeout(DEADLINE)
        .args(args)
}

fn start(builder: TerminalBuilder) -> Terminal {
    builder.spawn(env!("CARGO_BIN_EXE_laserscope")).unwrap()
}

fn demo() -> String {
    format!("{}/assets/traces/demo.jsonl", env!("CARGO_MANIFEST_DIR"))
}

fn shows(words: &'static [&'static str]) -> impl FnMut(&Screen) -> bool {
    move |screen| words.iter().all(|word| screen.contains(word))
}

/// Quits, and finds the terminal as it was.
fn leaves_cleanly(mut terminal: Terminal, key: Key) {
    terminal.send(key).unwrap();
    assert!(terminal.wait_exit().unwrap().success());
    assert!(
        !terminal.screen().alternate_screen(),
        "the alternate screen was left"
    );
    assert!(terminal.screen().cursor_visible(), "the cursor is back");
}

#[test]
fn start_pick_decode_pause_step_back_quit() {
    let model = real_model::path();
    let mut t = start(program(&["--model", model.to_str().unwrap()]));
    t.wait_until(shows(&["Items", "PROMPT", "tokens"])).unwrap();
    t.send(Key::Char('/')).unwrap();
    t.send_str("fargo").unwrap();
    t.wait_until(|s| s.row_text(4).contains("Fargo") || s.row_text(3).contains("Fargo"))
        .unwrap();
    t.send(Key::Enter).unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(shows(&["Fargo", "DRAFT TREE", "STEPS", "film"]))
        .unwrap();
    t.send(Key::Char(' ')).unwrap();
    t.wait_until(|s| s.contains("PAUSED") || s.contains("ENDED"))
        .unwrap();
    t.send(Key::Left).unwrap();
    t.wait_until(|s| s.contains("f follow")).unwrap();
    t.send(Key::Left).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_recording_plays_without_a_model_and_survives_a_resize() {
    let mut t = start(program(&["replay", &demo()]));
    t.wait_until(shows(&["DRAFT TREE", "STEPS", "TOKEN"]))
        .unwrap();
    t.resize(80, 24).unwrap();
    t.wait_until(|s| s.contains("TREE") && s.rows() == 24)
        .unwrap();
    t.resize(50, 15).unwrap();
    t.wait_until(|s| s.contains("60")).unwrap();
    t.resize(120, 40).unwrap();
    t.wait_until(shows(&["DRAFT TREE", "STEPS", "TOKEN"]))
        .unwrap();
    t.send(Key::Char('?')).unwrap();
    t.wait_until(shows(&["suspend"])).unwrap();
    t.send(Key::Esc).unwrap();
    // Another key at once would make it Alt and that key.
    t.wait_until(|s| !s.contains("suspend")).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn without_a_model_the_way_out_is_said_and_the_demo_plays() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    let builder = program(&["--offline"])
        .env("LASERSCOPE_CACHE", empty)
        .env("HF_HOME", empty)
        .env("HF_HUB_CACHE", empty);
    let mut t = start(builder);
    t.wait_until(shows(&["Ways out", "--model PATH"])).unwrap();
    t.send(Key::Esc).unwrap();
    t.wait_until(|s| !s.contains("Ways out")).unwrap();
    t.send(Key::Char('1')).unwrap();
    t.wait_until(shows(&["Items", "PROMPT"])).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_signal_restores_the_terminal() {
    let mut t = start(program(&["replay", &demo()]));
    t.wait_until(shows(&["DRAFT TREE"])).unwrap();
    t.signal(Signal::Term).unwrap();
    t.wait_exit().unwrap();
    assert!(!t.screen().alternate_screen());
}
