//! What-if over synthetic runs: random trees with random distributions, judged like in
//! the engine.

use proptest::prelude::*;

use super::*;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{ALL_RANKS, MAX_BRANCH};
use crate::speculate::row::{Candidate, NodeDistribution, TokenScore};
use crate::speculate::test_support::{self, header};
use crate::speculate::verify::{Finish, RemainingTokens, ScoredTree, verify};

const EOS: TokenId = 0;
const N_TOKENS: u32 = 12;

/// Draws from a seed; small and repeatable.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % sides
    }

    /// A distribution over a permutation of the tokens.
    fn row(&mut self) -> NodeDistribution {
        let mut ids: Vec<TokenId> = (0..N_TOKENS).collect();
        for i in (1..ids.len()).rev() {
            ids.swap(i, self.roll(i as u32 + 1) as usize);
        }
        let fall = 0.3 + self.roll(60) as f32 / 100.0;
        let weights: Vec<f32> = (0..ids.len()).map(|i| fall.powi(i as i32)).collect();
        let sum: f32 = weights.iter().sum();
        let p = |i: usize| weights[i] / sum;
        NodeDistribution {
            entropy: Some((0..ids.len()).map(|i| -p(i) * p(i).ln()).sum()),
            top: (0..ids.len()).map(|i| Candidate(ids[i], p(i))).collect(),
            log_norm: Some(9.5),
            drawn: None,
        }
    }

    fn tree(&mut self, n_rows: usize, branch: usize) -> DraftTree {
        let mut tree = DraftTree::root_only(1);
        while tree.n_rows() < n_rows {
            let parent = self.roll(tree.n_rows() as u32) as usize;
            if tree.nodes[parent].depth < branch {
                let token = self.roll(N_TOKENS);
                let path_prob = tree.nodes[parent].path_prob * 0.7;
                tree.push(parent, token, path_prob, Vec::new());
            }
        }
        tree
    }

    fn step(&mut self, index: usize, n_rows: usize, params: &Params) -> Step {
        let tree = self.tree(n_rows, params.branch);
        let rows: Vec<NodeDistribution> = (0..n_rows).map(|_| self.row()).collect();
        let judged: Vec<Option<TokenScore>> = (1..n_rows)
            .map(|i| {
                Some(standing(
                    &rows[tree.nodes[i].parent.unwrap_or(0)],
                    tree.nodes[i].token,
                ))
            })
            .collect();
        let rows: Vec<Option<NodeDistribution>> = rows.into_iter().map(Some).collect();
        let room = RemainingTokens {
            tokens: 1 + self.roll(9) as usize,
            then: Finish::Length,
        };
        let verdict = verify(
            ScoredTree::new(&tree, &rows, &judged),
            params.verify,
            &[EOS],
            room,
        );
        let verdict = verdict.unwrap();
        Step {
            index,
            room,
            rows,
            judged,
            ..test_support::step(tree, verdict)
        }
    }
}

fn standing(row: &NodeDistribution, token: TokenId) -> TokenScore {
    let at = row.top.iter().position(|c| c.0 == token);
    at.map_or(TokenScore::new(99, 0.0), |i| {
        TokenScore::new(i as u32 + 1, row.top[i].1)
    })
}

pub(crate) fn run(seed: u64, n_steps: usize, n_rows: usize, params: Params) -> Trace {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut trace = Trace::new(header(params));
    for index in 0..n_steps {
        let step = dice.step(index, n_rows, &params);
        trace.push(step);
    }
    trace
}

fn with(verify: AcceptanceRule) -> Change {
    Change {
        verify: Some(verify),
        ..Change::default()
    }
}

fn rule() -> impl Strategy<Value = AcceptanceRule> {
    let share = || 0f32..1.0;
    prop_oneof![
        Just(AcceptanceRule::Strict),
        (1usize..5, share()).prop_map(|(k, tau)| AcceptanceRule::Relaxed { k, tau }),
        (1usize..5, share()).prop_map(|(k, r)| AcceptanceRule::Ratio { k, r }),
        share().prop_map(|tau| AcceptanceRule::Relaxed { k: ALL_RANKS, tau }),
        (1usize..5, share()).prop_map(|(k, m)| AcceptanceRule::Margin { k, m }),
        share().prop_map(|m| AcceptanceRule::Margin { k: ALL_RANKS, m }),
        (0f32..3.0, 1usize..4).prop_map(|(h, w)| AcceptanceRule::Deferred { h, w }),
        (share(), share()).prop_map(|(eps, delta)| AcceptanceRule::Typical { eps, delta }),
    ]
}

fn recorded(verify: AcceptanceRule, n_rows: usize) -> Params {
    Params {
        verify,
        budget: Budget::Rows(n_rows),
        ..Params::default()
    }
}

