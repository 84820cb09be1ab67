//! The acceptance board: its rows, sorting, filter and marks, opening a run from it, and
//! what is done for the marked subjects.

use crossterm::event::KeyCode;
use laserscope::present::board::BoardColumn;
use laserscope::protocol::{Command, Event};
use laserscope::speculate::trace::{End, Trace};
use laserscope::speculate::verify::Finish;
use laserscope::tui::app::{App, Effect};
use laserscope::tui::dialogs::score::ScoreDialog;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::catalog::board::scoring::MarkedScore;
use laserscope::tui::screens::catalog::tab::Front;

use super::cut_out::{parts, parts_at};
use super::fixture;
use super::stage::{SMALL, begin, ended, feed, generated, keys, measured, press};

/// The board of a session with two runs.
fn board() -> App {
    board_beside(fixture::strict())
}

/// The board of a session with a relaxed run and this one.
fn board_beside(strict: Trace) -> App {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "1");
    press(&mut app, KeyCode::Down);
    let run = begin(&mut app, &strict);
    feed(&mut app, run, &strict, 0..strict.steps.len());
    let end = strict.end.clone().expect("an end");
    app.apply(Event::RunEnded { run, end });
    show(&mut app);
    app
}

fn show(app: &mut App) {
    keys(app, "1");
    press(app, KeyCode::Tab);
    press(app, KeyCode::Tab);
    assert!(app.catalog.front == Front::Board);
    app.notice = None;
}

#[test]
fn the_runs_of_a_session_are_rows() {
    let mut app = board();
    assert_eq!(app.catalog.board.shown().len(), 2);
    parts("board", &mut app, "board totals footer");
    for _ in 0..40 {
        keys(&mut app, "J");
    }
    parts_at("board_scrolled", &mut app, SMALL, "totals");
}

#[test]
fn an_empty_board_says_how_to_fill_it() {
    let mut app = super::stage::ready();
    show(&mut app);
    parts_at("board_empty", &mut app, SMALL, "board totals footer");
}

#[test]
fn the_worst_rows_come_first_in_any_column() {
    let mut app = board();
    for column in BoardColumn::ALL {
        while app.catalog.board.column != column {
            press(&mut app, KeyCode::Right);
        }
        let figures: Vec<Option<f64>> = app
            .catalog
            .board
            .shown()
            .map(|row| column.figure(row))
            .collect();
        if let [Some(first), Some(second)] = figures[..] {
            match column.worst_first() {
                laserscope::present::board::SortDirection::Ascending => assert!(first <= second),
                laserscope::present::board::SortDirection::Descending => assert!(first >= second),
            }
        }
    }
    while app.catalog.board.column != BoardColumn::Mal {
        press(&mut app, KeyCode::Right);
    }
    let first = |app: &App| app.catalog.board.selected_row().map(|row| row.from.clone());
    let before = first(&app);
    keys(&mut app, "r");
    assert_ne!(first(&app), before, "the other way round");
}

#[test]
fn a_filter_leaves_what_has_every_word() {
    let mut app = board();
    keys(&mut app, "/strict");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.catalog.board.shown().len(), 1);
    keys(&mut app, "/zz");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.catalog.board.shown().len(), 0);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.catalog.board.shown().len(), 2);
    press(&mut app, KeyCode::Esc);
    assert!(app.catalog.front == Front::Subjects);
}

#[test]
fn enter_opens_the_run_at_the_step_that_explains_it() {
    let mut app = board();
    let row = app.catalog.board.selected_row().expect("a row").clone();
    press(&mut app, KeyCode::Enter);
    assert!(app.screen == Screen::Decode);
    let look_at = row.look_at.expect("a cause");
    assert_eq!(app.step_index(), Some(look_at));
    keys(&mut app, "W");
    let title = row.main().expect("a cause").title();
    let shown = super::stage::draw(&app);
    let cells = shown.content().iter().map(|cell| cell.symbol());
    let text: String = cells.collect();
    assert!(
        text.contains(&format!("step {}: {title}", look_at + 1)),
        "{text}"
    );
}

#[test]
fn marked_subjects_are_generated_for_one_after_another() {
    let mut of_another = fixture::strict();
    of_another.header.subject.id = "i001".into();
    let mut app = board_beside(of_another);
    keys(&mut app, "a");
    let commands = keys(&mut app, "g");
    let n_asked = |commands: &[Command]| {
        let asked = commands.iter();
        asked.filter(|c| matches!(c, Command::Generate(_))).count()
    };
    assert_eq!(n_asked(&commands), 1);
    assert!(app.screen == Screen::Catalog && app.catalog.front == Front::Board);
    // What the first one cancelled asks for nothing more, its own end for the second.
    let first = generated(&commands).expect("a request").0;
    let ends = |app: &mut App, run, finish| {
        let end = End {
            finish,
            ..fixture::strict().end.expect("an end")
        };
        app.apply(Event::RunEnded { run, end })
    };
    let cancelled = app.session.runs[0].id;
    assert_eq!(n_asked(&ends(&mut app, cancelled, Finish::Cancelled)), 0);
    assert_eq!(n_asked(&ends(&mut app, first, Finish::Eos)), 1);
    let sweep = keys(&mut app, "w");
    assert!(sweep.is_empty() && app.screen == Screen::Tune);
}

#[test]
fn marked_answers_are_scored_and_what_is_said_is_a_page() {
    let mut app = board();
    keys(&mut app, "a");
    app.take_effects();
    keys(&mut app, "c");
    assert!(app.take_effects().contains(&Effect::ScoreMarked));
    let scoring = app.catalog.board.scoring.clone().expect("it was begun");
    assert_eq!(scoring.n, 2);
    assert!(app.dialog_of::<ScoreDialog>().is_some());
    parts_at("board_scoring", &mut app, SMALL, "dialog");
    scoring.end(MarkedScore {
        command: "laserscope score marked-answers.jsonl --drafter blend".into(),
        printed: Ok("drafter   budget    MAL\nblend          8   2.31".into()),
    });
    parts_at("board_scored", &mut app, SMALL, "dialog");
    keys(&mut app, "y");
    let copied = "laserscope score marked-answers.jsonl --drafter blend".to_string();
    assert!(app.take_effects().contains(&Effect::Copy(copied)));
    press(&mut app, KeyCode::Esc);
    assert!(app.dialog_of::<ScoreDialog>().is_none());
    // Left while it is under way, it stops.
    keys(&mut app, "c");
    press(&mut app, KeyCode::Esc);
    let scoring = app.catalog.board.scoring.clone().expect("it was begun");
    assert!(!scoring.is_under_way() && scoring.score().is_none());
}

#[test]
fn the_rows_shown_are_exported() {
    let mut app = board();
    app.take_effects();
    keys(&mut app, "E");
    assert_eq!(app.take_effects(), [Effect::ExportBoard]);
}

#[test]
fn why_acceptance_is_low_is_told() {
    let mut app = measured();
    keys(&mut app, "W");
    parts("why_low", &mut app, "footer dialog");
    let before = app.step_index();
    press(&mut app, KeyCode::Left);
    assert_eq!(app.step_index(), before.map(|at| at - 1));
    keys(&mut app, "W");
    assert!(app.dialog.is_none());
}
