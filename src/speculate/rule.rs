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

/// What is recorded of a draft token and of the place where it was drafted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing<'a> {
    pub(crate) token: TokenId,
    /// `None`: not recorded, or not among the recorded candidates.
    pub(crate) score: Option<TokenScore>,
    /// The distribution there.
    pub(crate) row: Option<&'a NodeDistribution>,
    /// The model's own choice there, by its distribution or by what was committed.
    pub(crate) choice: Option<TokenId>,
}

impl<'a> Standing<'a> {
    /// A token in a distribution.
    pub(crate) fn within(row: &'a NodeDistribution, token: TokenId) -> Self {
        Standing {
            token,
            score: row.score(token),
            row: Some(row),
            choice: row.choice(),
        }
    }

    fn is_sampled(&self) -> bool {
        self.row.is_some_and(|row| row.drawn.is_some())
    }

    /// The most probable token there. Without a distribution it is what was committed:
    /// only greedy choices are judged so.
    fn argmax(&self) -> Option<TokenId> {
        match self.row {
            Some(row) => row.argmax(),
            None => self.choice,
        }
    }

    /// rank <= k, as far as it can be told.
    fn rank_test(&self, k: usize) -> Option<Test> {
        if let Some(rank) = self.score.and_then(|score| score.rank) {
            return Some(Test::Rank { rank, k });
        }
        let listed = self.row?.top.len();
        (listed >= k).then_some(Test::Unlisted { listed, k })
    }

    /// Whether the token has enough: by `test` if its probability is recorded, and never
    /// if what the others leave is not enough.
    fn p_test(&self, bound: f32, test: impl Fn(f32) -> Test) -> Option<Test> {
        if let Some(score) = self.score {
            return Some(test(score.p));
        }
        let most = self.row.map_or(1.0, NodeDistribution::most_unlisted);
        let could_pass = test(most).holds();
        (!could_pass).then_some(Test::AtMost { most, bound })
    }

    fn ratio_test(&self, r: f32) -> Option<Test> {
        let p_max = self.row?.argmax_p()?;
        self.p_test(r * p_max, |p| Test::Ratio { p, r, p_max })
    }

    fn typical_test(&self, eps: f32, delta: f32) -> Option<Test> {
        let entropy = self.row.and_then(|row| row.entropy);
        let test = |p| Test::Typical {
            p,
            eps,
            delta,
            entropy,
        };
        if entropy.is_some() {
            return self.p_test(test(1.0).bound(), test);
        }
        // The entropy only lowers the bound.
        let score = self.score?;
        Some(test(score.p)).filter(Test::holds)
    }
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
        /// `None`: not recorded, and not needed.
        entropy: Option<f32>,
    },
    /// rank > listed >= k: it is not among the recorded candidates.
    Unlisted { listed: usize, k: usize },
    /// The others leave it at most this, which is not enough.
    AtMost { most: f32, bound: f32 },
}

impl Test {
    pub(crate) fn holds(&self) -> bool {
        match *self {
            Test::Rank { rank, k } => rank as usize <= k,
            Test::Probability { p, .. } | Test::Typical { p, .. } => p > self.bound(),
            Test::Ratio { p, .. } => p >= self.bound(),
            Test::Unlisted { .. } | Test::AtMost { .. } => false,
        }
    }

    /// The right side: a rank, or a probability.
    pub(crate) fn bound(&self) -> f32 {
        match *self {
            Test::Rank { k, .. } | Test::Unlisted { k, .. } => k as f32,
            Test::AtMost { bound, .. } => bound,
            Test::Probability { tau, .. } => tau,
            Test::Ratio { r, p_max, .. } => r * p_max,
            Test::Typical {
                eps,
                delta,
                entropy,
                ..
            } => entropy.map_or(eps, |entropy| eps.min(delta * (-entropy).exp())),
        }
    }

    fn refusal(&self) -> Refusal {
        match self {
            Test::Rank { .. } | Test::Unlisted { .. } => Refusal::Rank,
            Test::Probability { .. } | Test::AtMost { .. } => Refusal::Probability,
            Test::Ratio { .. } => Refusal::Ratio,
            Test::Typical { .. } => Refusal::Typical,
        }
    }
}

/// The inequalities for a token that is not the model's choice, in order of evaluation;
/// `None`: what it needs is not recorded. Empty: only the choice is accepted.
pub(crate) fn tests(
    at: Standing<'_>,
    verify: AcceptanceRule,
) -> impl Iterator<Item = Option<Test>> + use<> {
    let pair = match verify {
        AcceptanceRule::Autoregressive | AcceptanceRule::Strict => [None, None],
        AcceptanceRule::Relaxed { k: 0..=1, .. } | AcceptanceRule::Ratio { k: 0..=1, .. } => {
            [None, None]
        }
        AcceptanceRule::Relaxed { k, tau } => {
            let likely = at.p_test(tau, |p| Test::Probability { p, tau });
            [Some(at.rank_test(k)), Some(likely)]
        }
        AcceptanceRule::Ratio { k, r } => [Some(at.rank_test(k)), Some(at.ratio_test(r))],
        AcceptanceRule::Typical { eps, delta } => [Some(at.typical_test(eps, delta)), None],
    };
    pair.into_iter().flatten()
}

/// Applies the rule to one draft token; `None`: what would decide is not recorded.
pub(crate) fn rule(at: Standing<'_>, verify: AcceptanceRule, eos: &[TokenId]) -> Option<Ruling> {
    if at.token == at.choice? {
        return Some(Ruling::Choice);
    }
    if at.is_sampled() {
        return Some(Ruling::Refused(Refusal::NotDrawn));
    }
    let mut tests = tests(at, verify).peekable();
    if tests.peek().is_none() {
        return Some(Ruling::Refused(Refusal::NotArgmax));
    }
    if eos.contains(&at.argmax()?) {
        return Some(Ruling::Refused(Refusal::ArgmaxIsEos));
    }
    if eos.contains(&at.token) {
        return Some(Ruling::Refused(Refusal::EosNotArgmax));
    }
    let mut is_known = true;
    for test in tests {
        match test {
            Some(test) if !test.holds() => return Some(Ruling::Refused(test.refusal())),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(Ruling::Relaxed)
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
            entropy: Some(1.0),
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
}