/// The run with this share of its rows, scores and entropies removed, and with rows that
/// hold fewer candidates.
pub(crate) fn thinned(whole: &Trace, seed: u64, percent: u32) -> Trace {
    let mut dice = Dice(seed | 1);
    let mut thin = Trace::new(whole.header.clone());
    for step in &whole.steps {
        let mut step = step.clone();
        for row in &mut step.rows {
            *row = row.take().filter(|_| dice.roll(100) >= percent);
            if let Some(row) = row {
                row.entropy = row.entropy.filter(|_| dice.roll(100) >= percent);
                let kept = 1 + dice.roll(row.top.len() as u32) as usize;
                row.top
                    .truncate(if percent > 0 { kept } else { row.top.len() });
            }
        }
        for score in &mut step.judged {
            *score = score.filter(|_| dice.roll(100) >= percent);
        }
        step.timing = step.timing.filter(|_| dice.roll(100) >= percent);
        thin.push(step);
    }
    thin.end = whole.end.clone();
    thin
}

/// The run with trees in which no node has two equal children, as drafters make them.
fn distinct(run: Trace) -> Trace {
    let is_distinct = |step: &Step| {
        let nodes = &step.tree.nodes;
        let is_new = |i: usize| {
            !nodes[..i]
                .iter()
                .any(|n| (n.parent, n.token) == (nodes[i].parent, nodes[i].token))
        };
        (1..nodes.len()).all(is_new)
    };
    let mut kept = Trace::new(run.header.clone());
    for step in run.steps.into_iter().filter(is_distinct) {
        let index = kept.steps.len();
        kept.push(Step { index, ..step });
    }
    kept
}

proptest! {
    #[test]
    fn unchanged_parameters_are_the_identity(seed: u64, verify in rule(), n_rows in 1usize..20) {
        let params = recorded(verify, n_rows);
        let trace = run(seed, 12, n_rows, params);
        let same = Change { verify: Some(verify), budget: Some(params.budget), branch: Some(params.branch) };
        for change in [Change::default(), same] {
            let answer = what_if(&trace, &change);
            prop_assert_eq!(answer.n_exact(), 12);
            prop_assert_eq!(answer.exact.old, answer.exact.new);
            for (step, again) in trace.steps.iter().zip(&answer.steps) {
                prop_assert_eq!(again.verdict.as_ref(), Some(&step.verdict));
            }
        }
    }

    #[test]
    fn rank_1_and_a_probability_of_1_are_strict(seed: u64, verify in rule(), n_rows in 1usize..20, k in 1usize..9) {
        let trace = run(seed, 12, n_rows, recorded(verify, n_rows));
        let strict = what_if(&trace, &with(AcceptanceRule::Strict));
        for same in [
            AcceptanceRule::Relaxed { k: 1, tau: 0.0 },
            AcceptanceRule::Relaxed { k, tau: 1.0 },
            AcceptanceRule::Ratio { k: 1, r: 0.0 },
            AcceptanceRule::Typical { eps: 1.0, delta: 1000.0 },
            AcceptanceRule::Relaxed { k: ALL_RANKS, tau: 1.0 },
            AcceptanceRule::Margin { k: 1, m: 1.0 },
            AcceptanceRule::Deferred { h: f32::INFINITY, w: k },
        ] {
            prop_assert_eq!(&what_if(&trace, &with(same)), &strict);
        }
    }

    /// A tree with fewer rows and shorter paths, judged as if it had been drafted so.
    #[test]
    fn a_lower_budget_is_the_tree_cut(seed: u64, verify in rule(), n_rows in 1usize..20, rows in 1usize..20, branch in 1usize..12) {
        let trace = run(seed, 6, n_rows, recorded(verify, n_rows));
        let change = Change { budget: Some(Budget::Rows(rows)), branch: Some(branch), ..Change::default() };
        let answer = what_if(&trace, &change);
        for (step, again) in trace.steps.iter().zip(&answer.steps) {
            let mut tree = DraftTree::root_only(1);
            let mut at = vec![Some(0)];
            for node in &step.tree.nodes[1..] {
                let parent = at[node.parent.unwrap()].filter(|_| node.depth <= branch && tree.n_rows() < rows);
                at.push(parent.map(|parent| tree.push(parent, node.token, node.path_prob, Vec::new())));
            }
            let kept: Vec<usize> = (0..n_rows).filter(|&i| at[i].is_some()).collect();
            let rows: Vec<Option<NodeDistribution>> = kept.iter().map(|&i| step.rows[i].clone()).collect();
            let judged: Vec<Option<TokenScore>> = kept[1..].iter().map(|&i| step.judged[i - 1]).collect();
            let cut = verify_kept(ScoredTree::new(&tree, &rows, &judged), verify, &[EOS], step.room, |_| true);
            let (cut, verdict) = (cut.unwrap(), again.verdict.as_ref().unwrap());
            prop_assert_eq!(cut.bonus, verdict.bonus);
            let path: Vec<usize> = verdict.path.iter().map(|&i| at[i].unwrap()).collect();
            prop_assert_eq!(cut.path, path);
            let fates: Vec<Fate> = (1..n_rows).filter_map(|i| again.fate(i)).collect();
            prop_assert_eq!(cut.fates, fates);
        }
    }

    /// What is removed from a recording changes no verdict: it is the whole recording's,
    /// or it is said not to be recorded.
    #[test]
    fn what_is_not_recorded_is_not_judged(seed: u64, from in rule(), to in rule(), rows in 1usize..12, branch in 1usize..12, share in 0u32..100) {
        let whole = run(seed, 8, 10, recorded(from, 10));
        let thin = thinned(&whole, seed, share);
        let changes = [
            Change::default(),
            with(to),
            Change { budget: Some(Budget::Rows(rows)), branch: Some(branch), ..with(to) },
        ];
        for change in changes {
            let (want, got) = (what_if(&whole, &change), what_if(&thin, &change));
            let mut unknown = 0;
            for (want, got) in want.steps.iter().zip(&got.steps) {
                unknown += usize::from(got.verdict.is_none());
                if got.verdict.is_some() {
                    prop_assert_eq!(want, got);
                }
            }
            prop_assert_eq!(got.not_recorded, unknown);
            prop_assert!(got.n_exact() <= want.n_exact());
            if change == Change::default() {
                prop_assert_eq!((unknown, got.n_exact()), (0, 8));
            }
        }
    }

    /// A strict run needs no distribution to be judged strictly again, on less, too.
    #[test]
    fn strict_is_exact_without_any_distribution(seed: u64, rows in 1usize..12, branch in 1usize..12) {
        let params = recorded(AcceptanceRule::Strict, 10);
        let whole = distinct(run(seed, 8, 10, params));
        let bare = thinned(&whole, seed, 100);
        for change in [
            with(AcceptanceRule::Relaxed { k: 1, tau: 0.0 }),
            Change { budget: Some(Budget::Rows(rows)), branch: Some(branch), ..Change::default() },
        ] {
            let (want, got) = (what_if(&whole, &change), what_if(&bare, &change));
            prop_assert_eq!(want, got);
        }
    }

    /// The exact stretch ends with the first step that commits other tokens.
    #[test]
    fn the_exact_stretch_ends_where_the_text_changes(seed: u64, from in rule(), to in rule()) {
        let trace = run(seed, 12, 8, recorded(from, 8));
        let answer = what_if(&trace, &with(to));
        let n_exact = answer.n_exact();
        prop_assert_eq!(answer.exact.new.steps, n_exact);
        prop_assert!(answer.steps[..n_exact.saturating_sub(1)].iter().all(|s| s.is_same));
        match answer.first_change {
            Some(step) => {
                prop_assert_eq!(step + 1, n_exact);
                prop_assert!(!answer.steps[step].is_same);
            }
            None => prop_assert_eq!(n_exact, 12),
        }
        prop_assert_eq!(answer.verdict(n_exact), None);
    }
}

