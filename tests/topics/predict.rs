//! Predict, then look: questions on recorded steps, whose answers stay hidden until they
//! are given, and their score.

use crossterm::event::KeyCode;
use laserscope::present::prediction::{QuestionKind, StepQuestion};
use laserscope::speculate::trace::Trace;
use laserscope::tui::app::App;
use laserscope::tui::dialogs::predict::PredictDialog;

use super::cut_out::parts;
use super::fixture;
use super::stage::{LARGE, SMALL, draw, ended, keys, press};

fn recorded() -> Trace {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/traces/strict.jsonl");
    let text = std::fs::read(path).expect("a recorded run");
    Trace::load(text.as_slice()).expect("a trace")
}

fn asked(app: &App) -> Option<&StepQuestion> {
    app.dialog_of::<PredictDialog>()
        .map(|dialog| &dialog.question)
}

/// Presses what the recording says is right.
fn answer(app: &mut App) {
    let question = asked(app).expect("a question").clone();
    for (at, choice) in question.choices.iter().enumerate() {
        match (question.kind, choice.is_right) {
            (QuestionKind::HowMany, true) => {
                (0..at).for_each(|_| {
                    press(app, KeyCode::Right);
                });
            }
            (QuestionKind::WhichRefused, true) => {
                press(app, KeyCode::Home);
                (0..at).for_each(|_| {
                    press(app, KeyCode::Down);
                });
                press(app, KeyCode::Char(' '));
            }
            (_, false) => {}
        }
    }
    press(app, KeyCode::Enter);
}

#[test]
fn a_run_is_predicted_step_by_step_and_the_score_is_said() {
    let trace = recorded();
    let drafted: Vec<usize> = trace
        .steps
        .iter()
        .filter(|s| s.tree.n_drafts() > 0)
        .map(|s| s.index)
        .collect();
    let mut app = ended(&trace);
    keys(&mut app, "Q");
    for (i, &step) in drafted.iter().enumerate() {
        assert_eq!(asked(&app).expect("a question").step, step);
        assert_eq!(app.step().expect("a step").index, step);
        match i {
            0 => {
                press(&mut app, KeyCode::Esc);
                keys(&mut app, "Q");
                press(&mut app, KeyCode::Enter);
            }
            _ => answer(&mut app),
        }
        press(&mut app, KeyCode::Enter);
    }
    assert!(app.dialog.is_none());
    let score = app.decode.predictions;
    assert_eq!(score.asked, drafted.len());
    assert!(score.right >= drafted.len() - 1, "{score:?}");
    let notice = &app.notice.as_ref().expect("a notice").text;
    assert!(
        notice.contains(&format!("{} of {}", score.right, score.asked)),
        "{notice}"
    );
}

#[test]
fn the_answer_is_hidden_until_it_is_given() {
    let trace = recorded();
    let mut other = trace.clone();
    for step in &mut other.steps {
        step.verdict.path.clear();
    }
    for size in [LARGE, SMALL] {
        let dialog = |trace: &Trace| {
            let mut app = ended(trace);
            app.look.size = size;
            press(&mut app, KeyCode::Home);
            keys(&mut app, ",,,Q");
            assert_eq!(asked(&app).expect("a question").step, 0);
            let buffer = draw(&app);
            let from = buffer.area.height - 6;
            let rows = from..buffer.area.height;
            let cells = rows.flat_map(|y| (0..buffer.area.width).map(move |x| (x, y)));
            cells
                .map(|at| buffer[at].symbol().to_string())
                .collect::<String>()
        };
        assert_eq!(dialog(&trace), dialog(&other), "{size:?}");
    }
}

#[test]
fn a_run_without_drafts_has_nothing_to_predict() {
    let mut trace = fixture::relaxed();
    for step in &mut trace.steps {
        step.tree.truncate(1);
        step.verdict.path.clear();
        step.verdict.fates.clear();
    }
    let mut app = ended(&trace);
    keys(&mut app, "Q");
    assert!(app.dialog.is_none());
    assert!(
        app.notice
            .as_ref()
            .expect("a notice")
            .text
            .contains("Nothing to predict")
    );
}

#[test]
fn questions_and_their_answers_look_as_they_should() {
    let trace = recorded();
    let mut app = ended(&trace);
    keys(&mut app, "Q");
    parts("predict_how_many", &mut app, "footer dialog");
    press(&mut app, KeyCode::Right);
    press(&mut app, KeyCode::Enter);
    parts("predict_how_many_told", &mut app, "dialog");
    let is_list = |app: &App| asked(app).is_some_and(|q| q.kind == QuestionKind::WhichRefused);
    while !is_list(&app) {
        press(&mut app, KeyCode::Enter);
    }
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Char(' '));
    parts("predict_which", &mut app, "dialog");
    press(&mut app, KeyCode::Enter);
    parts("predict_which_told", &mut app, "dialog");
}
