//! The Compare screen, and what it says about two runs: where and why they diverge, and
//! whether strict decoding was lossless.

use std::time::Duration;

use crossterm::event::KeyCode;
use laserscope::present::selection::TreeSelection;
use laserscope::protocol::Command;
use laserscope::speculate::compare::{
    Cause, Lossless, NotTaken, Side, divergence, in_common, lossless, slower,
};
use laserscope::speculate::params::{AcceptanceRule, Params};
use laserscope::speculate::same_run::HeaderDifference;
use laserscope::speculate::stats::agreement;
use laserscope::speculate::trace::Trace;
use laserscope::speculate::verify::Finish;
use laserscope::tui::action::Action;
use laserscope::tui::app::App;
use laserscope::tui::dialogs::choose::ChooseRun;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::compare::state::{Choice, Race};

use proptest::prelude::*;

use super::cut_out::{parts, parts_at, screen};
use super::fixture;
use super::stage::{LARGE, SMALL, ended, keys, measured, press, ready};

fn with(verify: AcceptanceRule) -> Trace {
    fixture::run(
        7,
        Params {
            verify,
            ..Params::default()
        },
    )
}

#[test]
fn strict_is_held_against_autoregressive() {
    let (strict, plain) = (
        with(AcceptanceRule::Strict),
        with(AcceptanceRule::Autoregressive),
    );
    let n_tokens = plain.committed().count();
    assert_eq!(lossless(&strict, &plain), Lossless::Holds { n_tokens });
    assert!(matches!(
        lossless(&with(AcceptanceRule::default()), &plain),
        Lossless::NotComparable(_)
    ));
    let mut cut = strict.clone();
    cut.end.as_mut().expect("an end").finish = Finish::Cancelled;
    assert!(matches!(lossless(&cut, &plain), Lossless::NotComparable(_)));
    let mut other = strict.clone();
    other.header.params.repeat_penalty = 1.3;
    assert!(matches!(
        lossless(&other, &plain),
        Lossless::NotComparable(_)
    ));
}

#[test]
fn what_is_in_common_forgives_a_token_more() {
    let text: Vec<u32> = (10..50).collect();
    let mut longer = text.clone();
    longer.insert(5, 7);
    assert!(agreement(&text, &longer) < 0.2);
    assert!(in_common(&text, &longer) > 0.98);
    assert_eq!(in_common(&[], &[]), 1.0);
    assert_eq!(in_common(&[1, 2], &[3]), 0.0);
}

proptest! {
    #[test]
    fn in_common_is_a_share_and_at_least_what_agrees(
        a in prop::collection::vec(0u32..5, 0..30),
        b in prop::collection::vec(0u32..5, 0..30),
    ) {
        let common = in_common(&a, &b);
        prop_assert!((0.0..=1.0).contains(&common));
        prop_assert!(common + 1e-12 >= agreement(&a, &b));
        prop_assert_eq!(common, in_common(&b, &a));
        prop_assert_eq!(in_common(&a, &a), 1.0);
    }
}

#[test]
fn a_token_the_rule_let_through_is_the_cause() {
    let (relaxed, plain) = (
        with(AcceptanceRule::default()),
        with(AcceptanceRule::Autoregressive),
    );
    let found = divergence(&relaxed, &plain).expect("they part");
    let Cause::Relaxed {
        side,
        step,
        p,
        argmax_p,
        other,
        ..
    } = found.cause
    else {
        panic!("{found:?}");
    };
    assert_eq!(side, Side::Left);
    assert_eq!(step, found.left.expect("a token").by.expect("a step").step);
    assert!(p.expect("judged") < argmax_p.expect("recorded"));
    let rule = AcceptanceRule::Autoregressive;
    assert_eq!(other, NotTaken::Refused { rule });
    assert_eq!(
        found.at,
        laserscope::speculate::stats::first_difference(&relaxed.token_ids(), &plain.token_ids())
            .expect("they part")
    );
    let swapped = divergence(&plain, &relaxed).expect("they part");
    assert!(matches!(
        swapped.cause,
        Cause::Relaxed {
            side: Side::Right,
            ..
        }
    ));
    assert_eq!(divergence(&plain, &plain), None);
}

fn named(differing: &[HeaderDifference]) -> Vec<&str> {
    differing.iter().map(|d| d.what.as_str()).collect()
}

/// The same run with a step's token replaced, as by a near-tie.
fn flipped(trace: &Trace, at: usize) -> Trace {
    let mut other = Trace::new(trace.header.clone());
    for (i, step) in trace.steps.iter().enumerate() {
        let mut step = step.clone();
        if i == at {
            let row = step.rows[0].as_mut().expect("recorded");
            row.top.swap(0, 1);
            step.verdict.bonus = Some(row.top[0].0);
        }
        other.push(step);
    }
    other.end = trace.end.clone();
    other
}

