//! The step debugger: time travel and phases, finding steps, why a token was accepted
//! or refused, where it came from, and where the time went.

use std::time::Duration;

use crossterm::event::KeyCode;
use laserscope::present::selection::TreeSelection;
use laserscope::present::step_phase::StepPhase;
use laserscope::protocol::{Command, Event};
use laserscope::speculate::params::{AcceptanceRule, Params};
use laserscope::speculate::trace::{End, TokenBytes, Trace};
use laserscope::speculate::verify::{Fate, Finish};
use laserscope::tui::app::App;
use laserscope::tui::app::model::ModelState;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::decode::state::{Cursor, Pane};
use laserscope::tui::screens::decode::step_filter::StepFilter;
use ratatui::buffer::Buffer;

use super::cut_out::{parts, parts_at};
use super::fixture;
use super::stage::{LARGE, SMALL, decoding, draw, ended, feed, keys, measured, press};

/// The letters of a screen, line by line.
fn letters(buffer: &Buffer) -> String {
    let rows = 0..buffer.area.height;
    let row = |y| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    };
    rows.map(row).collect::<Vec<String>>().join("\n")
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |n| n.text.as_str())
}

/// A finished run at its first step with a token of this fate, which is selected.
fn at_fate(fate: Fate) -> App {
    let trace = fixture::relaxed();
    let of_fate = |s: &laserscope::speculate::trace::Step| {
        let nodes = 1..s.tree.n_rows();
        nodes.rev().find(|&n| s.verdict.fate(n) == Some(fate))
    };
    let steps = trace.steps.iter();
    let found = steps.filter_map(|s| Some((s.index, of_fate(s)?)));
    let (step, node) = found.max_by_key(|f| f.1).expect("such a token");
    let mut app = ended(&trace);
    app.decode.go_to(Cursor::at(step));
    app.decode.selection = Some(TreeSelection::Draft(node));
    app
}

// ---- phases ----

#[test]
fn phases_are_walked_one_by_one_over_the_steps() {
    let mut app = ended(&fixture::relaxed());
    press(&mut app, KeyCode::Home);
    let mut seen = Vec::new();
    for _ in 0..5 {
        keys(&mut app, ".");
        seen.push((app.step_index(), app.decode.phase()));
    }
    let want = |step, phase| (Some(step), Some(phase));
    assert_eq!(
        seen,
        [
            want(0, StepPhase::Retrieve),
            want(0, StepPhase::Draft),
            want(0, StepPhase::Verify),
            want(0, StepPhase::Commit),
            want(1, StepPhase::Retrieve),
        ]
    );
    keys(&mut app, ",");
    assert_eq!(app.decode.phase(), Some(StepPhase::Commit));
    keys(&mut app, "f");
    assert_eq!(app.decode.phase(), None);
}

#[test]
fn a_phase_shows_what_was_known_by_then() {
    let mut app = at_fate(Fate::Rejected);
    app.look.size = LARGE;
    let step = app.step().expect("a step").clone();
    let mut shown = Vec::new();
    let mut pictures = Vec::new();
    for _ in StepPhase::ALL {
        keys(&mut app, ".");
        shown.push(app.n_cells_shown());
        pictures.push(letters(&draw(&app)));
    }
    let n = step.verdict.n_committed();
    assert_eq!(shown, [shown[0], shown[0], shown[0], shown[0] + n]);
    let rejected = |picture: &String| picture.contains("✗ '");
    let found: Vec<bool> = pictures.iter().map(rejected).collect();
    assert_eq!(found, [false, false, true, true]);
    let drafted = |picture: &String| picture.contains("├─'") || picture.contains("└─'");
    assert!(pictures[0].contains(" found ") && !drafted(&pictures[0]));
    assert!(pictures[1].contains("estimate") && drafted(&pictures[1]));
}

#[test]
fn the_phase_after_the_last_makes_a_step_of_a_paused_run() {
    let (mut app, run) = decoding(&fixture::relaxed(), 3);
    app.apply(Event::Paused { run, paused: true });
    let commands: Vec<_> = (0..5).map(|_| keys(&mut app, ".").len()).collect();
    assert_eq!(commands, [0, 0, 0, 0, 1]);
}

#[test]
fn phases_are_drawn() {
    let mut app = at_fate(Fate::Relaxed);
    for phase in StepPhase::ALL {
        keys(&mut app, ".");
        parts(
            &format!("phase_{}", phase.name()),
            &mut app,
            "text tree steps token",
        );
    }
}

