//! Checks the causes named by Compare against reruns: if a rule is named, no draft
//! overcomes it; if differences are named, a run without them equals the other run.
//! Also checks why a run is slower against its figures.

use laserscope::engine::{Engine, RunSpec};
use laserscope::speculate::TokenId;
use laserscope::speculate::compare::{
    Cause, Divergence, Names, NotTaken, Side, Slower, Why, because, divergence, slower,
};
use laserscope::speculate::cost::CostProfile;
use laserscope::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, Drafter, Params};
use laserscope::speculate::same_run::HeaderDifference;
use laserscope::speculate::trace::{StartFrom, Trace};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::engine::{engine, params, run, spec, text};
use super::fixture;

/// A run's settings.
#[derive(Clone, Debug)]
struct Setup {
    params: Params,
    cost: CostProfile,
}

fn rules() -> impl Strategy<Value = AcceptanceRule> {
    prop::sample::select(vec![
        AcceptanceRule::Autoregressive,
        AcceptanceRule::Strict,
        AcceptanceRule::Relaxed { k: 2, tau: 0.0 },
        AcceptanceRule::Relaxed { k: 4, tau: 0.0 },
        AcceptanceRule::Relaxed { k: 4, tau: 0.05 },
        AcceptanceRule::Ratio { k: 3, r: 0.3 },
        AcceptanceRule::Relaxed {
            k: ALL_RANKS,
            tau: 0.01,
        },
        AcceptanceRule::Margin { k: 4, m: 0.02 },
        AcceptanceRule::Deferred { h: 0.5, w: 1 },
        AcceptanceRule::Deferred { h: 0.5, w: 2 },
        AcceptanceRule::Typical {
            eps: 0.02,
            delta: 0.2,
        },
    ])
}

fn setup() -> impl Strategy<Value = Setup> {
    let profiles = [
        CostProfile::by_rows([(1, 3.3), (4, 5.2), (8, 7.5), (64, 41.0)]),
        CostProfile::by_rows([(1, 3.3), (64, 5.0)]),
    ];
    let drafters = prop::sample::select(Drafter::ALL.to_vec());
    (
        params(),
        rules(),
        prop::sample::select(profiles.to_vec()),
        drafters,
        (1usize..=6, prop::sample::select(vec![1.0f32, 1.02, 1.1])),
    )
        .prop_map(
            |(params, verify, cost, drafter, (max_suffix, repeat_penalty))| Setup {
                params: Params {
                    verify,
                    drafter,
                    max_suffix,
                    repeat_penalty,
                    sampling: None,
                    max_tokens: 40,
                    ..params
                },
                cost,
            },
        )
}

/// Two settings that have a good deal in common.
fn pair() -> impl Strategy<Value = [Setup; 2]> {
    (
        setup(),
        setup(),
        any::<[bool; 7]>(),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(a, mut b, same, penalty)| {
            let [rule, budget, branch, suffix, sources, drafter, cost] = same;
            let (x, y) = (&a.params, &mut b.params);
            rule.then(|| y.verify = x.verify);
            penalty.then(|| y.repeat_penalty = x.repeat_penalty);
            budget.then(|| y.budget = x.budget);
            branch.then(|| y.branch = x.branch);
            suffix.then(|| y.max_suffix = x.max_suffix);
            sources.then(|| y.sources = x.sources);
            drafter.then(|| y.drafter = x.drafter);
            cost.then(|| b.cost = a.cost.clone());
            [a, b]
        })
}

fn decoded(engine: &mut Engine, question: &str, setup: &Setup) -> Trace {
    let start = StartFrom {
        cost: Some(setup.cost.clone()),
        calibration: None,
    };
    let asked = RunSpec {
        start,
        ..spec(question, setup.params)
    };
    run(engine, asked)
}

