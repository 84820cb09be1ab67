//! The rules, token by token: which inequalities a draft token must satisfy, and
//! whether it does. Does not know trees: `verify.rs` decides which branch wins, and
//! `look_ahead.rs` how a branch goes on.

use super::TokenId;
use super::look_ahead::OnBranch;
use super::params::{ALL_RANKS, AcceptanceRule};
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
    /// Its probability is more than m below the argmax's.
    Margin,
    /// Its probability is not above min(eps, delta * e^-entropy).
    Typical,
    /// The distribution's entropy is not above h.
    Entropy,
    /// Not all of the next w draft tokens are the model's own choice.
    Window,
    /// It is in the window of a token before it, where only the choice is accepted.
    WithinWindow,
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
    /// Its place on its branch, which only a rule that looks ahead asks for.
    pub(crate) branch: OnBranch,
}

impl<'a> Standing<'a> {
    /// A token in a distribution.
    pub(crate) fn within(row: &'a NodeDistribution, token: TokenId) -> Self {
        Standing {
            token,
            score: row.score(token),
            row: Some(row),
            choice: row.choice(),
            branch: OnBranch::UNKNOWN,
        }
    }

    /// The same, as if its branch went on as a rule that looks ahead demands.
    pub(crate) fn confirmed(self) -> Self {
        Standing {
            branch: OnBranch::CONFIRMED,
            ..self
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

    /// rank <= k, as far as it can be told. No test if every rank satisfies it.
    fn rank_test(&self, k: usize) -> Option<Option<Test>> {
        (k != ALL_RANKS).then(|| self.limited_rank_test(k))
    }

    fn limited_rank_test(&self, k: usize) -> Option<Test> {
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

    fn margin_test(&self, m: f32) -> Option<Test> {
        let p_max = self.row?.argmax_p()?;
        self.p_test(p_max - m, |p| Test::Margin { p, m, p_max })
    }

    fn entropy_test(&self, h: f32) -> Option<Test> {
        let entropy = self.row?.entropy?;
        Some(Test::Entropy { entropy, h })
    }

    /// Whether the branch confirms the token; `None`: too little of it is recorded.
    fn window_test(&self, w: usize) -> Option<Test> {
        let OnBranch { followed, owed } = self.branch;
        match owed? {
            0 => (followed.0 >= w || followed.1 < w).then_some(Test::Window { followed, w }),
            left => Some(Test::WithinWindow { left }),
        }
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
    /// p >= p_max - m
    Margin { p: f32, m: f32, p_max: f32 },
    /// entropy > h
    Entropy { entropy: f32, h: f32 },
    /// followed >= w: how many of the next w draft tokens, up to the first that is not,
    /// are the model's own choice, at least and at most.
    Window { followed: (usize, usize), w: usize },
    /// Never: a token before it still waits for so many own choices.
    WithinWindow { left: usize },
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
            Test::Ratio { p, .. } | Test::Margin { p, .. } => p >= self.bound(),
            Test::Entropy { entropy, .. } => entropy > self.bound(),
            Test::Window { followed, w } => followed.0 >= w,
            Test::Unlisted { .. } | Test::AtMost { .. } | Test::WithinWindow { .. } => false,
        }
    }

    /// The right side: a rank, a probability, an entropy, or a number of tokens.
    pub(crate) fn bound(&self) -> f32 {
        match *self {
            Test::Rank { k, .. } | Test::Unlisted { k, .. } => k as f32,
            Test::AtMost { bound, .. } => bound,
            Test::Probability { tau, .. } => tau,
            Test::Ratio { r, p_max, .. } => r * p_max,
            Test::Margin { m, p_max, .. } => p_max - m,
            Test::Entropy { h, .. } => h,
            Test::Window { w, .. } => w as f32,
            Test::WithinWindow { .. } => 0.0,
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
            Test::Margin { .. } => Refusal::Margin,
            Test::Typical { .. } => Refusal::Typical,
            Test::Entropy { .. } => Refusal::Entropy,
            Test::Window { .. } => Refusal::Window,
            Test::WithinWindow { .. } => Refusal::WithinWindow,
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
        AcceptanceRule::Relaxed { k: 0..=1, .. }
        | AcceptanceRule::Ratio { k: 0..=1, .. }
        | AcceptanceRule::Margin { k: 0..=1, .. } => [None, None],
        AcceptanceRule::Relaxed { k, tau } => {
            let likely = at.p_test(tau, |p| Test::Probability { p, tau });
            [at.rank_test(k), Some(likely)]
        }
        AcceptanceRule::Ratio { k, r } => [at.rank_test(k), Some(at.ratio_test(r))],
        AcceptanceRule::Margin { k, m } => [at.rank_test(k), Some(at.margin_test(m))],
        AcceptanceRule::Deferred {
            h: f32::INFINITY, ..
        } => [None, None],
        AcceptanceRule::Deferred { h, w } => [Some(at.entropy_test(h)), Some(at.window_test(w))],
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
#[path = "rule_test.rs"]
mod tests;