// ---- finding ----

#[test]
fn bookmarks_are_set_jumped_to_and_taken_away() {
    let mut app = ended(&fixture::relaxed());
    for step in ["3", "9", "20"] {
        keys(&mut app, "g");
        keys(&mut app, step);
        press(&mut app, KeyCode::Enter);
        keys(&mut app, "B");
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        keys(&mut app, "'");
        seen.push(app.step_index());
    }
    assert_eq!(seen, [Some(2), Some(8), Some(19), Some(2)]);
    keys(&mut app, "B'");
    assert_eq!(app.step_index(), Some(8));
    app.notice = None;
    parts("bookmarks", &mut app, "text tree steps token");
}

#[test]
fn the_text_is_searched_token_by_token() {
    let mut app = ended(&fixture::relaxed());
    press(&mut app, KeyCode::Home);
    keys(&mut app, "/CRIME");
    let first = app.step_index();
    assert_eq!(app.matches().len(), 2);
    parts("search", &mut app, "text tree steps token footer dialog");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.decode.step_filter, StepFilter::Text);
    keys(&mut app, "]");
    assert!(app.step_index() > first);
    keys(&mut app, "]");
    assert!(
        notice(&app).starts_with("No later match"),
        "{}",
        notice(&app)
    );
    keys(&mut app, "[");
    assert_eq!(app.step_index(), first);
    press(&mut app, KeyCode::Esc);
    assert!(app.decode.search.is_none() && app.decode.step_filter == StepFilter::Relaxed);
    keys(&mut app, "/xyzzy");
    press(&mut app, KeyCode::Enter);
    assert!(notice(&app).contains("does not occur"), "{}", notice(&app));
}

#[test]
fn a_match_over_several_tokens_is_found() {
    let app = ended(&fixture::relaxed());
    let record = app.record().expect("a record");
    let found = record.find("directed by michael");
    assert_eq!(found.len(), 1);
    let text: String = record.cells[found[0].clone()]
        .iter()
        .map(|c| c.text.as_str())
        .collect();
    assert_eq!(text, " directed by Michael");
    assert!(record.find("").is_empty());
}

#[test]
fn what_is_looked_for_changes_with_one_key() {
    let mut app = ended(&fixture::relaxed());
    let names: Vec<String> = (0..4)
        .map(|_| {
            keys(&mut app, "v");
            app.decode.step_filter.name()
        })
        .collect();
    assert_eq!(
        names,
        ["rejected", "nothing accepted", "pool miss", "relaxed"]
    );
}

#[test]
fn a_condition_is_typed_with_suggestions() {
    let mut app = ended(&fixture::relaxed());
    press(&mut app, KeyCode::Home);
    keys(&mut app, "m");
    parts("condition", &mut app, "text tree steps token footer dialog");
    keys(&mut app, "rej");
    press(&mut app, KeyCode::Tab);
    keys(&mut app, " and rel");
    press(&mut app, KeyCode::Down);
    parts("condition_typed", &mut app, "dialog");
    press(&mut app, KeyCode::Enter);
    assert!(app.dialog.is_some(), "Enter takes the word first");
    press(&mut app, KeyCode::Enter);
    assert!(app.dialog.is_none() && notice(&app).contains("rejected and relaxed"));
    let step = app.step().expect("a step");
    assert!(step.verdict.count(Fate::Rejected) > 0 && step.verdict.count(Fate::Relaxed) > 0);
    keys(&mut app, "m<");
    press(&mut app, KeyCode::Enter);
    assert!(
        notice(&app).contains("expected a number"),
        "{}",
        notice(&app)
    );
    assert!(app.dialog.is_some(), "what is wrong can be mended");
}

#[test]
fn an_example_is_chosen_with_the_arrows() {
    let mut app = ended(&fixture::relaxed());
    press(&mut app, KeyCode::Home);
    keys(&mut app, "m");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    assert!(app.dialog.is_none());
    assert_eq!(app.decode.step_filter.name(), "rejected");
}

#[test]
fn the_drafts_of_a_document_are_walked() {
    let mut app = ended(&fixture::relaxed());
    assert!(!app.show_drafts_of("no such document"));
    assert!(app.show_drafts_of("i003"));
    let mut n = 0;
    loop {
        let (Some(step), Some(TreeSelection::Draft(node))) = (app.step(), app.selection()) else {
            panic!("a draft is picked");
        };
        let origins = &step.tree.nodes[node].origins;
        assert!(
            origins
                .iter()
                .any(|o| o.docs.iter().any(|d| d.doc == "i003"))
        );
        let before = app.step_index();
        keys(&mut app, "]");
        n += 1;
        if app.step_index() == before {
            break;
        }
    }
    assert!(n > 1);
}

