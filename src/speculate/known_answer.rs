//! Verdicts where the answer is known but the model is not there: what a rule would have
//! accepted of a draft, given what the model went on to write. Does not know where answers
//! come from.

use super::TokenId;
use super::draft::DraftTree;
use super::longest::deepest_below;
use super::params::AcceptanceRule;
use super::row::NodeDistribution;
use super::rule::{Ruling, Standing, rule};
use super::verify::{Fate, RemainingTokens, Verdict, end_of, finish_of};

/// What the model went on to write after a draft's root.
#[derive(Clone, Copy, Debug)]
pub struct AnswerAhead<'a> {
    /// At least one token.
    pub tokens: &'a [TokenId],
    /// The distribution that each token was chosen from, as far as it is known; empty if
    /// nothing is.
    pub rows: &'a [Option<NodeDistribution>],
    /// Tokens that end a text.
    pub eos: &'a [TokenId],
}

/// The verdict of a rule that accepts nothing but the model's own choice: the same as
/// [`verify`](super::verify::verify)'s, for which the distributions are not needed.
pub fn verify_strictly(tree: &DraftTree, answer: AnswerAhead, room: RemainingTokens) -> Verdict {
    let path = accepted_path(tree, answer, room);
    verdict(tree, answer, room, path, |_| Fate::Rejected)
}

/// The verdict of a rule that looks at ranks and probabilities. `None`: it would commit
/// another token here, or whether it would cannot be told from the rows.
pub fn verify_by_rows(
    tree: &DraftTree,
    answer: AnswerAhead,
    verify: AcceptanceRule,
    room: RemainingTokens,
) -> Option<Verdict> {
    if verify.amounts_to_strict() {
        return Some(verify_strictly(tree, answer, room));
    }
    let path = accepted_path(tree, answer, room);
    let mut lost = Vec::new();
    for (depth, &at) in std::iter::once(&0).chain(&path).enumerate() {
        let is_last = depth == path.len();
        // Where the model ends the text, nothing else is accepted.
        let is_end = |at: usize| answer.eos.contains(&answer.tokens[at]);
        if depth >= room.tokens || (is_last && ends(tree, answer, &path)) || is_end(depth) {
            break;
        }
        for child in tree.children(at).filter(|child| !path.contains(child)) {
            let token = tree.nodes[child].token;
            let row = answer.rows.get(depth)?.as_ref()?;
            let standing = Standing::within(row, token);
            if rule(standing, verify, answer.eos)? != Ruling::Relaxed {
                continue;
            }
            let is_less_probable = standing.score?.p < row.argmax_p()?;
            if !is_beaten(tree, child, path.len(), room, is_less_probable) {
                return None;
            }
            lost.push(child);
        }
    }
    Some(verdict(tree, answer, room, path, |node| {
        match lost.contains(&node) {
            true => Fate::Lost,
            false => Fate::Rejected,
        }
    }))
}

/// Whether the branch that begins with an accepted child loses against a path of the
/// model's own choices, whatever is accepted further down: it is too short, or, if the
/// child is its only token and both are as long, less probable.
fn is_beaten(
    tree: &DraftTree,
    child: usize,
    path_len: usize,
    room: RemainingTokens,
    is_less_probable: bool,
) -> bool {
    let depth = tree.nodes[child].depth;
    let deepest = deepest_below(tree, child).min(room.tokens);
    deepest < path_len || (deepest == path_len && depth == path_len && is_less_probable)
}

/// The drafted nodes that are the answer's next tokens, up to its end.
fn accepted_path(tree: &DraftTree, answer: AnswerAhead, room: RemainingTokens) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    for &token in answer.tokens.iter().take(room.tokens) {
        let at = end_of(&path);
        let next = tree.children(at).find(|&c| tree.nodes[c].token == token);
        let Some(next) = next else { break };
        path.push(next);
        if answer.eos.contains(&token) {
            break;
        }
    }
    path
}

/// Whether the path's last token ends the text.
fn ends(tree: &DraftTree, answer: AnswerAhead, path: &[usize]) -> bool {
    let last = path.last();
    last.is_some_and(|&node| answer.eos.contains(&tree.nodes[node].token))
}

