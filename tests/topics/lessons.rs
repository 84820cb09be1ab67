//! Every lesson, walked from its first task to its last by keys, over the runs
//! that ship; what it puts back; what is remembered.

use crossterm::event::KeyCode;
use laserscope::speculate::trace::Trace;
use laserscope::tui::lesson::{self, Check, Lesson};
use laserscope::tui::state::app::{App, Dialog, Errand, Screen};
use laserscope::tui::state::run::Recording;
use laserscope::tui::view::lesson as lesson_box;
use laserscope::worker::message::{Command, Event};

use super::fixture;
use super::stage::{app, ended, keys, press};

/// Pressed again and again until the task is done.
const PATIENCE: usize = 100;

/// The keys of each lesson, task by task; `#` types the figure that is asked for.
const WALKS: [(&str, &[&str]); 6] = [
    ("draft", &["→", "↓", "↑", "#"]),
    ("cost", &["6", "#", "2←", "#"]),
    ("strict", &["#", "4", "#", "#"]),
    ("relaxed", &["]", "#", "#", "4#", "2p↓←"]),
    ("pools", &["⇥⇥⇥z", "o⏎", "#", "←"]),
    ("slow", &["←", "#", "⇥⇥⇥⇥z", "o⏎"]),
];

fn learning(at: usize) -> App {
    let mut app = app();
    keys(&mut app, "6");
    for _ in 0..at {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Enter);
    app
}

fn task(app: &App) -> usize {
    app.learn.course.as_ref().expect("a lesson").task
}

fn lesson_of(app: &App) -> Lesson {
    app.learn.at().expect("a lesson").0.clone()
}

fn type_key(app: &mut App, key: char) {
    match key {
        '→' => press(app, KeyCode::Right),
        '←' => press(app, KeyCode::Left),
        '↑' => press(app, KeyCode::Up),
        '↓' => press(app, KeyCode::Down),
        '⏎' => press(app, KeyCode::Enter),
        '⇥' => press(app, KeyCode::Tab),
        '#' => type_answer(app),
        letter => press(app, KeyCode::Char(letter)),
    };
}

fn type_answer(app: &mut App) -> Vec<Command> {
    let task = app.learn.at().expect("a lesson").1.expect("a task");
    let Check::Answer { figure, .. } = &task.check else {
        panic!("no number is asked for");
    };
    let value = figure.value(app).expect("a figure");
    keys(app, "A");
    keys(app, &format!("{value:.1}"));
    press(app, KeyCode::Enter)
}

/// Presses a task's keys until it is done. What is asked must not be so already.
fn walk(app: &mut App, pressed: &str) {
    let (before, lesson) = (task(app), lesson_of(app));
    for _ in 0..PATIENCE {
        for key in pressed.chars() {
            type_key(app, key);
        }
        if task(app) > before {
            assert_eq!(
                task(app),
                before + 1,
                "{}: a task was done in passing",
                lesson.id
            );
            return;
        }
        assert!(
            app.learn.course.is_some(),
            "{}: the lesson was left",
            lesson.id
        );
    }
    panic!(
        "{}, task {}: `{pressed}` never does it",
        lesson.id,
        before + 1
    );
}

#[test]
fn every_lesson_can_be_walked_to_its_end() {
    let lessons = lesson::bundled().expect("lessons");
    assert_eq!(lessons.len(), WALKS.len());
    for (at, (id, steps)) in WALKS.into_iter().enumerate() {
        let mut app = learning(at);
        assert_eq!(
            (lesson_of(&app).id.as_str(), app.screen),
            (id, Screen::Decode)
        );
        assert_eq!(steps.len(), lessons[at].tasks.len(), "{id}");
        for pressed in steps {
            walk(&mut app, pressed);
            let said = app.learn.course.as_ref().and_then(|c| c.said.clone());
            let said = said.expect("something was learned");
            assert!(!said.contains(['{', '?']), "{id}: {said}");
        }
        assert!(app.learn.at().expect("a lesson").1.is_none());
        assert_eq!(app.learn.learned.n_done(&lessons[at]), steps.len());
        assert!(app.take_errands().contains(&Errand::KeepLearned));
    }
}

#[test]
fn no_task_is_done_before_it_is_asked() {
    for (at, (id, _)) in WALKS.into_iter().enumerate() {
        let app = learning(at);
        let first = &lesson_of(&app).tasks[0];
        assert!(!first.check.holds(&app, None), "{id}");
    }
}

