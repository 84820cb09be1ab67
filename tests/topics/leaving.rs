//! Quitting: nothing that is in no file is lost without a question.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use laserscope::tui::App;
use laserscope::tui::app::Effect;
use laserscope::tui::dialogs::leave::Leave;

use super::fixture;
use super::stage::{SMALL, decoding, draw, ended, keys, press, ready, start};

fn is_asked(app: &App) -> bool {
    app.dialog_of::<Leave>().is_some()
}

fn ctrl_c(app: &mut App) {
    app.press(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
}

fn drawn(app: &App) -> String {
    let buffer = draw(app);
    let cells = buffer.content.iter().map(|cell| cell.symbol());
    cells.collect()
}

#[test]
fn with_nothing_to_lose_nothing_is_asked() {
    let mut app = ready();
    keys(&mut app, "q");
    assert_eq!(app.take_effects(), [Effect::Quit]);
    let mut start = start();
    start.replay = vec![fixture::relaxed()];
    let mut app = App::new(start);
    keys(&mut app, "q");
    assert_eq!(
        app.take_effects(),
        [Effect::Quit],
        "a recording has its file"
    );
}

#[test]
fn an_unsaved_run_is_named_and_a_second_press_quits() {
    for quit in [|app: &mut App| drop(keys(app, "q")), ctrl_c] {
        let mut app = ended(&fixture::relaxed());
        app.look.size = SMALL;
        quit(&mut app);
        assert!(is_asked(&app) && app.take_effects().is_empty());
        let screen = drawn(&app);
        assert!(screen.contains("1 run is not saved: Heat"), "{screen}");
        assert!(screen.contains("s saves the runs and quits"), "{screen}");
        quit(&mut app);
        assert_eq!(app.take_effects(), [Effect::Quit]);
    }
}

#[test]
fn staying_brings_back_what_was_being_done() {
    let (mut app, _) = decoding(&fixture::relaxed(), 5);
    keys(&mut app, ":zoo");
    ctrl_c(&mut app);
    assert!(is_asked(&app));
    press(&mut app, KeyCode::Esc);
    assert!(!is_asked(&app) && app.take_effects().is_empty());
    press(&mut app, KeyCode::Enter);
    assert!(
        app.dialog.is_none(),
        "the palette came back and was answered"
    );
}

/// The files' own outcomes are told as in `terminal/jobs.rs`.
#[test]
fn saving_first_saves_every_run_and_then_quits() {
    let (mut app, first) = decoding(&fixture::relaxed(), 5);
    keys(&mut app, "a");
    let second = app.session.shown.expect("a run");
    keys(&mut app, "q");
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        app.take_effects(),
        [Effect::Save(first)],
        "{second} has no step"
    );
    assert!(!is_asked(&app));
    app.saved_run(first, Err("the disk is full".into()));
    assert!(
        app.take_effects().is_empty(),
        "what is not saved is not lost"
    );
    keys(&mut app, "qs");
    assert_eq!(app.take_effects(), [Effect::Save(first)]);
    app.saved_run(first, Ok("traces/a.jsonl".into()));
    assert_eq!(app.take_effects(), [Effect::Quit]);
}

#[test]
fn a_saved_run_is_asked_about_again_once_it_has_grown() {
    let trace = fixture::relaxed();
    let (mut app, run) = decoding(&trace, 5);
    keys(&mut app, "s");
    assert_eq!(app.take_effects(), [Effect::Save(run)]);
    app.saved_run(run, Ok("traces/a.jsonl".into()));
    keys(&mut app, "q");
    assert_eq!(app.take_effects(), [Effect::Quit]);
    super::stage::feed(&mut app, run, &trace, 5..6);
    keys(&mut app, "q");
    assert!(is_asked(&app) && app.take_effects().is_empty());
}
