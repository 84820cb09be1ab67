//! The figures of made-up steps, by hand.

use super::*;
use crate::speculate::cost::CostProfile;
use crate::speculate::draft::{DraftTree, Origin};
use crate::speculate::params::Params;
use crate::speculate::test_support;
use crate::speculate::verify::Verdict;

fn origin(source: Source) -> Vec<Origin> {
    vec![Origin {
        source,
        matched: 2,
        count: 1,
        docs: Vec::new(),
    }]
}

/// A chain of two from the group, the first taken; and a branch of two from
/// the global pool, refused at once.
fn step() -> Step {
    let mut tree = DraftTree::root_only(0);
    tree.push(0, 1, 0.9, origin(Source::Group));
    tree.push(1, 2, 0.8, origin(Source::Group));
    tree.push(0, 3, 0.3, origin(Source::Global));
    tree.push(3, 4, 0.2, origin(Source::Global));
    let verdict = Verdict {
        fates: vec![
            Fate::Accepted,
            Fate::Rejected,
            Fate::Rejected,
            Fate::Unreached,
        ],
        path: vec![1],
        bonus: Some(7),
        finish: None,
    };
    Step {
        n_offered: 8,
        timing: Some(Timing {
            forward: 24.0,
            verify: 1.0,
            ..Timing::default()
        }),
        ..test_support::step(tree, verdict)
    }
}

fn cost() -> CostProfile {
    CostProfile::by_rows([(1, 10.0), (5, 20.0)])
}

fn header(cost: CostProfile) -> Header {
    Header {
        cost,
        ..test_support::header(Params::default())
    }
}

fn of_steps(n: usize) -> WhySlow {
    let mut why = WhySlow::new(&header(cost()));
    (0..n).for_each(|_| why.add(&step()));
    why
}

#[test]
fn a_step_must_commit_what_its_rows_cost() {
    let why = of_steps(1);
    let step = why.step_cost(&step()).expect("a cost table");
    assert_eq!(
        (step.rows, step.predicted_ms, step.measured_ms),
        (5, 20.0, Some(25.0))
    );
    assert_eq!((step.break_even, step.committed), (2.0, 2));
    let mean = MeanCost {
        rows: 5.0,
        predicted_ms: 20.0,
        measured_ms: Some(25.0),
        break_even: 2.0,
        committed: 2.0,
    };
    assert_eq!(why.mean_cost(), Some(mean));
    assert_eq!(why.mean_timing().map(|t| t.forward), Some(24.0));
    // Two passes of one row take 20 ms, too.
    assert_eq!(why.by_profile(), Some(1.0));
}

/// Steps without times change no figure of those with times, and have none themselves.
#[test]
fn times_that_are_not_recorded_are_not_0() {
    let untimed = Step {
        timing: None,
        ..step()
    };
    let mut why = of_steps(2);
    why.add(&untimed);
    assert_eq!(why.mean_timing().map(|t| t.total()), Some(25.0));
    assert_eq!(
        why.mean_cost().and_then(|cost| cost.measured_ms),
        Some(25.0)
    );
    assert_eq!(why.whole_fit(), of_steps(2).whole_fit());
    let mut why = WhySlow::new(&header(cost()));
    why.add(&untimed);
    assert_eq!((why.mean_timing(), why.whole_fit()), (None, None));
    assert_eq!(
        why.step_cost(&untimed).expect("a cost table").measured_ms,
        None
    );
    let said: Vec<String> = why.verdict(None).said.iter().map(Said::in_words).collect();
    assert!(said[0].contains("not recorded"), "{said:?}");
    assert!(!said.iter().any(|s| s.contains("0.00")), "{said:?}");
}

#[test]
fn wasted_rows_are_found_where_they_are() {
    let why = of_steps(2);
    assert_eq!((why.rows(), why.wasted_rows()), (10, 6));
    assert_eq!(why.wasted_share(), Some(0.6));
    // Three of five rows: t(5) - t(2) of t(5).
    assert_eq!(why.wasted_time(), Some(7.5 / 20.0));
    assert_eq!(why.worst(), Some((2, Some(Source::Global))));
    assert_eq!(of_steps(0).worst(), None);
}

#[test]
fn conditional_acceptance_counts_steps_in_which_a_draft_was_decided() {
    let why = of_steps(3);
    let group = why.of(Source::Group);
    assert_eq!(
        (group[0].conditional(), group[1].conditional()),
        (Some(1.0), Some(0.0))
    );
    let global = why.of(Source::Global);
    assert_eq!(
        (global[0].conditional(), global[1].conditional()),
        (Some(0.0), None)
    );
    assert_eq!(why.whole(Source::Group).drafted, 6);
}

#[test]
fn elsewhere_other_budgets_pay() {
    let why = of_steps(1);
    let (rows, speed_up) = why.elsewhere(Machine::Flat).expect("a step");
    assert_eq!((rows, speed_up), (8.0, 2.0));
    // 2.7 tokens for 15 ms are the best rate here.
    let (rows, speed_up) = why.elsewhere(Machine::Here).expect("a step");
    assert_eq!((rows, speed_up), (3.0, 2.0 / 1.5));
    let (rows, speed_up) = why.elsewhere(Machine::Steep).expect("a step");
    assert_eq!((rows, speed_up), (3.0, 1.0));
}

#[test]
fn without_a_cost_table_nothing_is_predicted() {
    let mut why = WhySlow::new(&header(CostProfile::default()));
    why.add(&step());
    assert_eq!(why.by_profile(), None);
    assert_eq!(why.step_cost(&step()), None);
    assert_eq!(why.wasted_share(), Some(0.6));
}

#[test]
fn the_costs_of_a_single_run_do_not_apply_to_one_of_a_batch() {
    let mut why = WhySlow::new(&Header {
        batch: 16,
        ..header(cost())
    });
    why.add(&step());
    assert_eq!(why.by_profile(), None);
    assert_eq!(why.step_cost(&step()), None);
    let said = why.verdict(None).said;
    assert!(said[0].in_words().contains("decoded in a batch"));
    assert!(!said.iter().any(|s| matches!(s, Said::NoBudget { .. })));
}