#[test]
fn leaving_puts_back_what_was_open() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "z");
    press(&mut app, KeyCode::Home);
    let before = (
        app.screen,
        app.shown,
        app.view.clone(),
        app.params,
        app.runs.len(),
    );
    keys(&mut app, "6");
    let on_learn = app.screen;
    press(&mut app, KeyCode::Enter);
    assert_ne!(app.shown, before.1);
    keys(&mut app, "p");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Left);
    assert_ne!(app.params, before.3);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(app.learn.course.is_none());
    assert_eq!(
        (app.screen, app.shown, app.params, app.runs.len()),
        (on_learn, before.1, before.3, before.4)
    );
    assert_eq!(format!("{:?}", app.view), format!("{:?}", before.2));
    assert!(
        app.runs
            .iter()
            .all(|r| r.recording() != Some(Recording::Lesson))
    );
}

#[test]
fn a_wrong_number_is_said_to_be_wrong() {
    let mut app = learning(2);
    keys(&mut app, "A999");
    press(&mut app, KeyCode::Enter);
    assert_eq!(task(&app), 0);
    assert!(app.notice.as_ref().expect("a notice").text.contains("999"));
    keys(&mut app, "Amany");
    press(&mut app, KeyCode::Enter);
    assert!(
        app.notice
            .as_ref()
            .expect("a notice")
            .text
            .contains("no number")
    );
}

#[test]
fn a_number_is_asked_for_only_where_a_task_wants_one() {
    let mut app = learning(0);
    keys(&mut app, "A");
    assert!(app.dialog.is_none());
    let mut app = learning(2);
    keys(&mut app, "A");
    assert!(matches!(app.dialog, Some(Dialog::Answer(_))));
}

#[test]
fn tasks_passed_over_are_not_done_and_the_next_lesson_follows() {
    let mut app = learning(4);
    keys(&mut app, "NNNN");
    assert!(app.learn.at().expect("a lesson").1.is_none());
    assert_eq!(app.learn.learned.n_done(&lesson_of(&app)), 0);
    keys(&mut app, "N");
    assert_eq!(lesson_of(&app).id, "slow");
    keys(&mut app, "NNNNN");
    assert!(app.learn.course.is_none());
    assert_eq!(app.screen, Screen::Learn);
}

#[test]
fn lessons_need_no_model() {
    let mut app = app();
    app.apply(Event::ModelFailed { why: "none".into() });
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "6");
    press(&mut app, KeyCode::Enter);
    walk(&mut app, "→");
}

#[test]
fn the_box_fits_every_size() {
    for at in 0..WALKS.len() {
        let mut app = learning(at);
        for size in [(60, 20), (80, 24), (120, 40), (200, 60)] {
            app.size = size;
            let height = lesson_box::height(&app, size.0);
            assert!((3..=7).contains(&height), "{size:?}: {height}");
            super::stage::draw(&app);
        }
    }
}

#[test]
fn lesson_runs_show_what_the_lessons_say() {
    let run = |name| lesson::run(name).expect("a run");
    let ids = |trace: &Trace| trace.token_ids();
    let (auto, strict, relaxed) = (run("autoregressive"), run("strict"), run("relaxed"));
    assert_eq!(ids(&auto), ids(&strict), "strict is lossless");
    assert_eq!(ids(&auto).len(), auto.steps.len(), "one token a step");
    assert!(strict.steps.len() < auto.steps.len());
    assert!(
        relaxed.steps.len() < strict.steps.len(),
        "relaxing buys steps"
    );
    assert_ne!(ids(&relaxed), ids(&strict), "and changes the text");
    assert_eq!(ids(&run("group-pool")), ids(&run("global-pool")));
    assert_eq!(ids(&run("poem-plain")), ids(&run("poem-64-rows")));
}

#[test]
fn lesson_runs_are_byte_stable() {
    for entry in std::fs::read_dir("assets/traces").expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "jsonl") {
            continue;
        }
        let text = std::fs::read(&path).expect("a trace");
        let trace = Trace::load(text.as_slice()).expect("a trace");
        let mut saved = Vec::new();
        trace.save(&mut saved).expect("saved");
        assert!(saved == text, "{}", path.display());
    }
}
