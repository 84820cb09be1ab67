//! A log behind the acceptance board: every answer is a row, whose run is built again when it
//! is opened.

use std::path::Path;
use std::time::Duration;

use clap::Parser;
use crossterm::event::KeyCode;
use laserscope::cli::{Cli, Command, ScoreArgs};
use laserscope::commands::score;
use laserscope::config::Settings;
use laserscope::present::board::{BoardColumn, LogDoor, MoreRows, RowFrom};
use laserscope::speculate::params::Params;
use laserscope::speculate::trace::Trace;
use laserscope::tui::action::Action;
use laserscope::tui::app::{App, Effect};
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::catalog::tab::Front;
use laserscope::tui::start::Start;

use super::command::{Shelf, call, text_of};
use crate::topics::{fixture, stage};

fn args(log: &str, further: &[&str]) -> ScoreArgs {
    let words = ["laserscope", "score", log, "--board"];
    let cli = Cli::try_parse_from(words.iter().chain(further)).unwrap();
    match cli.command {
        Some(Command::Score(args)) => args,
        _ => panic!("another command"),
    }
}

fn door(log: &str) -> LogDoor {
    let params = score::strict(Params::default());
    let door = score::open_board(&args(log, &[]), params, &Settings::default());
    door.unwrap().unwrap()
}

fn all(door: &LogDoor) -> MoreRows {
    let mut found = MoreRows::default();
    while !found.is_all {
        let more = door.more().unwrap();
        found.rows.extend(more.rows);
        found.is_all = more.is_all;
    }
    found
}

/// Every answer is a row in the protocol's order, with the figures of its run; that run is
/// the one that `--open` writes.
#[test]
fn every_answer_of_a_log_is_a_row_and_opens_as_its_run() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 40);
    let door = door(&log);
    let found = all(&door);
    assert_eq!((found.rows.len(), door.n_answers), (40, 40));
    for (n, row) in found.rows.iter().enumerate() {
        let RowFrom::Log(number) = row.from else {
            panic!("from the log");
        };
        assert_eq!((number as usize, &row.subject.id), (n, &format!("r{n}")));
        let run = door.open(number).unwrap();
        let tokens: usize = run.steps.iter().map(|s| s.verdict.n_committed()).sum();
        let figure = |column: BoardColumn| column.figure(row);
        assert_eq!(figure(BoardColumn::Steps), Some(run.steps.len() as f64));
        assert_eq!(figure(BoardColumn::Tokens), Some(tokens as f64));
    }
    let file = text_of(&shelf.path("run.jsonl"));
    assert!(
        call(&["score", &log, "--open", "r25", "--trace", &file])
            .status
            .success()
    );
    let written = Trace::load(std::fs::read(Path::new(&file)).unwrap().as_slice()).unwrap();
    assert!(*door.open(25).unwrap() == written);
    assert!(door.more().unwrap().is_all);
}

/// The screen asks for rows by itself until all are there; Enter opens the run in Decode, and
/// the board keeps its rows.
#[test]
fn the_board_fills_by_itself_and_opens_runs() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 12);
    let mut app = App::new(Start {
        log: Some(door(&log)),
        ..stage::start()
    });
    assert!(app.catalog.front == Front::Board);
    for _ in 0..100 {
        app.update(Action::Tick(Duration::from_millis(1)));
        let effects = app.take_effects();
        if !effects.contains(&Effect::ScoreLog) {
            break;
        }
        answer(&mut app, Effect::ScoreLog);
    }
    assert_eq!(app.catalog.board.shown().len(), 12);
    assert_eq!(app.wakes_in(), None);
    stage::press(&mut app, KeyCode::Enter);
    let asked = app.take_effects();
    let opened = asked.iter().find(|e| matches!(e, Effect::OpenLogged(_)));
    answer(&mut app, opened.unwrap().clone());
    assert!(app.screen == Screen::Decode);
    let header = &app
        .run()
        .and_then(|run| run.record.as_ref())
        .unwrap()
        .trace
        .header;
    assert_eq!(header.log.as_ref().unwrap().log, "log.jsonl");
    assert_eq!(app.catalog.board.shown().len(), 12, "no second row of it");
    // What cannot be opened hides nothing that comes later.
    stage::keys(&mut app, "1");
    stage::press(&mut app, KeyCode::Enter);
    app.opened_logged(0, Err("it is gone".into()));
    app.open(fixture::strict());
    assert_eq!(app.catalog.board.shown().len(), 13);
}

/// What the thread for files does.
fn answer(app: &mut App, effect: Effect) {
    let door = app.catalog.board.log.as_ref().unwrap().door.clone();
    match effect {
        Effect::ScoreLog => app.log_scored(door.more()),
        Effect::OpenLogged(number) => app.opened_logged(number, door.open(number)),
        _ => panic!("another effect"),
    }
}

#[test]
fn one_way_to_draft_is_shown() {
    let shelf = Shelf::new();
    let log = shelf.log("log.jsonl", 4);
    let params = score::strict(Params::default());
    let several = args(&log, &["--budget", "8,16"]);
    let refused = score::open_board(&several, params, &Settings::default()).unwrap_err();
    assert!(
        refused.to_string().contains("--board shows one way"),
        "{refused}"
    );
}
