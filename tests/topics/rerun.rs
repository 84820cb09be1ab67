//! A what-if agrees with its rerun: the steps that it calls exact are the rerun's, bit
//! for bit, and so is the first step that commits other tokens.

use laserscope::engine::{Engine, RunSpec};
use laserscope::speculate::cost::CostProfile;
use laserscope::speculate::draft::DraftTree;
use laserscope::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, Drafter, Params};
use laserscope::speculate::trace::{Step, Trace};
use laserscope::speculate::whatif::{Change, Knob, Rejudged, WhatIf, what_if};
use proptest::prelude::*;

use super::engine::{engine, knowledge, params, run, spec, text};

/// The recorded tree without what would not have been drafted, and its nodes' numbers.
fn cut(step: &Step, again: &Rejudged) -> (DraftTree, Vec<usize>) {
    let kept: Vec<usize> = (0..step.tree.n_rows())
        .filter(|&node| again.is_kept(node))
        .collect();
    let number = |node: usize| kept.iter().position(|&k| k == node);
    let nodes = kept.iter().map(|&node| {
        let mut node = step.tree.nodes[node].clone();
        node.parent = node.parent.and_then(number);
        node
    });
    let tree = DraftTree {
        nodes: nodes.collect(),
    };
    (tree, kept)
}

fn assert_step(was: &Step, again: &Rejudged, is: &Step) {
    assert_eq!(was.context_len, is.context_len);
    let (tree, kept) = cut(was, again);
    assert_eq!(tree, is.tree, "step {}", was.index + 1);
    let drafted = || kept.iter().skip(1);
    let rows: Vec<_> = kept.iter().map(|&node| &was.rows[node]).collect();
    assert_eq!(rows, is.rows.iter().collect::<Vec<_>>());
    let judged: Vec<_> = drafted().map(|&node| was.judged[node - 1]).collect();
    assert_eq!(judged, is.judged);
    let fates: Vec<_> = drafted().map(|&node| again.fate(node).unwrap()).collect();
    assert_eq!(fates, is.verdict.fates);
    let path = is.verdict.path.iter().map(|&node| kept[node]);
    let verdict = again.verdict.as_ref().expect("every row is recorded");
    assert_eq!(verdict.path, path.collect::<Vec<_>>());
    assert_eq!(verdict.bonus, is.verdict.bonus);
    assert_eq!(verdict.finish, is.verdict.finish);
}

/// Runs again under the change, and holds the two against each other.
pub fn assert_agrees(engine: &mut Engine, recorded: &Trace, change: &Change) -> WhatIf {
    let answer = what_if(recorded, change);
    let mut params = recorded.header.params;
    params.verify = change.verify.unwrap_or(params.verify);
    params.budget = change.budget.unwrap_or(params.budget);
    params.branch = change.branch.unwrap_or(params.branch);
    let rerun = run(
        engine,
        RunSpec {
            params,
            start: recorded.header.start_under(&params),
            ..RunSpec::again(&recorded.header)
        },
    );
    let n_exact = answer.n_exact();
    assert!(rerun.steps.len() >= n_exact, "{n_exact} of {change:?}");
    for i in 0..n_exact {
        assert_step(&recorded.steps[i], &answer.steps[i], &rerun.steps[i]);
    }
    if !answer.needs_rerun() && answer.first_change.is_none() {
        assert_eq!(rerun.steps.len(), recorded.steps.len());
        assert_eq!(rerun.token_ids(), recorded.token_ids());
    }
    answer
}

fn rule() -> impl Strategy<Value = AcceptanceRule> {
    let tau = prop::sample::select(vec![0.0f32, 0.02, 0.05, 0.1, 0.3, 0.6]);
    prop_oneof![
        Just(AcceptanceRule::Autoregressive),
        Just(AcceptanceRule::Strict),
        (1usize..5, tau).prop_map(|(k, tau)| AcceptanceRule::Relaxed { k, tau }),
        (1usize..4).prop_map(|k| AcceptanceRule::Ratio { k, r: 0.3 }),
        Just(AcceptanceRule::Relaxed {
            k: ALL_RANKS,
            tau: 0.02
        }),
        (2usize..5, 0f32..0.2).prop_map(|(k, m)| AcceptanceRule::Margin { k, m }),
        (0f32..4.0, 1usize..4).prop_map(|(h, w)| AcceptanceRule::Deferred { h, w }),
        Just(AcceptanceRule::Typical {
            eps: 0.05,
            delta: 0.3
        }),
    ]
}

