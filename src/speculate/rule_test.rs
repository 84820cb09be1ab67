//! The rules on single rows.

use super::*;
use crate::speculate::row::{Candidate, Drawn};

const EOS: TokenId = 99;

/// Entropy of 1 nat; token i has rank i.
fn row(top: &[f32]) -> NodeDistribution {
    NodeDistribution {
        top: (1..).zip(top).map(|(id, &p)| Candidate(id, p)).collect(),
        entropy: Some(1.0),
        log_norm: None,
        drawn: None,
    }
}

fn ruled(row: &NodeDistribution, rank: u32, verify: AcceptanceRule) -> Ruling {
    let p = row.top.get(rank as usize - 1).map_or(0.0, |c| c.1);
    let score = Some(TokenScore::new(rank, p));
    let at = Standing {
        score,
        ..Standing::within(row, rank)
    };
    rule(at, verify, &[EOS]).unwrap()
}

#[test]
fn ratio_asks_for_rank_and_for_a_share_of_the_argmax() {
    let row = row(&[0.5, 0.25, 0.2]);
    let ratio = |k, r| AcceptanceRule::Ratio { k, r };
    assert_eq!(ruled(&row, 1, ratio(2, 1.0)), Ruling::Choice);
    assert_eq!(ruled(&row, 2, ratio(2, 0.5)), Ruling::Relaxed);
    assert_eq!(
        ruled(&row, 2, ratio(2, 0.51)),
        Ruling::Refused(Refusal::Ratio)
    );
    assert_eq!(
        ruled(&row, 3, ratio(2, 0.1)),
        Ruling::Refused(Refusal::Rank)
    );
    assert_eq!(
        ruled(&row, 2, ratio(1, 0.0)),
        Ruling::Refused(Refusal::NotArgmax)
    );
}

#[test]
fn margin_asks_for_rank_and_for_little_less_than_the_argmax() {
    let row = row(&[0.5, 0.25, 0.125]);
    let margin = |k, m| AcceptanceRule::Margin { k, m };
    assert_eq!(ruled(&row, 1, margin(2, 0.0)), Ruling::Choice);
    assert_eq!(ruled(&row, 2, margin(2, 0.25)), Ruling::Relaxed);
    let too_far = Ruling::Refused(Refusal::Margin);
    assert_eq!(ruled(&row, 2, margin(2, 0.24)), too_far);
    assert_eq!(
        ruled(&row, 3, margin(2, 1.0)),
        Ruling::Refused(Refusal::Rank)
    );
    assert_eq!(ruled(&row, 3, margin(ALL_RANKS, 0.375)), Ruling::Relaxed);
}

#[test]
fn without_a_limit_no_rank_is_asked_for() {
    let row = row(&[0.4, 0.3, 0.2, 0.1]);
    let relaxed = |tau| AcceptanceRule::Relaxed { k: ALL_RANKS, tau };
    assert_eq!(ruled(&row, 4, relaxed(0.05)), Ruling::Relaxed);
    let unlikely = Ruling::Refused(Refusal::Probability);
    assert_eq!(ruled(&row, 4, relaxed(0.1)), unlikely);
    // Nor is it needed where it is not recorded.
    let at = Standing {
        score: Some(TokenScore { rank: None, p: 0.1 }),
        ..Standing::within(&row, 7)
    };
    assert_eq!(rule(at, relaxed(0.05), &[EOS]), Some(Ruling::Relaxed));
    let limited = AcceptanceRule::Relaxed { k: 9, tau: 0.05 };
    assert_eq!(rule(at, limited, &[EOS]), None);
}

#[test]
fn deferred_asks_for_entropy_and_for_own_choices_to_follow() {
    let row = row(&[0.5, 0.4]);
    let ruled = |h, followed, owed| {
        let branch = OnBranch { followed, owed };
        let at = Standing {
            branch,
            ..Standing::within(&row, 2)
        };
        rule(at, AcceptanceRule::Deferred { h, w: 3 }, &[EOS])
    };
    let refused = |why| Some(Ruling::Refused(why));
    assert_eq!(ruled(0.9, (3, 3), Some(0)), Some(Ruling::Relaxed));
    assert_eq!(ruled(1.0, (3, 3), Some(0)), refused(Refusal::Entropy));
    assert_eq!(ruled(0.9, (2, 2), Some(0)), refused(Refusal::Window));
    assert_eq!(ruled(0.9, (0, 2), Some(0)), refused(Refusal::Window));
    assert_eq!(ruled(0.9, (3, 3), Some(1)), refused(Refusal::WithinWindow));
    assert_eq!(ruled(0.9, (2, 3), Some(0)), None, "not recorded");
    assert_eq!(ruled(0.9, (3, 3), None), None, "not recorded");
    let at = Standing::within(&row, 1);
    let own = rule(at, AcceptanceRule::Deferred { h: 9.0, w: 3 }, &[EOS]);
    assert_eq!(own, Some(Ruling::Choice));
}

#[test]
fn typical_asks_for_less_where_the_model_is_unsure() {
    let mut row = row(&[0.5, 0.1, 0.05]);
    let typical = AcceptanceRule::Typical {
        eps: 0.09,
        delta: 0.3,
    };
    assert_eq!(ruled(&row, 2, typical), Ruling::Relaxed);
    assert_eq!(ruled(&row, 3, typical), Ruling::Refused(Refusal::Typical));
    row.entropy = Some(2.0); // 0.3 * e^-2 = 0.0406
    assert_eq!(ruled(&row, 3, typical), Ruling::Relaxed);
}

#[test]
fn no_rule_touches_the_end_of_the_text() {
    for verify in &AcceptanceRule::ALL[2..] {
        let mut row = row(&[0.5, 0.4]);
        row.top[1].0 = EOS;
        let would_end = rule(Standing::within(&row, EOS), *verify, &[EOS]);
        assert_eq!(would_end, Some(Ruling::Refused(Refusal::EosNotArgmax)));
        row.top.swap(0, 1);
        let beside = rule(Standing::within(&row, 1), *verify, &[EOS]);
        assert_eq!(beside, Some(Ruling::Refused(Refusal::ArgmaxIsEos)));
    }
}

#[test]
fn where_a_token_was_drawn_only_that_is_taken() {
    let mut row = row(&[0.5, 0.4, 0.1]);
    row.drawn = Some(Drawn {
        token: 3,
        rank: Some(3),
        p: 0.1,
    });
    assert_eq!(ruled(&row, 3, AcceptanceRule::Strict), Ruling::Choice);
    for rank in [1, 2] {
        assert_eq!(
            ruled(&row, rank, AcceptanceRule::Strict),
            Ruling::Refused(Refusal::NotDrawn)
        );
    }
}
