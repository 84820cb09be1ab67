//! The Tune screen: sliders that judge a recorded run again, and sweeps that come
//! in run by run.

use crossterm::event::KeyCode;
use laserscope::present::sweep_report::SweepForm;
use laserscope::protocol::{Command, Event, SweepRequest};
use laserscope::speculate::params::{AcceptanceRule, Params};
use laserscope::speculate::trace::Trace;
use laserscope::tui::app::{App, Effect};
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::tune::sweep::Stand;

use super::cut_out::{parts, parts_at, screen};
use super::downstream::tested_rules;
use super::fixture;
use super::stage::{LARGE, SMALL, draw, ended, keys, press, ready};

/// A finished run, tau moved up to where the rule takes less.
fn moved() -> App {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3jj");
    for _ in 0..4 {
        press(&mut app, KeyCode::Right);
    }
    app
}

/// A sweep that was asked for.
pub fn begun(app: &mut App) -> SweepRequest {
    let commands = keys(app, "w");
    let found = commands.into_iter().find_map(|command| match command {
        Command::Sweep(request) => Some(*request),
        _ => None,
    });
    found.expect("a sweep is asked for")
}

/// The first runs of a sweep: autoregressive, then cell by cell.
pub fn feed(app: &mut App, request: &SweepRequest, n_runs: usize) {
    feed_with(app, request, n_runs, |_| {});
}

/// The same with runs that were changed.
pub fn feed_with(
    app: &mut App,
    request: &SweepRequest,
    n_runs: usize,
    change: impl Fn(&mut Trace),
) {
    for _ in 0..n_runs {
        let found = app.tune.sweep.found.as_ref().expect("a sweep");
        let Some(job) = found.sweep.next_job() else {
            break;
        };
        let verify = match job.cell {
            None => AcceptanceRule::Autoregressive,
            Some(cell) => request.grid.params(cell).verify,
        };
        let params = Params {
            verify,
            ..Params::default()
        };
        let mut trace = Box::new(fixture::run(7, params));
        change(&mut trace);
        app.apply(Event::SweepRan {
            sweep: request.sweep,
            job,
            trace,
        });
    }
}

#[test]
fn with_no_run_the_sliders_stand_at_the_settings() {
    let mut app = ready();
    keys(&mut app, "3");
    assert_eq!(app.screen, Screen::Tune);
    assert_eq!(app.tune.params, Params::default());
    parts("tune_no_run", &mut app, "header settings sweep footer");
}

#[test]
fn a_moved_rule_is_judged_at_once_and_nothing_is_asked_of_the_engine() {
    let mut app = moved();
    let answered = app.tune.answered.as_ref().expect("judged again");
    assert!(matches!(answered.params.verify, AcceptanceRule::Relaxed { tau, .. } if tau > 0.2));
    assert!(answered.rerun.is_empty());
    screen("tune_what_if_small", &mut app, SMALL);
    parts_at("tune_what_if_large", &mut app, LARGE, "settings");
    keys(&mut app, "r");
    assert!(app.tune.answered.is_none());
}

#[test]
fn the_run_branches_where_the_moved_rule_would_change_it() {
    let mut app = moved();
    let (parent, params) = (app.session.shown, app.tune.params);
    let change = app
        .tune
        .answered
        .as_ref()
        .and_then(|a| a.what_if.first_change);
    let step = change.expect("a step that changes");
    let ids = app.record().expect("a record").ids.clone();
    let commands = keys(&mut app, "b");
    let Some(Command::Generate(request)) = commands.last() else {
        panic!("{commands:?}");
    };
    let branch = request.branch.as_ref().expect("a branch");
    assert_eq!(
        (branch.of.step, branch.of.within, branch.forced),
        (step, 0, None)
    );
    assert!(!branch.prefix.is_empty() && ids.starts_with(&branch.prefix));
    assert_eq!(request.params, params);
    assert_eq!(app.run().and_then(|r| r.parent), parent);
}

#[test]
fn where_there_is_nothing_to_branch_it_is_said() {
    let notice = |app: &App| app.notice.as_ref().map(|n| n.text.clone());
    let mut app = ended(&fixture::relaxed());
    assert!(keys(&mut app, "3b").is_empty());
    assert!(notice(&app).is_some_and(|n| n.contains("No setting was changed")));
    let mut app = moved();
    app.tune.params.max_tokens += 10;
    app.tune.answered = None;
    // Away and back: judged again.
    keys(&mut app, "23");
    assert!(keys(&mut app, "b").is_empty());
    assert!(notice(&app).is_some_and(|n| n.contains("from its start: ⏎")));
}

#[test]
fn settings_are_saved_as_they_stand() {
    let mut app = moved();
    keys(&mut app, "s");
    let params = app.tune.params;
    assert_eq!(app.take_effects(), [Effect::SaveSettings(params)]);
    app.settings_saved(params, Ok("config.toml".into()));
    assert_eq!(app.next.params, params);
}