// ---- why, and where from ----

#[test]
fn every_fate_is_explained_in_a_sentence_and_in_numbers() {
    let said = |fate| {
        let mut app = at_fate(fate);
        app.look.size = LARGE;
        app.decode.focus(Pane::Token);
        keys(&mut app, "z");
        letters(&draw(&app))
    };
    assert!(said(Fate::Accepted).contains("would have chosen the same"));
    let relaxed = said(Fate::Relaxed);
    assert!(relaxed.contains("the rule accepts this one too") && relaxed.contains("> tau .10"));
    let rejected = said(Fate::Rejected);
    assert!(
        rejected.contains("the model prefers") && rejected.contains("> k 2;"),
        "{rejected}"
    );
    let lost = said(Fate::Lost);
    assert!(
        lost.contains("the branch with '") && lost.contains(" beat "),
        "{lost}"
    );
    assert!(said(Fate::Unreached).contains("never judged: '"));
}

#[test]
fn what_stands_around_a_draft_in_its_document_is_shown() {
    let mut app = at_fate(Fate::Rejected);
    app.look.size = LARGE;
    app.decode.focus(Pane::Token);
    keys(&mut app, "z");
    let picture = letters(&draw(&app));
    assert!(picture.contains("follows a crew, and it is"), "{picture}");
    assert!(picture.contains(", crime"), "{picture}");
}

#[test]
fn the_document_of_a_draft_opens_on_the_pool_screen() {
    let mut app = at_fate(Fate::Rejected);
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen, Screen::Pool);
    let doc = app.document_in_view().expect("a document").to_string();
    assert!(app.show_drafts_of(&doc));
    assert_eq!(app.screen, Screen::Decode);
    while app.selection() != Some(TreeSelection::Root) {
        press(&mut app, KeyCode::Up);
    }
    keys(&mut app, "d");
    assert!(notice(&app).starts_with("No document"), "{}", notice(&app));
}

#[test]
fn fates_are_explained_on_the_screen() {
    for (name, fate) in [
        ("rejected", Fate::Rejected),
        ("lost", Fate::Lost),
        ("unreached", Fate::Unreached),
    ] {
        let mut app = at_fate(fate);
        parts(&format!("why_{name}"), &mut app, "text tree steps token");
    }
}

// ---- branches ----

/// The run of a branch that was asked for, with its first steps.
fn begin_branch(app: &mut App, commands: &[Command], n_steps: usize) {
    let request = commands.iter().find_map(|c| match c {
        Command::Generate(request) => Some(request),
        _ => None,
    });
    let request = request.expect("a request");
    let trace = fixture::relaxed();
    let mut header = trace.header.clone();
    header.branch = request.branch.clone();
    let ids = request.branch.iter().flat_map(|b| b.ids());
    let bytes = ids.map(|id| (id, TokenBytes::new(trace.token_bytes(id))));
    header.tokens.extend(bytes);
    let (run, purpose, header) = (request.run, request.purpose, Box::new(header));
    app.apply(Event::RunStarted {
        run,
        purpose,
        header,
    });
    feed(app, run, &trace, 0..n_steps);
}

#[test]
fn a_run_branches_with_a_forced_token_and_hangs_below_its_parent() {
    let mut app = at_fate(Fate::Relaxed);
    let (step, parent) = (app.step_index().expect("a step"), app.session.shown);
    let ids = app.record().expect("a record").ids.clone();
    let (within, taken) = app.fork().map(|f| (f.within, f.taken)).expect("a fork");
    keys(&mut app, "b");
    press(&mut app, KeyCode::Down);
    parts("branch", &mut app, "text tree footer dialog");
    let forced = app.fork().expect("a fork").top[0].0;
    assert_ne!(
        Some(forced),
        taken,
        "the model would have said something else"
    );
    let commands = press(&mut app, KeyCode::Enter);
    begin_branch(&mut app, &commands, 3);
    let record = app.record().expect("a record");
    let branch = record.trace.header.branch.clone().expect("a branch");
    assert_eq!((branch.of.step, branch.of.within), (step, within));
    assert_eq!(branch.forced, Some(forced));
    assert!(ids.starts_with(&branch.prefix) && record.ids.starts_with(&branch.prefix));
    assert_eq!(app.run().and_then(|r| r.parent), parent);
    parts(
        "branched",
        &mut app,
        "strip text tree steps token pool speed",
    );
    keys(&mut app, "o");
    parts("runs_tree", &mut app, "footer dialog");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.session.shown, parent, "the parent is listed first");
}

