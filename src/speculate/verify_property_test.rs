//! Verdicts over random trees, compared with every path tried one by one.

use proptest::prelude::*;

use super::*;
use crate::speculate::params::ALL_RANKS;
use crate::speculate::row::Candidate;

const EOS: TokenId = 0;
/// Tokens 0 to 4.
const N_TOKENS: u32 = 5;

/// A tree with the model's results.
#[derive(Clone, Debug)]
struct Judged {
    tree: DraftTree,
    rows: Vec<Option<NodeDistribution>>,
    scores: Vec<Option<TokenScore>>,
    room: RemainingTokens,
}

impl Judged {
    fn verdict(&self, rule: AcceptanceRule) -> Verdict {
        let scored = ScoredTree::new(&self.tree, &self.rows, &self.scores);
        verify(scored, rule, &[EOS], self.room).expect("every row is there")
    }

    fn row(&self, node: usize) -> &NodeDistribution {
        self.rows[node].as_ref().expect("every row is there")
    }

    fn parent(&self, node: usize) -> usize {
        self.tree.nodes[node].parent.expect("a draft token")
    }

    fn is_choice(&self, node: usize) -> bool {
        self.row(self.parent(node)).argmax() == Some(self.tree.nodes[node].token)
    }

    fn score(&self, node: usize) -> (usize, f32) {
        let score = self.scores[node - 1].expect("every score is there");
        (score.rank.expect("every rank is there") as usize, score.p)
    }

    /// The inequalities of a rule for one draft token, as the documents have them.
    fn satisfies(&self, node: usize, rule: AcceptanceRule) -> bool {
        let row = self.row(self.parent(node));
        let (rank, p) = self.score(node);
        let (p_max, entropy) = (row.top[0].1, row.entropy.expect("recorded"));
        match rule {
            AcceptanceRule::Autoregressive | AcceptanceRule::Strict => false,
            AcceptanceRule::Relaxed { k, tau } => k > 1 && rank <= k && p > tau,
            AcceptanceRule::Ratio { k, r } => k > 1 && rank <= k && p >= r * p_max,
            AcceptanceRule::Margin { k, m } => k > 1 && rank <= k && p >= p_max - m,
            AcceptanceRule::Typical { eps, delta } => p > eps.min(delta * (-entropy).exp()),
            AcceptanceRule::Deferred { h, .. } => entropy > h,
        }
    }

    /// Whether a path from the root may be committed.
    fn is_acceptable(&self, path: &[usize], rule: AcceptanceRule) -> bool {
        let ends = |node: usize| self.tree.nodes[node].token == EOS;
        let inner = path.len().saturating_sub(1);
        if path.len() > self.room.tokens || path[..inner].iter().any(|&n| ends(n)) {
            return false;
        }
        (0..path.len()).all(|i| {
            let node = path[i];
            if self.is_choice(node) {
                return true;
            }
            let at_the_end = self.row(self.parent(node)).argmax() == Some(EOS) || ends(node);
            let is_confirmed = match rule {
                AcceptanceRule::Deferred { w, .. } => {
                    let next = path.get(i + 1..i + 1 + w);
                    next.is_some_and(|next| next.iter().all(|&n| self.is_choice(n)))
                }
                _ => true,
            };
            !at_the_end && self.satisfies(node, rule) && is_confirmed
        })
    }

    /// Every path that may be committed, without the root.
    fn acceptable(&self, rule: AcceptanceRule) -> Vec<Vec<usize>> {
        let ends = 0..self.tree.n_rows();
        let paths = ends.map(|end| self.tree.path(end)[1..].to_vec());
        paths
            .filter(|path| self.is_acceptable(path, rule))
            .collect()
    }

    fn log_p(&self, path: &[usize]) -> f64 {
        let each = path.iter().map(|&node| f64::from(self.score(node).1).ln());
        each.sum()
    }
}