#[test]
fn a_sweep_comes_in_run_by_run_and_its_cells_open() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3");
    let request = begun(&mut app);
    feed(&mut app, &request, 4);
    parts("tune_sweep_half", &mut app, "settings sweep");
    feed(&mut app, &request, 10_000);
    app.apply(Event::SweepEnded {
        sweep: request.sweep,
    });
    let found = app.tune.sweep.found.as_ref().expect("a sweep");
    assert!(matches!(found.stand, Stand::Done));
    press(&mut app, KeyCode::Right);
    screen("tune_sweep_done_large", &mut app, LARGE);
    parts_at("tune_sweep_done_small", &mut app, SMALL, "sweep");
    keys(&mut app, "a");
    assert_eq!(app.tune.side, Default::default());
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen, Screen::Decode);
}

#[test]
fn a_finished_test_says_what_a_recommender_makes_of_a_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut app = ended(&fixture::relaxed());
    app.tune.tested = Some(tested_rules(folder.path()));
    keys(&mut app, "3");
    let request = begun(&mut app);
    feed(&mut app, &request, 10_000);
    app.look.size = LARGE;
    let mut texts = Vec::new();
    for _ in 0..4 {
        for _ in 0..6 {
            texts.push(text(&draw(&app)));
            press(&mut app, KeyCode::Right);
        }
        for _ in 0..6 {
            press(&mut app, KeyCode::Left);
        }
        press(&mut app, KeyCode::Down);
    }
    let found = "AUC DIN -0.0031 (-0.0041 to -0.0021) worse";
    assert!(
        texts.iter().any(|shown| shown.contains(found)),
        "{}",
        texts[0]
    );
    assert!(
        texts
            .iter()
            .any(|shown| shown.contains("AUC not tested on ml-small"))
    );
    // Beside the cell's point, too.
    assert!(
        texts.iter().all(|shown| shown.contains("-0.0031")),
        "{}",
        texts[0]
    );
}

fn text(screen: &ratatui::buffer::Buffer) -> String {
    screen.content().iter().map(|cell| cell.symbol()).collect()
}

/// A finished sweep over the shown run's subject.
fn swept() -> App {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3u");
    let request = begun(&mut app);
    feed(&mut app, &request, 10_000);
    app.apply(Event::SweepEnded {
        sweep: request.sweep,
    });
    app
}

#[test]
fn two_cells_texts_stand_beside_each_other() {
    let mut app = swept();
    keys(&mut app, "c");
    // Against the autoregressive text, which strict decoding reproduces.
    let alone = text(&draw(&app));
    assert!(alone.contains("100% in common, the same text"), "{alone}");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    parts("tune_texts", &mut app, "sweep");
    app.look.size = LARGE;
    let shown = text(&draw(&app));
    assert!(shown.contains("in common, differ after"), "{shown}");
    let before = shown.clone();
    keys(&mut app, "J");
    assert_ne!(text(&draw(&app)), before, "scrolled");
    keys(&mut app, "K");
    assert_eq!(text(&draw(&app)), before);
    for size in [SMALL, (60, 20), (200, 60)] {
        app.look.size = size;
        assert!(text(&draw(&app)).contains("in common"), "{size:?}");
    }
    keys(&mut app, "c");
    assert!(text(&draw(&app)).contains("speed-up over autoregressive"));
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen, Screen::Decode);
}

#[test]
fn texts_of_runs_that_are_not_made_are_waited_for() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3u");
    let request = begun(&mut app);
    feed(&mut app, &request, 2);
    keys(&mut app, "c");
    assert!(text(&draw(&app)).contains("in common"));
    press(&mut app, KeyCode::Down);
    let shown = text(&draw(&app));
    assert!(
        shown.contains("Not all of the two runs are made yet."),
        "{shown}"
    );
}

#[test]
fn a_report_is_written_in_the_form_chosen() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3E");
    assert!(app.dialog.is_none(), "there is no sweep");
    let mut app = swept();
    keys(&mut app, "E");
    parts_at("tune_report_menu", &mut app, SMALL, "dialog");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        app.take_effects(),
        [Effect::ExportSweep(SweepForm::Markdown)]
    );
}

#[test]
fn a_sweep_varies_branches_and_drafters_too() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3ugg");
    app.look.size = LARGE;
    let shown = text(&draw(&app));
    assert!(shown.contains("by branch: 4, 8, 16"), "{shown}");
    keys(&mut app, "g");
    let shown = text(&draw(&app));
    assert!(
        shown.contains("by drafter: blend, laser, chain, ngram"),
        "{shown}"
    );
    let request = begun(&mut app);
    feed(&mut app, &request, 4);
    keys(&mut app, "]");
    parts_at("tune_drafters", &mut app, LARGE, "sweep");
}

#[test]
fn every_size_is_drawn() {
    let mut app = moved();
    for size in [SMALL, (60, 20), (100, 30), (200, 60)] {
        app.look.size = size;
        draw(&app);
    }
}