fn budget() -> impl Strategy<Value = Budget> {
    prop_oneof![
        (1usize..=64).prop_map(Budget::Rows),
        (1usize..=64).prop_map(|max| Budget::Auto { max }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let change = (
        prop::option::of(rule()),
        prop::option::of(budget()),
        prop::option::of(1usize..=12),
    );
    change.prop_map(|(verify, budget, branch)| Change {
        verify,
        budget,
        branch,
    })
}

/// Costs that let automatic budgets draft much, some, or next to nothing.
fn costs() -> impl Strategy<Value = CostProfile> {
    let points = prop::sample::select(vec![
        vec![(1, 3.3f32), (4, 5.2), (8, 7.5), (64, 41.0)],
        vec![(1, 10.0), (64, 12.0)],
        vec![(1, 3.0), (8, 21.0), (64, 160.0)],
    ]);
    points.prop_map(CostProfile::by_rows)
}

/// `RERUN_CASES=2000` searches for longer.
fn cases() -> u32 {
    let asked = std::env::var("RERUN_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_called_exact_is_what_a_rerun_does(
        question in text(1..20),
        documents in prop::collection::vec(text(1..60), 0..6),
        params in params(),
        recorded in rule(),
        budget in budget(),
        cost in costs(),
        changes in prop::collection::vec(change(), 6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        engine.start.cost = cost;
        let plain = Params { verify: AcceptanceRule::Autoregressive, ..params };
        let plain = run(&mut engine, spec(&question, plain));
        engine.set_knowledge(&knowledge(&documents, &plain)).unwrap();
        let params = Params { verify: recorded, budget, ..params };
        let recorded = run(&mut engine, spec(&question, params));
        for change in &changes {
            assert_agrees(&mut engine, &recorded, change);
        }
    }

    /// A change of a rule's values alone never needs a rerun before a step commits
    /// other tokens.
    #[test]
    fn a_rule_is_exact_up_to_its_first_change(
        question in text(1..20),
        params in params(),
        to in rule(),
        cost in costs(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        engine.start.cost = cost;
        let params = Params {
            verify: AcceptanceRule::Relaxed { k: 2, tau: 0.05 },
            budget: Budget::Auto { max: 64 },
            drafter: Drafter::Blend,
            ..params
        };
        let recorded = run(&mut engine, spec(&question, params));
        let change = Change { verify: Some(to), ..Change::default() };
        let answer = assert_agrees(&mut engine, &recorded, &change);
        prop_assert_eq!(answer.first_unknown, None);
    }
}

/// A draft that a lower budget leaves out would have taught the calibration: what is
/// drafted from there on is not known.
#[test]
fn a_draft_that_goes_ends_the_exact_stretch() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let params = Params {
        verify: AcceptanceRule::Strict,
        budget: Budget::Rows(32),
        max_tokens: 40,
        ..Params::default()
    };
    let plain = Params {
        verify: AcceptanceRule::Autoregressive,
        ..params
    };
    let plain = run(&mut engine, spec("abcabc", plain));
    let documents = ["abacadaeaf", "abbcbdbe", "acbadaca"].map(String::from);
    engine
        .set_knowledge(&knowledge(&documents, &plain))
        .unwrap();
    let recorded = run(&mut engine, spec("abcabc", params));
    let change = Change {
        budget: Some(Budget::Rows(2)),
        ..Change::default()
    };
    let answer = assert_agrees(&mut engine, &recorded, &change);
    assert!(answer.needs_rerun());
    match answer.first_unknown {
        Some((step, knob)) => {
            assert_eq!(knob, Knob::Calibration);
            let before = &answer.steps[step - 1];
            assert!(before.is_same && (1..8).any(|node| !before.is_kept(node)));
        }
        None => assert!(answer.first_change.is_some()),
    }
}