/// `drafts`: a parent and a number of a token each, which is the model's own choice there
/// more often than not. Siblings differ.
fn judged(drafts: &[(prop::sample::Index, u32)], rows: &[(u32, f32)], tokens: usize) -> Judged {
    let row = |&(first, fall): &(u32, f32)| {
        let p = |i: u32| (1.0 - fall) * fall.powi(i as i32);
        let ids = (0..N_TOKENS).map(|i| (first + i) % N_TOKENS);
        NodeDistribution {
            top: ids.zip(0..).map(|(id, i)| Candidate(id, p(i))).collect(),
            entropy: Some(-(0..N_TOKENS).map(|i| p(i) * p(i).ln()).sum::<f32>()),
            log_norm: None,
            drawn: None,
        }
    };
    let rows: Vec<NodeDistribution> = rows.iter().map(row).collect();
    let mut tree = DraftTree::root_only(1);
    for (parent, place) in drafts {
        let parent = match place % 3 {
            0 => parent.index(tree.n_rows()),
            // Long branches are rare by chance.
            _ => tree.n_rows() - 1,
        };
        let at = place.saturating_sub(6) % N_TOKENS;
        let token = rows[parent].top[at as usize].0;
        let is_known = tree
            .children(parent)
            .any(|child| tree.nodes[child].token == token);
        if !is_known {
            tree.push(parent, token, 0.5, Vec::new());
        }
    }
    let rows: Vec<_> = rows.into_iter().take(tree.n_rows()).map(Some).collect();
    let score = |node: &crate::speculate::draft::DraftNode| {
        let parent = node.parent.expect("a draft token");
        rows[parent].as_ref().and_then(|row| row.score(node.token))
    };
    Judged {
        scores: tree.nodes[1..].iter().map(score).collect(),
        tree,
        rows,
        room: RemainingTokens {
            tokens,
            then: Finish::Length,
        },
    }
}

fn trees() -> impl Strategy<Value = Judged> {
    let drafts = prop::collection::vec((any::<prop::sample::Index>(), 0u32..11), 0..24);
    let rows = prop::collection::vec((0..N_TOKENS, 0.05f32..0.95), 25);
    (drafts, rows, 1usize..14).prop_map(|(drafts, rows, tokens)| judged(&drafts, &rows, tokens))
}

fn rules() -> impl Strategy<Value = AcceptanceRule> {
    let k = || prop_oneof![1usize..5, Just(ALL_RANKS)];
    let share = || 0f32..1.0;
    prop_oneof![
        Just(AcceptanceRule::Strict),
        (k(), share()).prop_map(|(k, tau)| AcceptanceRule::Relaxed { k, tau }),
        (k(), share()).prop_map(|(k, r)| AcceptanceRule::Ratio { k, r }),
        (k(), share()).prop_map(|(k, m)| AcceptanceRule::Margin { k, m }),
        (share(), share()).prop_map(|(eps, delta)| AcceptanceRule::Typical { eps, delta }),
        (share(), 1usize..5).prop_map(|(h, w)| AcceptanceRule::Deferred { h, w }),
    ]
}

