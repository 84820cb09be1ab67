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
        entropy: Some(1.0),
        log_norm: None,
        drawn: None,
    }
}

/// A tree from (parent, token) pairs, every row from `top`.
fn case(
    drafts: &[(usize, TokenId)],
    tops: &[&[(TokenId, f32)]],
) -> (
    DraftTree,
    Vec<Option<NodeDistribution>>,
    Vec<Option<TokenScore>>,
) {
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
                Some(i) => TokenScore::new(i as u32 + 1, rows[parent].top[i].1),
                None => TokenScore::new(50, 0.0),
            }
        })
        .map(Some)
        .collect();
    (tree, rows.into_iter().map(Some).collect(), judged)
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
    )
    .unwrap();
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
    )
    .unwrap();
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
    )
    .unwrap();
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
    )
    .unwrap();
    assert_eq!(v.fates, [Fate::Rejected]);
    assert_eq!(
        rule(
            ScoredTree::new(&tree, &rows, &judged).standing(1),
            RELAXED,
            &[EOS]
        ),
        Some(Ruling::Refused(Refusal::Probability))
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
    )
    .unwrap();
    assert_eq!((v.fates[0], v.finish), (Fate::Rejected, None));

    let eos_first: &[(TokenId, f32)] = &[(EOS, 0.6), (1, 0.35)];
    let (tree, rows, judged) = case(&[(0, 1), (0, EOS), (2, 1)], &[eos_first, MAIN, MAIN, MAIN]);
    let v = verify(
        ScoredTree::new(&tree, &rows, &judged),
        RELAXED,
        &[EOS],
        OPEN,
    )
    .unwrap();
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
    )
    .unwrap();
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
    )
    .unwrap();
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
    )
    .unwrap();
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
    )
    .unwrap();
    for rule in [
        AcceptanceRule::Relaxed { k: 1, tau: 0.0 },
        AcceptanceRule::Relaxed { k: 5, tau: 1.0 },
    ] {
        assert_eq!(
            verify(ScoredTree::new(&tree, &rows, &judged), rule, &[EOS], OPEN),
            Some(strict.clone())
        );
    }
}

/// Without any row, what was committed is what the model chose.
#[test]
fn strict_needs_only_what_was_committed() {
    let (tree, rows, judged) = case(&[(0, 1), (0, 2), (1, 1), (1, 2)], &[MAIN; 5]);
    let strict = |scored| verify(scored, AcceptanceRule::Strict, &[EOS], OPEN);
    let recorded = strict(ScoredTree::new(&tree, &rows, &judged)).unwrap();
    let (rows, judged) = (vec![None; 5], vec![None; 4]);
    let blank = ScoredTree::new(&tree, &rows, &judged);
    assert_eq!(strict(blank), None);
    let known = ScoredTree {
        verdict: Some(&recorded),
        ..blank
    };
    assert_eq!(strict(known), Some(recorded.clone()));
    // A shorter tree ends in the model's next token, which is known, too.
    let cut = verify_kept(known, AcceptanceRule::Strict, &[EOS], OPEN, |node| node < 3);
    let cut = cut.unwrap();
    assert_eq!((cut.path, cut.bonus), (vec![1], Some(1)));
    assert_eq!(verify(known, RELAXED, &[EOS], OPEN), None);
}

/// Some rows are enough for a lossy rule where they decide.
#[test]
fn a_lossy_rule_needs_the_rows_that_decide() {
    let (tree, rows, judged) = case(&[(0, 3), (1, 1)], &[MAIN; 3]);
    let relaxed = |rows: &[Option<NodeDistribution>], judged: &[Option<TokenScore>]| {
        verify(ScoredTree::new(&tree, rows, judged), RELAXED, &[EOS], OPEN)
    };
    let whole = relaxed(&rows, &judged).unwrap();
    assert_eq!(whole.fates, [Fate::Rejected, Fate::Unreached]);
    let (root_only, unjudged) = ([rows[0].clone(), None, None], [None, None]);
    assert_eq!(relaxed(&root_only, &unjudged), Some(whole));
    let (tree, rows, judged) = case(&[(0, 2), (1, 1)], &[MAIN; 3]);
    let relaxed = |rows: &[Option<NodeDistribution>], judged: &[Option<TokenScore>]| {
        verify(ScoredTree::new(&tree, rows, judged), RELAXED, &[EOS], OPEN)
    };
    assert_eq!(relaxed(&rows, &judged).unwrap().path, [1, 2]);
    assert_eq!(relaxed(&[rows[0].clone(), None, None], &unjudged), None);
}

/// A branch whose further course is not recorded does not matter where it is too short.
#[test]
fn a_shorter_branch_loses_whatever_follows_on_it() {
    let drafts = [(0, 1), (1, 1), (2, 1), (0, 2), (4, 1)];
    let (tree, rows, judged) = case(&drafts, &[MAIN; 6]);
    let relaxed = |rows: &[Option<NodeDistribution>], judged: &[Option<TokenScore>]| {
        verify(ScoredTree::new(&tree, rows, judged), RELAXED, &[EOS], OPEN)
    };
    let whole = relaxed(&rows, &judged).unwrap();
    assert_eq!(
        (whole.path.as_slice(), whole.fates[3]),
        (&[1, 2, 3][..], Fate::Lost)
    );
    let on_path: Vec<_> = (0..6).map(|i| rows[i].clone().filter(|_| i < 4)).collect();
    assert_eq!(relaxed(&on_path, &[None; 5]), Some(whole));
    // As deep as the path, it could win.
    let drafts = [(0, 1), (1, 1), (0, 2), (3, 1)];
    let (tree, rows, _) = case(&drafts, &[MAIN; 5]);
    let on_path: Vec<_> = (0..5).map(|i| rows[i].clone().filter(|_| i < 3)).collect();
    let scored = ScoredTree::new(&tree, &on_path, &[None; 4]);
    assert_eq!(verify(scored, RELAXED, &[EOS], OPEN), None);
}
