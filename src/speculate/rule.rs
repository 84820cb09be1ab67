//! The rules, token by token: which inequalities a draft token must satisfy, and
//! whether it does. Does not know trees: `verify.rs` decides which branch wins.

use super::TokenId;
use super::params::AcceptanceRule;
use super::row::{NodeDistribution, TokenScore};

/// The rule's ruling on one draft token, regardless of its branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// It is the model's own choice.
    Choice,
    /// It is not, but the rule accepts it.
    Relaxed,
    Refused(Refusal),
}

/// Why a rule refuses a draft token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Only the argmax is accepted, and this is not it.
    NotArgmax,
    /// Only the sampled token is accepted, and this is not it.
    NotDrawn,
    /// Its rank is above k.
    Rank,
    /// Its probability is not above tau.
    Probability,
    /// Its probability is below r times the argmax's.
    Ratio,
    /// Its probability is not above min(eps, delta * e^-entropy).
    Typical,
    /// The argmax ends the text, and nothing else may replace that.
    ArgmaxIsEos,
    /// It would end the text, and only the argmax may do that.
    EosNotArgmax,
}

/// One inequality of a rule, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Test {
    /// rank <= k
    Rank { rank: u32, k: usize },
    /// p > tau
    Probability { p: f32, tau: f32 },
    /// p >= r * p_max
    Ratio { p: f32, r: f32, p_max: f32 },
    /// p > min(eps, delta * e^-entropy)
    Typical {
        p: f32,
        eps: f32,
        delta: f32,
        entropy: f32,
    },
}

impl Test {
    pub(crate) fn holds(&self) -> bool {
        match *self {
            Test::Rank { rank, k } => rank as usize <= k,
            Test::Probability { p, .. } | Test::Typical { p, .. } => p > self.bound(),
            Test::Ratio { p, .. } => p >= self.bound(),
        }
    }

    /// The right side: a rank, or a probability.
    pub(crate) fn bound(&self) -> f32 {
        match *self {
            Test::Rank { k, .. } => k as f32,
            Test::Probability { tau, .. } => tau,
            Test::Ratio { r, p_max, .. } => r * p_max,
            Test::Typical {
                eps,
                delta,
                entropy,
                ..
            } => eps.min(delta * (-entropy).exp()),
        }
    }

    fn refusal(&self) -> Refusal {
        match self {
            Test::Rank { .. } => Refusal::Rank,
            Test::Probability { .. } => Refusal::Probability,
            Test::Ratio { .. } => Refusal::Ratio,
            Test::Typical { .. } => Refusal::Typical,
        }
    }
}

/// The inequalities for a token that is not the model's choice, in order of evaluation.
/// Empty: only the choice is accepted.
pub(crate) fn tests(
    judged: TokenScore,
    row: &NodeDistribution,
    verify: AcceptanceRule,
) -> impl Iterator<Item = Test> {
    let TokenScore { rank, p } = judged;
    let pair = match verify {
        AcceptanceRule::Autoregressive | AcceptanceRule::Strict => [None, None],
        AcceptanceRule::Relaxed { k: 0..=1, .. } | AcceptanceRule::Ratio { k: 0..=1, .. } => {
            [None, None]
        }
        AcceptanceRule::Relaxed { k, tau } => [
            Some(Test::Rank { rank, k }),
            Some(Test::Probability { p, tau }),
        ],
        AcceptanceRule::Ratio { k, r } => {
            let p_max = row.argmax_p();
            [
                Some(Test::Rank { rank, k }),
                Some(Test::Ratio { p, r, p_max }),
            ]
        }
        AcceptanceRule::Typical { eps, delta } => {
            let entropy = row.entropy;
            let test = Test::Typical {
                p,
                eps,
                delta,
                entropy,
            };
            [Some(test), None]
        }
    };
    pair.into_iter().flatten()
}

/// Applies the rule to one draft token: `token` with score `judged` in its parent's
/// distribution `row`.
pub(crate) fn rule(
    token: TokenId,
    judged: TokenScore,
    row: &NodeDistribution,
    verify: AcceptanceRule,
    eos: &[TokenId],
) -> Ruling {
    if token == row.choice() {
        return Ruling::Choice;
    }
    if row.drawn.is_some() {
        return Ruling::Refused(Refusal::NotDrawn);
    }
    let mut tests = tests(judged, row, verify).peekable();
    if tests.peek().is_none() {
        Ruling::Refused(Refusal::NotArgmax)
    } else if eos.contains(&row.argmax()) {
        Ruling::Refused(Refusal::ArgmaxIsEos)
    } else if eos.contains(&token) {
        Ruling::Refused(Refusal::EosNotArgmax)
    } else {
        let failed = tests.find(|test| !test.holds());
        failed.map_or(Ruling::Relaxed, |test| Ruling::Refused(test.refusal()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::row::{Candidate, Drawn};

    const EOS: TokenId = 99;

    /// Entropy of 1 nat; token i has rank i.
    fn row(top: &[f32]) -> NodeDistribution {
        NodeDistribution {
            top: (1..).zip(top).map(|(id, &p)| Candidate(id, p)).collect(),
            entropy: 1.0,
            drawn: None,
        }
    }

    fn ruled(row: &NodeDistribution, rank: u32, verify: AcceptanceRule) -> Ruling {
        let p = row.top.get(rank as usize - 1).map_or(0.0, |c| c.1);
        rule(rank, TokenScore { rank, p }, row, verify, &[EOS])
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
    fn typical_asks_for_less_where_the_model_is_unsure() {
        let mut row = row(&[0.5, 0.1, 0.05]);
        let typical = AcceptanceRule::Typical {
            eps: 0.09,
            delta: 0.3,
        };
        assert_eq!(ruled(&row, 2, typical), Ruling::Relaxed);
        assert_eq!(ruled(&row, 3, typical), Ruling::Refused(Refusal::Typical));
        row.entropy = 2.0; // 0.3 * e^-2 = 0.0406
        assert_eq!(ruled(&row, 3, typical), Ruling::Relaxed);
    }

    #[test]
    fn no_rule_touches_the_end_of_the_text() {
        for verify in &AcceptanceRule::ALL[2..] {
            let mut row = row(&[0.5, 0.4]);
            row.top[1].0 = EOS;
            let judged = TokenScore { rank: 2, p: 0.4 };
            let would_end = rule(EOS, judged, &row, *verify, &[EOS]);
            assert_eq!(would_end, Ruling::Refused(Refusal::EosNotArgmax));
            row.top.swap(0, 1);
            let beside = rule(1, judged, &row, *verify, &[EOS]);
            assert_eq!(beside, Ruling::Refused(Refusal::ArgmaxIsEos));
        }
    }

    #[test]
    fn where_a_token_was_drawn_only_that_is_taken() {
        let mut row = row(&[0.5, 0.4, 0.1]);
        row.drawn = Some(Drawn {
            token: 3,
            rank: 3,
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
}