/// `of` with what is named taken from `from`, and nothing else.
fn without(of: &Setup, named: &[HeaderDifference], from: &Setup) -> Setup {
    let mut setup = of.clone();
    let (to, from_params) = (&mut setup.params, &from.params);
    for difference in named {
        match difference.what.as_str() {
            "rule" => to.verify = from_params.verify,
            "budget" => to.budget = from_params.budget,
            "branch" => to.branch = from_params.branch,
            "suffix length" => to.max_suffix = from_params.max_suffix,
            "sources" => to.sources = from_params.sources,
            "source weights" => to.source_weights = from_params.source_weights,
            "repetition penalty" => to.repeat_penalty = from_params.repeat_penalty,
            "drafter" => to.drafter = from_params.drafter,
            "cost profile" => setup.cost = from.cost.clone(),
            // It hashes the finished answers only where they are a source.
            "pools" => assert!(named.iter().any(|d| d.what == "sources")),
            other => panic!("{other} is the same in both"),
        }
    }
    setup
}

fn said(found: &Divergence, traces: [&Trace; 2]) -> String {
    let names = Names {
        runs: ["A", "B"],
        token: &|_, token| format!("<{token}>"),
    };
    because(found, traces, &names)
}

/// How a pair's texts diverge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parted {
    Nowhere,
    AtAnEnd,
    ByDistributions,
    ByRule,
    ByDrafts,
}

/// Decodes a question under both settings and checks the cause by reruns.
fn held_against_reruns(
    engine: &mut Engine,
    question: &str,
    setups: &[Setup; 2],
) -> Result<Parted, TestCaseError> {
    let [a, b] = [&setups[0], &setups[1]].map(|s| decoded(engine, question, s));
    let found = divergence(&a, &b);
    let is_shaped_alike = setups[0].params.repeat_penalty == setups[1].params.repeat_penalty;
    if is_shaped_alike && setups.iter().all(|s| s.params.verify.is_lossless()) {
        prop_assert_eq!(&found, &None);
    }
    let Some(found) = found else {
        return Ok(Parted::Nowhere);
    };
    let told = said(&found, [&a, &b]);
    if let Cause::Parameters(differing) = &found.cause {
        let named: Vec<&str> = differing.iter().map(|d| d.what.as_str()).collect();
        prop_assert_eq!(named, ["repetition penalty"]);
        return Ok(Parted::ByDistributions);
    }
    let Cause::Relaxed {
        side,
        other,
        differing,
        ..
    } = &found.cause
    else {
        prop_assert!(matches!(found.cause, Cause::Ended { .. }), "{:?}", found);
        return Ok(Parted::AtAnEnd);
    };
    let both = [&setups[0], &setups[1]];
    let (mine, theirs) = (side.of(both), side.other().of(both));
    let own = side.of([&a, &b]).token_ids();
    if let NotTaken::Refused { rule } = other {
        prop_assert_eq!(*rule, theirs.params.verify);
        prop_assert!(told.starts_with("The rules differ: "), "{}", told);
        let token = side.of([found.left, found.right]).map(|t| t.token);
        refused_by(engine, question, [theirs, mine], (&own, found.at, token))?;
        return Ok(Parted::ByRule);
    }
    prop_assert!(!matches!(other, NotTaken::NotRecorded), "{:?}", found);
    prop_assert!(!differing.is_empty(), "{:?}", found);
    let is_unconfirmed = matches!(other, NotTaken::Unconfirmed { .. });
    let begins = match is_unconfirmed && differing.iter().all(|d| d.what == "rule") {
        true => "The rules differ: ",
        false => "The drafts differ: ",
    };
    prop_assert!(told.starts_with(begins), "{}", told);
    let alike = without(theirs, differing, mine);
    let again = decoded(engine, question, &alike);
    prop_assert_eq!(again.token_ids(), own, "{}", told);
    Ok(Parted::ByDrafts)
}