/// `beside`: the fate of a committed node's child that is not committed.
fn verdict(
    tree: &DraftTree,
    answer: AnswerAhead,
    room: RemainingTokens,
    path: Vec<usize>,
    beside: impl Fn(usize) -> Fate,
) -> Verdict {
    let ended = ends(tree, answer, &path);
    let cut_off = ended || path.len() >= room.tokens;
    let bonus = answer.tokens.get(path.len()).copied();
    let bonus = bonus.filter(|_| !cut_off);
    let last = end_of(&path);
    let fate = |node: usize| {
        let parent = tree.nodes[node].parent.unwrap_or(0);
        match () {
            () if path.contains(&node) => Fate::Accepted,
            () if cut_off && parent == last => Fate::Unreached,
            () if parent == 0 || path.contains(&parent) => beside(node),
            () => Fate::Unreached,
        }
    };
    let mut verdict = Verdict {
        fates: (1..tree.n_rows()).map(fate).collect(),
        path,
        bonus,
        finish: None,
    };
    verdict.finish = finish_of(&verdict, ended, answer.eos, room);
    verdict
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::speculate::params::ALL_RANKS;
    use crate::speculate::row::{Candidate, TokenScore};
    use crate::speculate::verify::{Finish, ScoredTree, verify};

    const EOS: TokenId = 0;
    /// Tokens 0 to 5.
    const VOCABULARY: u32 = 6;

    /// A tree of tokens under 6, no two siblings alike and nothing below the end token.
    fn tree() -> impl Strategy<Value = DraftTree> {
        let drafts = prop::collection::vec((any::<prop::sample::Index>(), 0..VOCABULARY), 0..14);
        drafts.prop_map(|drafts| {
            let mut tree = DraftTree::root_only(9);
            for (parent, token) in drafts {
                let parent = parent.index(tree.n_rows());
                let ends = parent > 0 && tree.nodes[parent].token == EOS;
                let mut siblings = tree.children(parent);
                let known = siblings.any(|c| tree.nodes[c].token == token);
                drop(siblings);
                if !ends && !known {
                    tree.push(parent, token, 0.5, Vec::new());
                }
            }
            tree
        })
    }

    /// A distribution whose argmax is `token`: the tokens from there on, the next one
    /// half as probable as `p`.
    fn row(token: TokenId, p: f32) -> NodeDistribution {
        let at = |i: u32| Candidate((token + i) % VOCABULARY, p * 0.5f32.powi(i as i32));
        NodeDistribution {
            top: (0..VOCABULARY).map(at).collect(),
            entropy: Some(1.0),
            log_norm: None,
            drawn: None,
        }
    }

    /// The rows of a model that writes `answer` and, elsewhere, whatever `seed` says.
    fn rows(
        tree: &DraftTree,
        answer: &[TokenId],
        p: f32,
        seed: u32,
    ) -> Vec<Option<NodeDistribution>> {
        let on_answer = |node: usize| {
            let path = &tree.path(node)[1..];
            let drafted = path.iter().map(|&n| tree.nodes[n].token);
            drafted.eq(answer.iter().copied().take(path.len()))
        };
        let next = |node: usize| match on_answer(node) {
            true => answer.get(tree.nodes[node].depth).copied().unwrap_or(EOS),
            false => (node as u32).wrapping_mul(seed) % VOCABULARY,
        };
        (0..tree.n_rows())
            .map(|node| Some(row(next(node), p)))
            .collect()
    }

    fn scores(tree: &DraftTree, rows: &[Option<NodeDistribution>]) -> Vec<Option<TokenScore>> {
        let score = |node: &crate::speculate::draft::DraftNode| {
            let row = rows[node.parent.unwrap_or(0)].as_ref()?;
            row.score(node.token)
        };
        tree.nodes[1..].iter().map(score).collect()
    }

    /// An answer that has the end token at its end or nowhere.
    fn answer() -> impl Strategy<Value = Vec<TokenId>> {
        let tokens = prop::collection::vec(1..VOCABULARY, 1..8);
        (tokens, any::<bool>()).prop_map(|(mut tokens, ended)| {
            tokens.extend(ended.then_some(EOS));
            tokens
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The verdict needs no model where the answer is known.
        #[test]
        fn a_known_answer_gives_the_verdict_of_the_model_that_wrote_it(
            tree in tree(),
            answer in answer(),
            seed in 1u32..99,
        ) {
            let rows = rows(&tree, &answer, 0.4, seed);
            let scores = scores(&tree, &rows);
            let room = RemainingTokens { tokens: answer.len(), then: Finish::Length };
            let scored = ScoredTree::new(&tree, &rows, &scores);
            let by_model = verify(scored, AcceptanceRule::Strict, &[EOS], room).unwrap();
            let known = AnswerAhead { tokens: &answer, rows: &[], eos: &[EOS] };
            prop_assert_eq!(verify_strictly(&tree, known, room), by_model);
        }

        /// A verdict from logged rows is the model's, whatever the rows off the answer are;
        /// where there is none, some model with these rows commits something else.
        #[test]
        fn logged_rows_give_the_rules_verdict_or_none(
            tree in tree(),
            answer in answer(),
            (p, tau) in (0.2f32..0.9, 0.05f32..0.5),
            n_top in 2usize..6,
        ) {
            let rule = AcceptanceRule::Relaxed { k: 2, tau };
            let room = RemainingTokens { tokens: answer.len(), then: Finish::Length };
            let logged = answer.iter().map(|&token| {
                let mut row = row(token, p);
                row.top.truncate(n_top);
                Some(row)
            });
            let logged: Vec<_> = logged.collect();
            let known = AnswerAhead { tokens: &answer, rows: &logged, eos: &[EOS] };
            let told = verify_by_rows(&tree, known, rule, room);
            let by_model = |seed: u32| {
                let rows = rows(&tree, &answer, p, seed);
                let scores = scores(&tree, &rows);
                verify(ScoredTree::new(&tree, &rows, &scores), rule, &[EOS], room).unwrap()
            };
            match told {
                Some(told) => for seed in 1..20 {
                    prop_assert_eq!(&told, &by_model(seed));
                },
                None => {
                    let strict = verify_strictly(&tree, known, room);
                    let may_differ = tau < p * 0.5 && tree.n_drafts() > strict.path.len();
                    prop_assert!(may_differ, "{strict:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The same of every rule that judges by more or less than that.
        #[test]
        fn no_rule_is_told_what_the_model_would_not_say(
            tree in tree(),
            answer in answer(),
            p in 0.2f32..0.5,
            share in 0.0f32..1.0,
            n_top in 1usize..6,
        ) {
            let room = RemainingTokens { tokens: answer.len(), then: Finish::Length };
            let logged = answer.iter().map(|&token| {
                let mut row = row(token, p);
                row.top.truncate(n_top);
                Some(row)
            });
            let logged: Vec<_> = logged.collect();
            let known = AnswerAhead { tokens: &answer, rows: &logged, eos: &[EOS] };
            for rule in [
                AcceptanceRule::Relaxed { k: ALL_RANKS, tau: share },
                AcceptanceRule::Ratio { k: ALL_RANKS, r: share },
                AcceptanceRule::Margin { k: 2, m: share },
                AcceptanceRule::Margin { k: ALL_RANKS, m: share },
                AcceptanceRule::Typical { eps: share, delta: 0.3 },
                AcceptanceRule::Deferred { h: share * 2.0, w: 1 },
            ] {
                let Some(told) = verify_by_rows(&tree, known, rule, room) else {
                    continue;
                };
                for seed in 1..9 {
                    let rows = rows(&tree, &answer, p, seed);
                    let scores = scores(&tree, &rows);
                    let scored = ScoredTree::new(&tree, &rows, &scores);
                    let by_model = verify(scored, rule, &[EOS], room);
                    prop_assert_eq!(Some(&told), by_model.as_ref(), "{:?}", rule);
                }
            }
        }
    }

    #[test]
    fn where_a_row_is_too_short_or_missing_nothing_is_told() {
        let mut tree = DraftTree::root_only(9);
        tree.push(0, 3, 0.5, Vec::new());
        let room = RemainingTokens {
            tokens: 4,
            then: Finish::Length,
        };
        let relaxed = AcceptanceRule::Relaxed { k: 3, tau: 0.1 };
        let mut short = row(1, 0.5);
        short.top.truncate(2);
        let rows = [Some(short), None, None, None];
        let told = |rows| {
            let known = AnswerAhead {
                tokens: &[1, 2, 2, 2],
                rows,
                eos: &[EOS],
            };
            verify_by_rows(&tree, known, relaxed, room)
        };
        assert_eq!(told(&rows), None);
        assert_eq!(told(&[]), None);
        let whole = [Some(row(1, 0.5)), None, None, None];
        // Rank 3, but not probable enough: 0.125 is above tau, 0.05 is not.
        assert_eq!(told(&whole), None);
        let less = [Some(row(1, 0.2)), None, None, None];
        assert_eq!(told(&less).map(|v| v.fates), Some(vec![Fate::Rejected]));
    }
}