#[test]
fn a_run_branches_from_the_beginning_of_a_step_with_the_settings_of_now() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "g7");
    press(&mut app, KeyCode::Enter);
    keys(&mut app, "b");
    let commands = press(&mut app, KeyCode::Enter);
    let Some(Command::Generate(request)) = commands.last() else {
        panic!("{commands:?}");
    };
    let branch = request.branch.as_ref().expect("a branch");
    assert_eq!(
        (branch.of.step, branch.of.within, branch.forced),
        (6, 0, None)
    );
    assert_eq!(request.params, app.next.params);
}

#[test]
fn a_replay_without_a_model_says_that_a_branch_needs_one() {
    let mut app = ended(&fixture::relaxed());
    app.engine.model = ModelState::None;
    keys(&mut app, "b");
    assert!(notice(&app).contains("needs a model"), "{}", notice(&app));
}

// ---- why slow ----

#[test]
fn where_the_time_went_is_told() {
    let mut app = measured();
    keys(&mut app, "w");
    parts("why_slow", &mut app, "strip footer dialog");
    let before = app.step_index();
    press(&mut app, KeyCode::Left);
    assert_eq!(app.step_index(), before.map(|at| at - 1));
    app.look.size = SMALL;
    for _ in 0..40 {
        press(&mut app, KeyCode::Down);
    }
    app.look.size = SMALL;
    parts_at(
        "why_slow_scrolled",
        &mut app,
        SMALL,
        "text tree token dialog",
    );
    keys(&mut app, "w");
    assert!(app.dialog.is_none());
}

#[test]
fn parameters_that_changed_on_the_way_are_known_at_every_step() {
    let mut trace = fixture::relaxed();
    let strict = Params {
        verify: AcceptanceRule::Strict,
        ..trace.header.params
    };
    let before = ended(&trace);
    let rule = before.record().and_then(|r| r.rule_throughout());
    assert_eq!(rule, Some(trace.header.params.verify));
    trace.steps[5].params = Some(strict);
    trace.steps[9].params = Some(trace.header.params);
    let app = ended(&trace);
    let record = app.record().expect("a record");
    for step in 0..trace.steps.len() {
        assert_eq!(record.params_at(step), trace.params_at(step));
    }
    assert_eq!(record.rule_throughout(), None);
}

// ---- a long run ----

fn ended_long(trace: &Trace) -> App {
    let (mut app, run) = decoding(trace, trace.steps.len());
    let end = End {
        finish: Finish::Length,
        steps: trace.steps.len(),
        tokens: 0,
        decode_ms: Some(0.0),
    };
    app.apply(Event::RunEnded { run, end });
    app
}

/// Processor time of this thread: other programs do not count.
#[cfg(unix)]
fn now() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call fills in the struct it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(unix))]
fn now() -> Duration {
    static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(std::time::Instant::now).elapsed()
}

pub fn fastest(app: &App) -> Duration {
    let times = (0..200).map(|_| {
        let begun = now();
        draw(app);
        now() - begun
    });
    times.min().expect("some frames")
}

/// What a frame may cost; `cargo bench --bench frames` has it at a sixth of that.
pub const LIMIT: Duration = Duration::from_millis(4);

#[test]
fn a_frame_of_a_long_run_is_drawn_in_time() {
    let mut app = ended_long(&fixture::heavy(2000));
    app.look.size = LARGE;
    keys(&mut app, "x");
    assert!(app.record().expect("a record").ids.len() > 4000);
    let phase = Some(StepPhase::Verify);
    for cursor in [
        Cursor::Follow,
        Cursor::at(700),
        Cursor::At { step: 1999, phase },
    ] {
        app.decode.go_to(cursor);
        let time = fastest(&app);
        assert!(time < LIMIT, "{time:?} at {cursor:?}");
    }
    for pressed in ["w", "w/the"] {
        keys(&mut app, pressed);
        let time = fastest(&app);
        assert!(time < LIMIT, "{time:?} with {pressed}");
    }
}