/// Whatever is drafted, a text under the first one's rule does not continue with that
/// token.
fn refused_by(
    engine: &mut Engine,
    question: &str,
    [theirs, mine]: [&Setup; 2],
    (text, at, token): (&[TokenId], usize, Option<TokenId>),
) -> Result<(), TestCaseError> {
    let Params {
        verify,
        repeat_penalty,
        ..
    } = theirs.params;
    let widest = Params {
        budget: Budget::Rows(64),
        branch: 12,
        drafter: Drafter::Blend,
        ..mine.params
    };
    for params in [mine.params, widest] {
        let params = Params {
            verify,
            repeat_penalty,
            ..params
        };
        let setup = Setup {
            params,
            ..mine.clone()
        };
        let again = decoded(engine, question, &setup).token_ids();
        let goes_on = again.len() > at && again[..at] == text[..at] && Some(again[at]) == token;
        prop_assert!(!goes_on, "{:?}", verify);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_named_cause_is_one(question in text(1..12), setups in pair()) {
        let folder = tempfile::tempdir().unwrap();
        held_against_reruns(&mut engine(folder.path()), &question, &setups)?;
    }
}

/// The property above is not vacuous: both rules and drafts make texts diverge.
#[test]
fn texts_are_parted_by_rules_and_by_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = engine(folder.path());
    let mut runner = TestRunner::deterministic();
    let mut seen = Vec::new();
    for _ in 0..60 {
        let tree = (text(1..12), pair()).new_tree(&mut runner).unwrap();
        let (question, setups) = tree.current();
        seen.push(held_against_reruns(&mut engine, &question, &setups).unwrap());
    }
    for parted in [Parted::ByRule, Parted::ByDrafts, Parted::ByDistributions] {
        let n = seen.iter().filter(|p| **p == parted).count();
        assert!(n >= 2, "{parted:?}: {n} of {seen:?}");
    }
}

/// The relaxed fixture, and itself with another budget and other drafts: the token was
/// accepted by a rule that is the same in both.
#[test]
fn with_one_rule_the_budget_is_named_and_not_the_rule_alone() {
    let of = |budget| {
        fixture::run(
            7,
            Params {
                verify: AcceptanceRule::default(),
                budget,
                ..Params::default()
            },
        )
    };
    let wide = of(Budget::Rows(16));
    let narrow = of(Budget::Rows(1));
    let found = divergence(&wide, &narrow).expect("they part");
    let Cause::Relaxed {
        side,
        other,
        differing,
        ..
    } = &found.cause
    else {
        panic!("{found:?}");
    };
    assert_eq!(*side, Side::Left);
    assert!(matches!(other, NotTaken::NotDrafted { .. }), "{other:?}");
    let named: Vec<String> = differing.iter().map(|d| d.side_by_side()).collect();
    assert_eq!(named, ["budget 16 | 1"]);
    let told = said(&found, [&wide, &narrow]);
    assert!(
        told.starts_with("The drafts differ: budget 16 | 1. A's relaxed k=2"),
        "{told}"
    );
    assert!(told.contains("B did not draft it there"), "{told}");
}

#[test]
fn what_a_drafter_does_not_look_at_is_no_cause() {
    let of = |budget, cost: CostProfile| {
        let mut trace = fixture::run(
            7,
            Params {
                budget,
                ..Params::default()
            },
        );
        trace.header.cost = cost;
        trace
    };
    let other = CostProfile::by_rows([(1, 1.0), (64, 640.0)]);
    let wide = of(Budget::Rows(16), fixture::relaxed().header.cost);
    let narrow = of(Budget::Rows(1), other.clone());
    let named = |a: &Trace, b: &Trace| -> Vec<String> {
        let found = divergence(a, b).expect("they part");
        let Cause::Relaxed { differing, .. } = found.cause else {
            panic!("a relaxed token");
        };
        differing.into_iter().map(|d| d.what).collect()
    };
    assert_eq!(
        named(&wide, &narrow),
        ["budget"],
        "fixed budgets ask no profile"
    );
    let narrow = of(Budget::Auto { max: 1 }, other);
    assert_eq!(named(&wide, &narrow), ["budget", "cost profile"]);
}

