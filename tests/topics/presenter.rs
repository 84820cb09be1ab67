//! Presenter mode: one large pane at a time, and every lesson walked to its end by the key
//! that shows the answer.

use crossterm::event::KeyCode;
use laserscope::present::lesson;
use laserscope::tui::app::App;
use laserscope::tui::keys::context::Context;
use laserscope::tui::keys::table::TABLE;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::decode::state::{Pane, Zoom};
use laserscope::tui::shell::{layout, lesson as lesson_box};
use laserscope::tui::start::Presenting;

use super::cut_out::parts_at;
use super::fixture;
use super::stage::{LARGE, SMALL, app, draw, ended, keys, press};

const PROJECTOR: (u16, u16) = (200, 60);

/// A lesson under way in presenter mode.
fn presenting(at: usize) -> App {
    let mut app = app();
    keys(&mut app, "L6");
    for _ in 0..at {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Enter);
    app
}

fn task(app: &App) -> usize {
    app.learn.course.as_ref().expect("a lesson").task
}

#[test]
fn answers_alone_lead_through_every_lesson() {
    for (at, lesson) in lesson::bundled().expect("lessons").iter().enumerate() {
        let mut app = presenting(at);
        for n in 0..lesson.tasks.len() {
            assert_eq!(task(&app), n, "{}: {}", lesson.id, lesson.tasks[n].ask);
            keys(&mut app, "D");
            let said = app.learn.course.as_ref().and_then(|c| c.said.clone());
            let said = said.expect("something was learned");
            let wants = lesson.tasks[n].check.wants_number();
            assert_eq!(said.starts_with("Answer: "), wants, "{}: {said}", lesson.id);
        }
        assert!(
            app.learn.at().expect("a lesson").1.is_none(),
            "{}",
            lesson.id
        );
        assert_eq!(app.learn.learned.n_done(lesson), lesson.tasks.len());
        keys(&mut app, "D");
        let next = lesson::bundled().expect("lessons").len() > at + 1;
        assert_eq!(app.learn.course.is_some(), next, "{}", lesson.id);
    }
}

#[test]
fn a_learner_is_not_shown_the_answer() {
    let mut app = app();
    keys(&mut app, "6");
    press(&mut app, KeyCode::Enter);
    keys(&mut app, "D");
    assert_eq!(task(&app), 0);
    assert!(app.notice.as_ref().expect("a notice").text.contains('L'));
}

#[test]
fn presenting_shows_one_pane_and_leaving_it_shows_all() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "L");
    assert_eq!(
        (app.look.presenting, app.decode.zoom),
        (Presenting::Yes, Zoom::One)
    );
    press(&mut app, KeyCode::Tab);
    assert_eq!(app.decode.zoom, Zoom::One);
    keys(&mut app, "L");
    assert_eq!(
        (app.look.presenting, app.decode.zoom),
        (Presenting::No, Zoom::All)
    );
}

#[test]
fn the_pane_of_the_task_is_in_front() {
    let mut app = presenting(0);
    assert_eq!(app.decode.pane, Pane::Steps);
    keys(&mut app, "D");
    assert_eq!(app.decode.pane, Pane::Tree);
    press(&mut app, KeyCode::Esc);
    assert!(app.learn.course.is_none() && app.screen == Screen::Learn);
}

/// It means the same everywhere: no screen and no dialog has it for something else.
#[test]
fn the_key_is_nobody_elses() {
    let of = |context| TABLE.iter().filter(move |b| b.context == context);
    let present = of(Context::Anywhere)
        .find(|b| b.action.name() == "present")
        .expect("a key");
    for context in Context::ALL.into_iter().filter(|c| *c != Context::Anywhere) {
        let taken = of(context).any(|b| present.keys.iter().any(|key| b.keys.contains(key)));
        assert!(!taken, "{context:?}");
    }
}

#[test]
fn everything_fits_at_every_size() {
    for at in 0..lesson::bundled().expect("lessons").len() {
        let mut app = presenting(at);
        loop {
            for size in [(60, 20), SMALL, LARGE, PROJECTOR] {
                app.look.size = size;
                let shell = layout::shell(&app, layout::whole(&app));
                let height = lesson_box::height(&app, shell.lesson.width);
                assert_eq!(height, shell.lesson.height, "{size:?}");
                assert!(shell.body.height >= 8, "{size:?}: {:?}", shell.body);
                draw(&app);
            }
            app.look.size = LARGE;
            if app.learn.at().expect("a lesson").1.is_none() {
                break;
            }
            keys(&mut app, "D");
        }
    }
}

#[test]
fn presenter_mode_looks_as_it_should() {
    let mut app = presenting(0);
    keys(&mut app, "D");
    parts_at(
        "presenter_projector",
        &mut app,
        PROJECTOR,
        "header lesson tree footer",
    );
    parts_at(
        "presenter_small",
        &mut app,
        SMALL,
        "header lesson tree footer",
    );
}