#[test]
fn two_first_choices_that_differ_are_numeric_with_their_margins() {
    let plain = with(AcceptanceRule::Autoregressive);
    let found = divergence(&plain, &flipped(&plain, 5)).expect("they part");
    assert_eq!(found.at, 5);
    let Cause::Numeric {
        left,
        right,
        differing,
    } = &found.cause
    else {
        panic!("{found:?}");
    };
    assert!(differing.is_empty());
    assert!(left.p.is_some());
    assert_eq!(left.p, right.other_p);
    assert!(left.in_logits().expect("recorded") > 0.0);
    let strict = with(AcceptanceRule::Strict);
    assert!(matches!(
        lossless(&strict, &flipped(&plain, 5)),
        Lossless::Broken(_)
    ));
}

#[test]
fn other_parameters_prompts_and_ends_are_causes() {
    let plain = with(AcceptanceRule::Autoregressive);
    let mut other = flipped(&plain, 3);
    other.header.params.repeat_penalty = 1.0;
    let cause = |a: &Trace, b: &Trace| divergence(a, b).expect("they part").cause;
    let Cause::Parameters(differing) = cause(&plain, &other) else {
        panic!("the penalty");
    };
    assert_eq!(named(&differing), ["repetition penalty"]);
    other.header.params.repeat_penalty = plain.header.params.repeat_penalty;
    other.header.device = Some("cuda".into());
    let Cause::Numeric { differing, .. } = cause(&plain, &other) else {
        panic!("the device");
    };
    assert_eq!(named(&differing), ["device"]);
    other.header.prompt_ids[0] += 1;
    assert_eq!(cause(&plain, &other), Cause::Prompt);
    let mut short = Trace::new(plain.header.clone());
    plain.steps[..4].iter().for_each(|s| short.push(s.clone()));
    assert_eq!(divergence(&plain, &short), None, "it goes on still");
    let end = plain.end.clone().expect("an end");
    short.end = Some(laserscope::speculate::trace::End {
        finish: Finish::Length,
        ..end
    });
    let ended = Cause::Ended {
        side: Side::Right,
        finish: Some(Finish::Length),
    };
    assert_eq!(cause(&plain, &short), ended);
}

#[test]
fn what_a_branch_took_over_is_compared_and_a_forced_token_is_a_cause() {
    let plain = with(AcceptanceRule::Autoregressive);
    let after = |forced| {
        let mut branch = Trace::new(plain.header.clone());
        branch.header.branch = Some(plain.branch_at(4, 0, forced));
        let n = 4 + usize::from(forced.is_some());
        plain.steps[n..].iter().for_each(|s| branch.push(s.clone()));
        branch.end = plain.end.clone();
        branch
    };
    assert_eq!(divergence(&plain, &after(None)), None);
    let found = divergence(&plain, &after(Some(1))).expect("they part");
    assert_eq!(found.at, 4);
    let forced = Cause::Branched {
        side: Side::Right,
        is_forced: true,
    };
    assert_eq!(found.cause, forced);
    let strict = with(AcceptanceRule::Strict);
    assert!(matches!(
        lossless(&strict, &after(None)),
        Lossless::NotComparable(_)
    ));
    assert_eq!(
        laserscope::speculate::compare::arrivals(&after(None)).expect("timed")[0],
        (0.0, 4)
    );
}

#[test]
fn the_shown_run_is_compared_with_its_reference() {
    let mut app = measured();
    keys(&mut app, "4");
    let run = app.session.shown.expect("a run");
    assert_eq!(app.compare.left, Some(Choice::Run(run)));
    let plain = Choice::Reference {
        of: run,
        verify: AcceptanceRule::Autoregressive,
    };
    assert_eq!(app.compare.right, Some(plain));
    assert!(matches!(app.compare.lossless, Some(Lossless::Holds { .. })));
    screen("compare_large", &mut app, LARGE);
    parts_at(
        "compare_small",
        &mut app,
        SMALL,
        "header left right figures footer",
    );
    keys(&mut app, "b");
    assert!(app.dialog_of::<ChooseRun>().is_some());
    parts("compare_choose", &mut app, "dialog");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    let strict = Choice::Reference {
        of: run,
        verify: AcceptanceRule::Strict,
    };
    assert_eq!(app.compare.right, Some(strict));
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen, Screen::Decode);
    let Some(TreeSelection::Draft(node)) = app.selection() else {
        panic!("a draft");
    };
    let fate = app.step().expect("a step").verdict.fate(node);
    assert_eq!(fate, Some(laserscope::speculate::verify::Fate::Relaxed));
}