#[test]
fn raising_is_not_known_and_lowering_is() {
    let trace = run(1, 5, 8, recorded(AcceptanceRule::Strict, 8));
    let budget = |budget| {
        let change = Change {
            budget: Some(budget),
            ..Change::default()
        };
        what_if(&trace, &change).first_unknown
    };
    assert_eq!(budget(Budget::Rows(16)), Some((0, Knob::Budget)));
    assert_eq!(budget(Budget::Auto { max: 16 }), Some((0, Knob::Budget)));
    // Lower: until the calibration would have learned from a removed draft.
    assert!(
        budget(Budget::Rows(4)).is_none_or(|(step, knob)| step > 0 && knob == Knob::Calibration)
    );
    let longer = Change {
        branch: Some(MAX_BRANCH),
        ..Change::default()
    };
    assert_eq!(
        what_if(&trace, &longer).first_unknown,
        None,
        "no path is that long"
    );
    let plain = run(1, 5, 1, recorded(AcceptanceRule::Autoregressive, 1));
    let answer = what_if(&plain, &with(AcceptanceRule::Strict));
    assert_eq!(answer.first_unknown, Some((0, Knob::Rule)));
    assert!(answer.needs_rerun() && answer.verdict(0).is_none());
}

#[test]
fn moved_knobs_that_need_a_rerun_are_named() {
    let from = Params::default();
    let to = Params {
        verify: AcceptanceRule::Strict,
        max_suffix: 4,
        repeat_window: 3,
        ..from
    };
    let (change, rerun) = Change::between(&from, &to);
    assert_eq!(change, with(AcceptanceRule::Strict));
    assert_eq!(rerun, [Knob::SuffixLength, Knob::RepeatPenalty]);
    assert!(Change::between(&from, &from).0.is_empty());
}

/// Run by hand: `cargo test --release --lib -- --ignored a_long_run --nocapture`
/// with the crate at opt-level 3.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::disallowed_macros, reason = "a test tells its harness")]
fn a_long_run_is_judged_at_once() {
    let trace = run(7, 2000, 64, recorded(AcceptanceRule::default(), 64));
    let change = Change {
        verify: Some(AcceptanceRule::Relaxed { k: 3, tau: 0.05 }),
        budget: Some(Budget::Rows(48)),
        branch: Some(8),
    };
    let start = std::time::Instant::now();
    let answer = what_if(&trace, &change);
    println!("{:?} for {} steps", start.elapsed(), answer.steps.len());
}