/// What a sweep between two numbers of a rule goes through: each rule accepts all that the
/// one before it does.
fn ever_laxer() -> impl Strategy<Value = Vec<AcceptanceRule>> {
    let rising = || {
        prop::collection::vec(0f32..1.0, 4).prop_map(|mut numbers| {
            numbers.sort_by(f32::total_cmp);
            numbers
        })
    };
    let falling = || {
        rising().prop_map(|mut numbers| {
            numbers.reverse();
            numbers
        })
    };
    let of = |rule: fn(f32) -> AcceptanceRule| {
        move |all: Vec<f32>| all.into_iter().map(rule).collect::<Vec<_>>()
    };
    prop_oneof![
        rising().prop_map(of(|m| AcceptanceRule::Margin { k: 3, m })),
        rising().prop_map(of(|m| AcceptanceRule::Margin { k: ALL_RANKS, m })),
        falling().prop_map(of(|tau| AcceptanceRule::Relaxed { k: 3, tau })),
        falling().prop_map(of(|tau| AcceptanceRule::Relaxed { k: ALL_RANKS, tau })),
        falling().prop_map(of(|h| AcceptanceRule::Deferred { h, w: 2 })),
        (0f32..1.0).prop_map(|h| {
            let windows = [4usize, 3, 2, 1];
            windows.map(|w| AcceptanceRule::Deferred { h, w }).to_vec()
        }),
        (0f32..0.5).prop_map(|tau| {
            let ranks = [1, 2, 4, ALL_RANKS];
            ranks.map(|k| AcceptanceRule::Relaxed { k, tau }).to_vec()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// The longest of all paths that may be committed wins, then the more probable, then
    /// the one drafted first.
    #[test]
    fn the_verdict_is_the_best_of_all_acceptable_paths(judged in trees(), rule in rules()) {
        let all = judged.acceptable(rule);
        let longest = all.iter().map(Vec::len).max().unwrap_or(0);
        let of_length = all.iter().filter(|path| path.len() == longest);
        let best = of_length.reduce(|best, path| {
            match judged.log_p(path) > judged.log_p(best) {
                true => path,
                false => best,
            }
        });
        let verdict = judged.verdict(rule);
        prop_assert_eq!(&verdict.path, best.unwrap());
    }

    /// A token that lost is on a path that may be committed; one that was rejected is not.
    #[test]
    fn what_was_lost_could_have_been_committed(judged in trees(), rule in rules()) {
        let all = judged.acceptable(rule);
        let verdict = judged.verdict(rule);
        for node in 1..judged.tree.n_rows() {
            let is_acceptable = all.iter().any(|path| path.contains(&node));
            match verdict.fate(node).unwrap() {
                Fate::Accepted => prop_assert!(judged.is_choice(node)),
                Fate::Relaxed => prop_assert!(!judged.is_choice(node) && is_acceptable),
                Fate::Lost => prop_assert!(is_acceptable),
                Fate::Rejected => prop_assert!(!is_acceptable),
                Fate::Unreached => {}
            }
        }
    }

    /// In what is committed, a whole window of own choices follows every token that is not
    /// one.
    #[test]
    fn a_deferred_token_is_confirmed_by_what_is_committed(judged in trees(), h in 0f32..1.0, w in 1usize..5) {
        let verdict = judged.verdict(AcceptanceRule::Deferred { h, w });
        for (i, &node) in verdict.path.iter().enumerate() {
            if verdict.fate(node) == Some(Fate::Relaxed) {
                let window = verdict.path.get(i + 1..i + 1 + w);
                prop_assert!(window.is_some_and(|all| all.iter().all(|&n| judged.is_choice(n))));
                prop_assert!(judged.row(judged.parent(node)).entropy > Some(h));
            }
        }
    }

    #[test]
    fn a_rule_at_its_end_is_strict(judged in trees(), k in 1usize..6, w in 1usize..5, share in 0f32..1.0) {
        let strict = judged.verdict(AcceptanceRule::Strict);
        let longer_than_the_tree = judged.tree.n_rows();
        for same in [
            AcceptanceRule::Deferred { h: f32::INFINITY, w },
            AcceptanceRule::Deferred { h: 99.0, w },
            AcceptanceRule::Deferred { h: 0.0, w: longer_than_the_tree },
            AcceptanceRule::Margin { k, m: 0.0 },
            AcceptanceRule::Margin { k: ALL_RANKS, m: 0.0 },
            AcceptanceRule::Margin { k: 1, m: share },
            AcceptanceRule::Relaxed { k: ALL_RANKS, tau: 1.0 },
            AcceptanceRule::Relaxed { k: ALL_RANKS, tau: 1.5 },
        ] {
            prop_assert_eq!(&judged.verdict(same), &strict, "{:?}", same);
        }
    }

    /// Every rank is one of at most as many as there are tokens.
    #[test]
    fn all_ranks_are_as_many_as_there_are(judged in trees(), share in 0f32..1.0) {
        let k = N_TOKENS as usize;
        let pairs = [
            [ALL_RANKS, k].map(|k| AcceptanceRule::Relaxed { k, tau: share }),
            [ALL_RANKS, k].map(|k| AcceptanceRule::Ratio { k, r: share }),
            [ALL_RANKS, k].map(|k| AcceptanceRule::Margin { k, m: share }),
        ];
        for [all, limited] in pairs {
            prop_assert_eq!(judged.verdict(all), judged.verdict(limited));
        }
    }

    #[test]
    fn a_laxer_rule_commits_no_less(judged in trees(), rules in ever_laxer()) {
        for pair in rules.windows(2) {
            let [strict, lax] = [pair[0], pair[1]].map(|rule| judged.acceptable(rule));
            prop_assert!(strict.iter().all(|path| lax.contains(path)), "{:?}", pair);
            let [strict, lax] = [pair[0], pair[1]].map(|rule| judged.verdict(rule));
            prop_assert!(strict.path.len() <= lax.path.len(), "{:?}", pair);
        }
    }

    /// Under every rule an end token is committed only as the model's own choice, and
    /// nothing else where that is one.
    #[test]
    fn no_rule_moves_the_end_of_the_text(judged in trees(), rule in rules()) {
        let verdict = judged.verdict(rule);
        for node in 1..judged.tree.n_rows() {
            let is_end = judged.tree.nodes[node].token == EOS;
            let ends_here = judged.row(judged.parent(node)).argmax() == Some(EOS);
            if is_end || ends_here {
                prop_assert_ne!(verdict.fate(node), Some(Fate::Relaxed));
            }
            if is_end && verdict.path.contains(&node) {
                prop_assert_eq!(verdict.path.last(), Some(&node));
                prop_assert_eq!(verdict.finish, Some(Finish::Eos));
            }
        }
    }

    /// What is removed from the rows changes no verdict: it is the whole tree's, or none.
    #[test]
    fn a_verdict_on_some_rows_is_the_one_on_all(judged in trees(), rule in rules(), gone in any::<[u32; 3]>()) {
        let whole = judged.verdict(rule);
        let mut thin = judged.clone();
        for node in 0..thin.tree.n_rows() {
            let is_gone = |which: usize| gone[which] >> (node % 32) & 1 == 1;
            if is_gone(0) {
                thin.rows[node] = None;
            }
            if let Some(row) = thin.rows[node].as_mut().filter(|_| is_gone(1)) {
                row.entropy = None;
            }
            if node > 0 && is_gone(2) {
                thin.scores[node - 1] = None;
            }
        }
        let scored = ScoredTree::new(&thin.tree, &thin.rows, &thin.scores);
        if let Some(verdict) = verify(scored, rule, &[EOS], thin.room) {
            prop_assert_eq!(verdict, whole);
        }
    }
}

/// The properties above are not vacuous: windows are filled, left open and cut off.
#[test]
fn random_trees_have_windows_of_every_kind() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut n_deferred, mut n_rejected, mut n_longer) = (0, 0, 0);
    for _ in 0..400 {
        let judged = trees().new_tree(&mut runner).unwrap().current();
        let rule = AcceptanceRule::Deferred { h: 0.1, w: 2 };
        let (deferred, strict) = (judged.verdict(rule), judged.verdict(AcceptanceRule::Strict));
        n_deferred += deferred.count(Fate::Relaxed);
        n_rejected += deferred.count(Fate::Rejected);
        n_longer += usize::from(deferred.path.len() > strict.path.len());
    }
    assert!(n_deferred > 30 && n_rejected > 100 && n_longer > 20);
}

/// Two tokens of one probability: a margin of 0 accepts the other one too.
#[test]
fn a_margin_of_0_accepts_exact_ties_alone() {
    let tied = |p: f32| {
        let row = NodeDistribution {
            top: vec![Candidate(1, 0.4), Candidate(2, p)],
            entropy: Some(1.0),
            log_norm: None,
            drawn: None,
        };
        let mut tree = DraftTree::root_only(9);
        tree.push(0, 2, 0.5, Vec::new());
        let judged = Judged {
            tree,
            scores: vec![row.score(2)],
            rows: vec![Some(row.clone()), Some(row)],
            room: RemainingTokens {
                tokens: 9,
                then: Finish::Length,
            },
        };
        judged
            .verdict(AcceptanceRule::Margin { k: 2, m: 0.0 })
            .fates[0]
    };
    assert_eq!(tied(0.4), Fate::Relaxed);
    assert_eq!(tied(0.399), Fate::Rejected);
}