/// A run whose steps have these times and a profile.
fn timed(params: Params, scale: f64, profile: CostProfile) -> Trace {
    let made = fixture::run(7, params);
    let mut trace = Trace::new(made.header.clone());
    trace.header.cost = profile;
    for mut step in made.steps.iter().cloned() {
        step.timing.as_mut().expect("timed").forward *= scale;
        trace.push(step);
    }
    trace.end = made.end.clone();
    trace
}

fn in_words(found: &Slower, a: &Trace, b: &Trace) -> String {
    let names = Names {
        runs: ["A", "B"],
        token: &|_, _| String::new(),
    };
    found.in_words([&a.header, &b.header], &names)
}

/// The numbers before a `×` in a text.
fn times_in(text: &str) -> Vec<f64> {
    let words = text.split(['(', ')', ' ', ',']);
    let times = words.filter_map(|word| word.strip_suffix('×'));
    times.map(|x| x.parse().expect("a number")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_makes_a_run_slower_multiplies_to_how_much_slower_it_is(
        budgets in (1usize..32, 1usize..32),
        scales in (0.3f64..3.0, 0.3f64..3.0),
        profiled in any::<[bool; 2]>(),
    ) {
        let cost = CostProfile::by_rows([(1, 10.0), (8, 14.0), (64, 40.0)]);
        let of = |budget, scale, profiled: bool| {
            let params = Params { budget: Budget::Rows(budget), ..Params::default() };
            timed(params, scale, if profiled { cost.clone() } else { CostProfile::default() })
        };
        let a = of(budgets.0, scales.0, profiled[0]);
        let b = of(budgets.1, scales.1, profiled[1]);
        let found = slower(&a, &b).unwrap();
        let product: f64 = found.factors.iter().map(|f| f.times).product();
        prop_assert!((product / found.times - 1.0).abs() < 1e-9);
        prop_assert!(found.times >= 1.0);
        let [x, y] = found.paces;
        let slow = if x.ms_per_token > y.ms_per_token { "A" } else { "B" };
        let told = in_words(&found, &a, &b);
        if found.is_alike() {
            prop_assert!(told.contains("equally fast"), "{}", told);
            return Ok(());
        }
        let begin = format!("{slow} is slower, ");
        prop_assert!(told.starts_with(&begin), "{}", told);
        let times = times_in(&told);
        let said: f64 = times[1..].iter().product();
        prop_assert!((said / times[0] - 1.0).abs() < 0.05, "{}", told);
        let (because, although) = told.split_once("although").unwrap_or((&told, ""));
        prop_assert!(times_in(because)[1..].iter().all(|&t| t >= 1.0), "{}", told);
        prop_assert!(times_in(although).iter().all(|&t| t <= 1.0), "{}", told);
        let has = |why| found.factors.iter().any(|f| f.why == why);
        prop_assert_eq!(has(Why::Rows), profiled[0] || profiled[1]);
        prop_assert_eq!(has(Why::Step), !(profiled[0] || profiled[1]));
    }
}

#[test]
fn a_slower_machine_is_told_from_more_rows() {
    let cost = CostProfile::by_rows([(1, 10.0), (8, 14.0), (64, 40.0)]);
    let a = timed(Params::default(), 1.0, cost.clone());
    let mut b = timed(Params::default(), 2.0, cost);
    let found = slower(&a, &b).unwrap();
    assert_eq!((found.side, found.by), (Side::Right, Some(Side::Left)));
    assert_eq!(found.factors[0].why, Why::SameRows);
    let told = in_words(&found, &a, &b);
    assert!(
        told.contains("because the same rows took longer ("),
        "{told}"
    );
    assert!(!told.contains("rows cost"), "{told}");
    b.header.threads = b.header.threads.map(|n| n + 3);
    let told = in_words(&found, &a, &b);
    assert!(
        told.contains("the same rows took longer on its machine ("),
        "{told}"
    );
}