fn replaying(traces: &[&Trace]) -> App {
    App::new(laserscope::tui::Start {
        replay: traces.iter().map(|&t| t.clone()).collect(),
        ..super::stage::start()
    })
}

/// Recordings count like runs of the session.
#[test]
fn recordings_are_opened_beside_each_other() {
    let (strict, plain) = (
        with(AcceptanceRule::Strict),
        with(AcceptanceRule::Autoregressive),
    );
    let mut app = replaying(&[&strict, &plain]);
    assert_eq!(app.session.runs.len(), 2);
    assert_eq!(
        app.record().expect("a record").trace,
        strict,
        "the first is shown"
    );
    keys(&mut app, "4");
    let compared =
        [Side::Left, Side::Right].map(|side| app.compared(side).expect("a run").trace.clone());
    assert!(compared == [strict.clone(), plain]);
    assert!(matches!(app.compare.lossless, Some(Lossless::Holds { .. })));
    app.open(with(AcceptanceRule::default()));
    assert_eq!(app.screen, Screen::Compare, "it is opened where one looks");
    keys(&mut app, "d");
    let verify = |app: &App| {
        app.compared(Side::Right)
            .expect("a run")
            .trace
            .header
            .params
            .verify
    };
    assert_eq!(verify(&app), AcceptanceRule::default());
    app.open(strict);
    assert_eq!(app.session.runs.len(), 3, "it was open already");
}

#[test]
fn the_pair_goes_with_the_run_that_is_shown() {
    let mut app = replaying(&[
        &with(AcceptanceRule::Strict),
        &with(AcceptanceRule::Autoregressive),
    ]);
    keys(&mut app, "4");
    let pair = (app.compare.left, app.compare.right);
    keys(&mut app, "24");
    assert_eq!((app.compare.left, app.compare.right), pair);
    keys(&mut app, "2");
    app.open(with(AcceptanceRule::default()));
    keys(&mut app, "4");
    assert_eq!(app.compare.left.map(Choice::run), app.session.shown);
}

#[test]
fn without_a_reference_nothing_is_claimed_and_r_makes_it() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "4");
    assert_eq!(app.compare.right, None);
    assert_eq!(app.compare.lossless, None);
    screen("compare_unchecked_small", &mut app, SMALL);
    parts_at(
        "compare_unchecked_large",
        &mut app,
        LARGE,
        "left right figures",
    );
    let commands = keys(&mut app, "r");
    assert!(commands.iter().any(|c| matches!(c, Command::Generate(_))));
    assert_eq!(app.screen, Screen::Compare);
    let mut empty = ready();
    keys(&mut empty, "4");
    assert!(keys(&mut empty, "r").is_empty());
}

#[test]
fn a_race_goes_by_the_recorded_times_and_can_be_paused() {
    let mut app = measured();
    keys(&mut app, "4 ");
    assert_eq!(app.compare.race, Race::Running(0.0));
    assert!(app.is_moving());
    assert_eq!(app.compare.n_shown(Side::Left), 0);
    app.update(Action::Tick(Duration::from_millis(600)));
    let comparison = app.compare.comparison.as_ref().expect("a comparison");
    for side in [Side::Left, Side::Right] {
        let by_then = comparison.arrivals_of(side).iter().filter(|a| a.0 <= 600.0);
        let n = by_then.max_by_key(|a| a.1).expect("the start").1;
        assert_eq!(app.compare.n_shown(side), n);
    }
    assert!(app.compare.n_shown(Side::Left) > app.compare.n_shown(Side::Right));
    keys(&mut app, " ");
    assert!(!app.is_moving());
    parts("compare_race", &mut app, "left right figures");
    keys(&mut app, " ");
    for _ in 0..200 {
        app.update(Action::Tick(Duration::from_millis(250)));
    }
    assert_eq!(app.compare.race, Race::Over);
}

/// Times of pairs take the place of the runs' own: the factors still multiply to the
/// ratio, and the run's own times change nothing.
#[test]
fn times_of_pairs_are_taken_apart_alike() {
    let (a, b) = (fixture::relaxed(), fixture::strict());
    let own = slower(&a, &b).expect("both have times");
    let times = own.paces.map(|pace| pace.ms_per_token);
    for ms in [times, [2.0, 5.0], [5.0, 2.0], [3.0, 3.0]] {
        let timed = own.timed(ms);
        assert!(timed.times >= 1.0);
        let product: f64 = timed.factors.iter().map(|f| f.times).product();
        assert!((product / timed.times - 1.0).abs() < 1e-9, "{timed:?}");
        assert_eq!(timed.paces.map(|pace| pace.ms_per_token), ms);
        assert_eq!(
            timed.side,
            if ms[0] > ms[1] {
                Side::Left
            } else {
                Side::Right
            }
        );
    }
    assert!((own.timed(times).times - own.times).abs() < 1e-9);
}
