use super::*;
use crate::speculate::row::Candidate;
use crate::speculate::rule::Refusal;

const EOS: TokenId = 99;
const OPEN: RemainingTokens = RemainingTokens {
    tokens: 100,
    then: Finish::Length,
};
const RELAXED: AcceptanceRule = AcceptanceRule::Relaxed { k: 2, tau: 0.1 };

fn row(top: &[(TokenId, f32)]) -> NodeDistribution {
    NodeDistribution {
        top: top.iter().map(|&(id, p)| Candidate(id, p)).collect(),
        entropy: 1.0,
        drawn: None,
    }
}

/// A tree from (parent, token) pairs, every row from `top`.
fn case(
    drafts: &[(usize, TokenId)],
    tops: &[&[(TokenId, f32)]],
) -> (DraftTree, Vec<NodeDistribution>, Vec<TokenScore>) {
    let mut tree = DraftTree::root_only(0);
    for &(parent, token) in drafts {
        tree.push(parent, token, 0.5, Vec::new());
    }
    let rows: Vec<NodeDistribution> = tops.iter().map(|t| row(t)).collect();
    let judged = drafts
        .iter()
        .map(|&(parent, token)| {
            let at = rows[parent].top.iter().position(|c| c.0 == token);
            match at {
                Some(i) => TokenScore {
                    rank: i as u32 + 1,
                    p: rows[parent].top[i].1,
                },
                None => TokenScore { rank: 50, p: 0.0 },
            }
        })
        .collect();
    (tree, rows, judged)
}

const MAIN: &[(TokenId, f32)] = &[(1, 0.6), (2, 0.3), (3, 0.05)];

#[test]
fn strict_takes_the_argmax_path_and_adds_the_bonus() {
    let (tree, rows, judged) = case(&[(0, 1), (0, 2), (1, 1)], &[MAIN; 4]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        AcceptanceRule::Strict,
        &[EOS],
        OPEN,
    );
    assert_eq!(v.path, [1, 3]);
    assert_eq!(v.bonus, Some(1));
    assert_eq!(v.fates, [Fate::Accepted, Fate::Rejected, Fate::Accepted]);
}

#[test]
fn relaxed_prefers_the_longer_path() {
    let (tree, rows, judged) = case(&[(0, 1), (0, 2), (2, 1), (0, 3)], &[MAIN; 5]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    );
    assert_eq!(v.path, [2, 3]);
    assert_eq!(
        v.fates,
        [Fate::Lost, Fate::Relaxed, Fate::Accepted, Fate::Rejected]
    );
}

#[test]
fn among_equally_long_paths_the_more_probable_wins() {
    let (tree, rows, judged) = case(&[(0, 2), (0, 1)], &[MAIN; 3]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    );
    assert_eq!(v.path, [2]);
    assert_eq!(v.fates, [Fate::Lost, Fate::Accepted]);
}

#[test]
fn the_probability_must_exceed_tau() {
    let at_tau: &[(TokenId, f32)] = &[(1, 0.6), (2, 0.1)];
    let (tree, rows, judged) = case(&[(0, 2)], &[at_tau, MAIN]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    );
    assert_eq!(v.fates, [Fate::Rejected]);
    assert_eq!(
        rule(2, judged[0], &rows[0], RELAXED, &[EOS]),
        Ruling::Refused(Refusal::Probability)
    );
}

#[test]
fn an_eos_is_accepted_only_as_the_argmax() {
    let eos_second: &[(TokenId, f32)] = &[(1, 0.6), (EOS, 0.35)];
    let (tree, rows, judged) = case(&[(0, EOS)], &[eos_second, MAIN]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    );
    assert_eq!((v.fates[0], v.finish), (Fate::Rejected, None));

    let eos_first: &[(TokenId, f32)] = &[(EOS, 0.6), (1, 0.35)];
    let (tree, rows, judged) = case(&[(0, 1), (0, EOS), (2, 1)], &[eos_first, MAIN, MAIN, MAIN]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    );
    assert_eq!(v.path, [2]);
    assert_eq!((v.bonus, v.finish), (None, Some(Finish::Eos)));
    assert_eq!(v.fates, [Fate::Rejected, Fate::Accepted, Fate::Unreached]);
}

#[test]
fn an_eos_as_bonus_ends_the_text() {
    let eos_first: &[(TokenId, f32)] = &[(EOS, 0.6), (1, 0.35)];
    let (tree, rows, judged) = case(&[], &[eos_first]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    );
    assert_eq!((v.bonus, v.finish), (Some(EOS), Some(Finish::Eos)));
}

#[test]
fn a_limit_cuts_the_path_and_the_bonus() {
    let (tree, rows, judged) = case(&[(0, 1), (1, 1), (2, 1)], &[MAIN; 4]);
    let room = RemainingTokens {
        tokens: 2,
        then: Finish::Length,
    };
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        AcceptanceRule::Strict,
        &[EOS],
        room,
    );
    assert_eq!(
        (v.path.as_slice(), v.bonus, v.finish),
        (&[1, 2][..], None, Some(Finish::Length))
    );
    assert_eq!(v.fates[2], Fate::Unreached);
    let room = RemainingTokens {
        tokens: 4,
        then: Finish::Context,
    };
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        AcceptanceRule::Strict,
        &[EOS],
        room,
    );
    assert_eq!((v.n_committed(), v.finish), (4, Some(Finish::Context)));
}

#[test]
fn relaxed_with_k_1_or_tau_1_is_strict() {
    let (tree, rows, judged) = case(&[(0, 1), (0, 2), (2, 1), (1, 2)], &[MAIN; 5]);
    let strict = verify(
        ScoredTree::new(&tree, &rows, &judged),
        AcceptanceRule::Strict,
        &[EOS],
        OPEN,
    );
    for rule in [
        AcceptanceRule::Relaxed { k: 1, tau: 0.0 },
        AcceptanceRule::Relaxed { k: 5, tau: 1.0 },
    ] {
        assert_eq!(
            verify(ScoredTree::new(&tree, &rows, &judged), rule, &[EOS], OPEN),
            strict
        );
    }
}
