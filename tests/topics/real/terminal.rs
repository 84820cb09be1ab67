//! Flows through the program in a pseudo-terminal, with the real model.

use termlens::Key;

use super::super::terminal::{home, leaves_cleanly, program, shows, start, step_shown};
use super::model;

#[test]
fn start_pick_decode_pause_step_back_quit() {
    let model = model::path();
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
    // However early the pause came, there are two steps then.
    t.send_str("nn").unwrap();
    t.wait_until(|s| step_shown(s).is_some_and(|(_, of)| of > 1))
        .unwrap();
    t.send(Key::Left).unwrap();
    t.wait_until(|s| step_shown(s).is_some_and(|(at, of)| at < of))
        .unwrap();
    t.send(Key::Left).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_sweep_begins_and_is_cancelled() {
    let model = model::path();
    let folder = tempfile::tempdir().unwrap();
    let builder = program(&["--model", model.to_str().unwrap()]);
    let mut t = start(home(folder.path(), builder));
    t.wait_until(shows(&["Items", "PROMPT", "tokens"])).unwrap();
    t.send(Key::Char('3')).unwrap();
    t.wait_until(shows(&["SWEEP", "w starts: 56 runs"]))
        .unwrap();
    t.send(Key::Char('w')).unwrap();
    t.wait_until(shows(&["/56 "])).unwrap();
    t.send(Key::Char('e')).unwrap();
    t.wait_until(shows(&["stopped after", "of 56 runs"]))
        .unwrap();
    leaves_cleanly(t, Key::Char('q'));
}
