//! Runs that are not shown move to disk beyond a bound, and are unchanged when shown again.

use laserscope::protocol::Event;
use laserscope::speculate::compare::{Lossless, Side};
use laserscope::speculate::params::{AcceptanceRule, Params};
use laserscope::speculate::trace::Trace;
use laserscope::tui::app::App;
use laserscope::tui::runs::spill::Spill;
use laserscope::tui::screens::catalog::detail::summary;
use laserscope::tui::screens::compare::state::Choice;

use super::fixture;
use super::stage::{begin, draw, feed, keys, measured, ready};

/// With times in whole microseconds, as the engine records them.
fn trace(seed: u64, verify: AcceptanceRule) -> Trace {
    let mut trace = fixture::run(
        seed,
        Params {
            verify,
            ..Params::default()
        },
    );
    let rounded = |ms: &mut f64| *ms = (*ms * 1000.0).round() / 1000.0;
    for step in &mut trace.steps {
        let timing = step.timing.as_mut().expect("timed");
        let parts = [
            &mut timing.retrieve,
            &mut timing.draft,
            &mut timing.forward,
            &mut timing.verify,
            &mut timing.commit,
        ];
        parts.into_iter().for_each(rounded);
    }
    let ends = trace.end.iter_mut();
    ends.filter_map(|end| end.decode_ms.as_mut())
        .for_each(rounded);
    trace
}

/// A session of whole runs, one a trace, with so much memory for them.
fn session(traces: &[Trace], in_memory_bytes: usize) -> App {
    let mut app = ready();
    app.session.in_memory_bytes = in_memory_bytes;
    for trace in traces {
        let back = keys(&mut app, "1");
        assert!(
            back.iter()
                .all(|c| !format!("{c:?}").starts_with("Generate"))
        );
        let run = begin(&mut app, trace);
        feed(&mut app, run, trace, 0..trace.steps.len());
        let end = trace.end.clone().expect("an end");
        app.apply(Event::RunEnded { run, end });
    }
    app
}

fn n_in_memory(app: &App) -> usize {
    app.session
        .runs
        .iter()
        .filter(|r| r.record.is_some())
        .count()
}

fn traces(n: u64) -> Vec<Trace> {
    (0..n)
        .map(|seed| trace(seed, AcceptanceRule::default()))
        .collect()
}

#[test]
fn a_long_session_stays_within_its_memory() {
    let traces = traces(40);
    let app = session(&traces, usize::MAX);
    let all: usize = app
        .session
        .runs
        .iter()
        .filter_map(|r| r.record.as_ref())
        .map(|r| r.n_bytes)
        .sum();
    let bound = all / 8;
    let app = session(&traces, bound);
    let here = app.session.runs.iter().filter_map(|r| r.record.as_ref());
    let n_bytes: usize = here.map(|r| r.n_bytes).sum();
    assert!(n_bytes <= bound, "{n_bytes} of {bound}");
    assert!(
        (1..=8).contains(&n_in_memory(&app)),
        "{}",
        n_in_memory(&app)
    );
    assert_eq!(app.choices().len(), 40, "all of them can be compared");
}

#[test]
fn what_is_on_disk_is_listed_and_opened_as_before() {
    let traces = traces(6);
    let (mut all, mut few) = (session(&traces, usize::MAX), session(&traces, 1));
    assert_eq!(n_in_memory(&few), 1, "the one that is shown");
    for app in [&mut all, &mut few] {
        keys(app, "o");
    }
    assert_eq!(draw(&all), draw(&few), "the list of runs");
    let lines = |app: &App| -> Vec<String> { app.session.runs.iter().map(summary).collect() };
    assert_eq!(lines(&all), lines(&few));
    // The oldest is the last of the list.
    for app in [&mut all, &mut few] {
        (1..traces.len())
            .for_each(|_| drop(super::stage::press(app, crossterm::event::KeyCode::Down)));
        super::stage::press(app, crossterm::event::KeyCode::Enter);
    }
    let first = few.session.runs[0].id;
    assert_eq!(few.session.shown, Some(first));
    let (before, after) = (all.record().expect("a run"), few.record().expect("a run"));
    assert_eq!(before.trace, after.trace);
    assert_eq!(before.stats, after.stats);
    assert_eq!(draw(&all), draw(&few), "the run itself");
    keys(&mut few, "1");
    assert_eq!(
        n_in_memory(&few),
        1,
        "the one shown before has gone to disk"
    );
}

