//! The verdict rules and their numbers. How a rule judges a token is in
//! `speculate/rule.rs`; the ranges of the numbers are in `speculate/parameters/`.

use serde::{Deserialize, Serialize};

/// How draft tokens are judged. Candidates are compared with the distribution at their
/// parent, after the repetition penalty. The model's own choice is accepted under every
/// rule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(tag = "rule", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum AcceptanceRule {
    /// No drafts: one row per step, the reference that everything is compared with.
    Autoregressive,
    /// A draft token is accepted iff it is the model's own choice.
    Strict,
    /// Also accepted if its rank is at most `k` and its probability above
    /// `tau` (LASER, section 4.3; the paper's code: k = 2, tau = 0.1).
    Relaxed {
        /// Lowest rank that is accepted.
        k: usize,
        /// The probability must exceed this.
        tau: f32,
    },
    /// Also accepted if its rank is at most `k` and its probability at least
    /// `r` times the argmax's: the threshold of min-p sampling (Nguyen et al.
    /// 2024, arXiv 2407.01082, section 3), asked of a draft token.
    Ratio {
        /// Lowest rank that is accepted.
        k: usize,
        /// Lowest share of the argmax's probability.
        r: f32,
    },
    /// Also accepted if its probability exceeds min(`eps`, `delta` * e^-H), H
    /// being the distribution's entropy in nats: typical acceptance (Medusa, Cai
    /// et al. 2024, arXiv 2401.10774, section 2.3.1; its code: eps = 0.09 as
    /// `posterior_threshold`, delta = 0.3 as `posterior_alpha`).
    Typical {
        /// The upper limit of the threshold.
        eps: f32,
        /// Factor of e^-H.
        delta: f32,
    },
}

impl AcceptanceRule {
    pub(crate) const DEFAULT_K: usize = 2;
    pub(crate) const DEFAULT_TAU: f32 = 0.1;
    pub(crate) const DEFAULT_R: f32 = 0.3;
    pub(crate) const DEFAULT_EPS: f32 = 0.09;
    pub(crate) const DEFAULT_DELTA: f32 = 0.3;

    /// Every rule under its default numbers, the stricter ones first.
    pub const ALL: [AcceptanceRule; 5] = [
        AcceptanceRule::Autoregressive,
        AcceptanceRule::Strict,
        AcceptanceRule::Relaxed {
            k: Self::DEFAULT_K,
            tau: Self::DEFAULT_TAU,
        },
        AcceptanceRule::Ratio {
            k: Self::DEFAULT_K,
            r: Self::DEFAULT_R,
        },
        AcceptanceRule::Typical {
            eps: Self::DEFAULT_EPS,
            delta: Self::DEFAULT_DELTA,
        },
    ];

    /// The name on the command line.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// The same rule with its default numbers.
    pub(crate) fn with_default_numbers(self) -> Self {
        let mut rules = Self::ALL.into_iter();
        rules
            .find(|rule| rule.name() == self.name())
            .unwrap_or(self)
    }

    /// This rule, with the numbers of `other` if both are the same rule.
    pub(crate) fn keeping(self, other: Self) -> Self {
        match self.name() == other.name() {
            true => other,
            false => self,
        }
    }

    /// Whether drafts are made; false for the autoregressive reference.
    pub fn drafts(&self) -> bool {
        !matches!(self, AcceptanceRule::Autoregressive)
    }

    /// Whether the text always equals the autoregressive one, whatever is drafted.
    pub fn is_lossless(&self) -> bool {
        matches!(
            self,
            AcceptanceRule::Autoregressive | AcceptanceRule::Strict
        )
    }

    /// Whether it can accept tokens other than the model's first choice. For such a rule,
    /// drafts are estimated differently and reach further into improbable tokens.
    pub(crate) fn takes_second_choices(&self) -> bool {
        // Any probability above one half is the argmax.
        match *self {
            AcceptanceRule::Autoregressive | AcceptanceRule::Strict => false,
            AcceptanceRule::Relaxed { k, tau } => k > 1 && tau < 0.5,
            AcceptanceRule::Ratio { k, r } => k > 1 && r < 1.0,
            AcceptanceRule::Typical { eps, delta } => eps.min(delta) < 0.5,
        }
    }

    /// Whether it can accept nothing but the model's first choice, whatever its other
    /// number: maximum rank 1, or a probability above certainty.
    pub(crate) fn amounts_to_strict(&self) -> bool {
        matches!(
            *self,
            AcceptanceRule::Strict
                | AcceptanceRule::Relaxed { k: 1, .. }
                | AcceptanceRule::Relaxed { tau: 1.0, .. }
                | AcceptanceRule::Ratio { k: 1, .. }
        )
    }

    /// The largest rank it may accept, if it limits the rank.
    pub(crate) fn max_rank(&self) -> Option<usize> {
        match *self {
            AcceptanceRule::Autoregressive | AcceptanceRule::Strict => Some(1),
            AcceptanceRule::Relaxed { k, .. } | AcceptanceRule::Ratio { k, .. } => Some(k),
            AcceptanceRule::Typical { .. } => None,
        }
    }
}

impl Default for AcceptanceRule {
    fn default() -> Self {
        AcceptanceRule::Relaxed {
            k: Self::DEFAULT_K,
            tau: Self::DEFAULT_TAU,
        }
    }
}
