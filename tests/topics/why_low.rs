//! Why acceptance is low: every step has one cause, the shares sum to 100%, and what a
//! cause's lever promises is what a rerun does.

use laserscope::engine::{Engine, RunSpec};
use laserscope::speculate::cost::CostProfile;
use laserscope::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, Params};
use laserscope::speculate::trace::{Step, Trace};
use laserscope::speculate::why_low::{
    BranchStop, CauseKind, LowCause, Unmatched, WhyLow, causes, plainest,
};
use proptest::prelude::*;

use super::engine::{engine, knowledge, params, run, spec, text};

/// The first step of a run that goes on from before a step under another budget.
fn with_budget(engine: &mut Engine, recorded: &Trace, step: usize, budget: Budget) -> Step {
    let params = Params {
        budget,
        ..recorded.params_at(step)
    };
    let again = RunSpec {
        params,
        branch: (step > 0).then(|| recorded.branch_at(step, 0, None)),
        start: recorded.start_before(step, &params),
        ..RunSpec::again(&recorded.header)
    };
    run(engine, again).steps.remove(0)
}

fn stop(step: &Step) -> usize {
    step.verdict.path.last().copied().unwrap_or(0)
}

/// What a cause says of its step holds in the step and in reruns.
fn assert_cause(engine: &mut Engine, trace: &Trace, step: &Step, cause: LowCause) {
    let recorded = trace.params_at(step.index).budget;
    if with_budget(engine, trace, step.index, recorded).tree != step.tree {
        // Retrieval rested, or the branch drafts otherwise under any budget.
        return;
    }
    let all = Budget::Rows(64);
    match cause {
        LowCause::NothingMatched(Unmatched::Nothing) => {
            assert!(step.tree.n_drafts() == 0);
            let again = with_budget(engine, trace, step.index, all);
            assert_eq!(
                again.tree.n_drafts(),
                0,
                "a larger budget finds nothing, too"
            );
        }
        LowCause::NothingMatched(_) => assert!(step.tree.n_drafts() == 0),
        LowCause::BelowBudget { rank } => {
            assert!(rank >= step.tree.n_rows());
            let right = step.offered.unwrap().right.unwrap();
            let again = with_budget(engine, trace, step.index, Budget::Rows(rank + 1));
            assert_eq!(
                again.tree.nodes[rank].token, right.token,
                "the budget drafts it"
            );
            let longer = again.verdict.path.len() > step.verdict.path.len();
            assert!(longer, "and the rule takes it");
            if rank > step.tree.n_rows() {
                let short = with_budget(engine, trace, step.index, Budget::Rows(rank));
                assert!(short.tree.n_rows() <= rank, "no smaller budget does");
            }
        }
        LowCause::NotOffered if trace.header.params.verify.is_lossless() => {
            let again = with_budget(engine, trace, step.index, all);
            assert_eq!(again.verdict.path.len(), step.verdict.path.len());
            assert!(again.tree.children(stop(&again)).count() > 0);
        }
        LowCause::Refused { rank, p } => {
            let row = step.rows[stop(step)].as_ref().unwrap();
            assert_eq!(row.top.get(rank as usize - 1).map(|c| c.1), Some(p));
        }
        LowCause::Lost => assert!(!trace.header.params.verify.is_lossless()),
        LowCause::BranchEnd(BranchStop::Answer) => assert!(step.verdict.bonus.is_none()),
        LowCause::BranchEnd(_) => assert_eq!(step.tree.children(stop(step)).count(), 0),
        LowCause::NotOffered => {}
        LowCause::NotRecorded => panic!("this version records it"),
    }
}

/// Every rule, drafts of some and of many rows.
fn rule() -> impl Strategy<Value = AcceptanceRule> {
    prop_oneof![
        3 => Just(AcceptanceRule::Strict),
        2 => (2usize..5).prop_map(|k| AcceptanceRule::Relaxed { k, tau: 0.05 }),
        1 => Just(AcceptanceRule::Typical { eps: 0.05, delta: 0.3 }),
        1 => Just(AcceptanceRule::Relaxed { k: ALL_RANKS, tau: 0.05 }),
        1 => Just(AcceptanceRule::Margin { k: 3, m: 0.05 }),
        1 => Just(AcceptanceRule::Deferred { h: 0.5, w: 1 }),
        1 => Just(AcceptanceRule::Autoregressive),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_step_has_one_cause_and_its_lever_is_true(
        question in text(1..20),
        documents in prop::collection::vec(text(1..60), 0..6),
        params in params(),
        verify in rule(),
        flat in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = engine(folder.path());
        let last = if flat { 12.0 } else { 41.0 };
        engine.start.cost = CostProfile::by_rows(vec![(1, 3.3f32), (8, 7.5), (64, last)]);
        let params = Params { verify, max_tokens: 40, ..params };
        let plain = run(&mut engine, spec(&question, params));
        engine.set_knowledge(&knowledge(&documents, &plain)).unwrap();
        let trace = run(&mut engine, spec(&question, params));
        let why = WhyLow::of(&trace);
        let found = causes(&trace);
        prop_assert_eq!(found.len(), trace.steps.len());
        prop_assert_eq!(why.n_steps(), trace.steps.len());
        prop_assert_eq!(why.tenths().iter().sum::<usize>(), 1000);
        let shares: f64 = CauseKind::ALL.iter().filter_map(|&kind| why.share(kind)).sum();
        prop_assert!((shares - 1.0).abs() < 1e-9);
        for kind in CauseKind::ALL {
            let n = found.iter().filter(|cause| cause.kind() == kind).count();
            prop_assert_eq!(n, why.n(kind));
            let plain = plainest(&found, kind);
            prop_assert_eq!(plain.map(|step| found[step].kind()), (n > 0).then_some(kind));
            prop_assert!(n == 0 || !why.lever(kind).text.is_empty());
        }
        for (step, cause) in trace.steps.iter().zip(found).take(12) {
            assert_cause(&mut engine, &trace, step, cause);
        }
    }
}

/// Without the ranks among all offers, a step that the budget cut is not recorded, and the
/// shares still sum to 100%.
#[test]
fn older_recordings_say_what_they_do_not_record() {
    let file = std::fs::File::open("tests/fixtures/format-1.jsonl").unwrap();
    let trace = Trace::load(std::io::BufReader::new(file)).unwrap();
    assert!(trace.steps.iter().all(|step| step.offered.is_none()));
    let why = WhyLow::of(&trace);
    assert_eq!(why.n_steps(), trace.steps.len());
    assert_eq!(why.tenths().iter().sum::<usize>(), 1000);
    assert_eq!(why.n(CauseKind::BelowBudget), 0);
    assert!(why.n(CauseKind::NotRecorded) > 0);
    assert_eq!(why.lever(CauseKind::NotRecorded).brings, None);
}

/// The causes of two runs together are those of both.
#[test]
fn sets_of_runs_add_up() {
    let load = |name: &str| {
        let file = std::fs::File::open(format!("assets/traces/{name}.jsonl")).unwrap();
        WhyLow::of(&Trace::load(std::io::BufReader::new(file)).unwrap())
    };
    let (strict, relaxed) = (load("strict"), load("relaxed"));
    let mut both = strict.clone();
    both.add(&relaxed);
    for kind in CauseKind::ALL {
        assert_eq!(both.n(kind), strict.n(kind) + relaxed.n(kind));
    }
    assert_eq!(both.n_steps(), strict.n_steps() + relaxed.n_steps());
}