#[test]
fn a_run_on_disk_is_compared_judged_and_saved() {
    let pair = [
        trace(7, AcceptanceRule::Strict),
        trace(7, AcceptanceRule::Autoregressive),
    ];
    let others = traces(3);
    let all: Vec<Trace> = pair.iter().chain(&others).cloned().collect();
    let mut app = session(&all, 1);
    assert!(app.session.runs[0].record.is_none() && app.session.runs[1].record.is_none());
    for (run, trace) in app.session.runs.iter().zip(&all) {
        let read = app.trace_of(Choice::Run(run.id)).expect("the run");
        assert_eq!(*read, *trace, "as it would be saved");
    }
    app.compare.left = Some(Choice::Run(app.session.runs[0].id));
    app.session.shown = app.compare.left.map(Choice::run);
    keys(&mut app, "4");
    let compared = [Side::Left, Side::Right].map(|side| app.compared(side).expect("a run"));
    assert!(compared.map(|r| r.trace.clone()) == pair);
    assert!(matches!(app.compare.lossless, Some(Lossless::Holds { .. })));
    app.open(others[1].clone());
    app.open(others[1].clone());
    assert_eq!(app.session.runs.len(), 6, "a recording is opened once");
}

#[test]
fn a_recording_on_disk_is_not_opened_again() {
    let [a, b, c] = [1, 2, 3].map(|seed| trace(seed, AcceptanceRule::default()));
    let mut app = ready();
    app.session.in_memory_bytes = 1;
    for trace in [&a, &b, &c, &a] {
        app.open(trace.clone());
        keys(&mut app, "?");
        super::stage::press(&mut app, crossterm::event::KeyCode::Esc);
    }
    assert_eq!(app.session.runs.len(), 3);
    assert_eq!(n_in_memory(&app), 1);
    assert_eq!(app.record().expect("a run").trace, a);
}

#[test]
fn references_go_to_disk_with_their_run() {
    let mut app = measured();
    app.session.in_memory_bytes = 1;
    let of = app.session.shown.expect("a run");
    let verify = AcceptanceRule::Autoregressive;
    let reference = Choice::Reference { of, verify };
    let before = app.record_of(reference).expect("a reference").ids.clone();
    keys(&mut app, "1");
    let trace = trace(1, AcceptanceRule::default());
    let run = begin(&mut app, &trace);
    feed(&mut app, run, &trace, 0..trace.steps.len());
    assert!(app.record_of(reference).is_none(), "it is on disk");
    assert_eq!(app.trace_of(reference).expect("read").token_ids(), before);
    app.compare.left = Some(Choice::Run(of));
    app.compare.right = Some(reference);
    app.session.shown = Some(of);
    keys(&mut app, "4");
    assert_eq!(app.compared(Side::Right).expect("a run").ids, before);
}

#[test]
fn a_spilled_trace_comes_back_and_others_are_told_apart() {
    let spill = Spill::default();
    let traces = traces(3);
    let slots = traces.iter().map(|t| spill.put(t).expect("written"));
    let slots: Vec<_> = slots.collect();
    for (slot, trace) in slots.iter().zip(&traces).rev() {
        assert_eq!(spill.get(*slot).expect("read"), *trace);
        assert!(spill.holds(*slot, trace));
    }
    assert!(!spill.holds(slots[0], &traces[1]));
}
