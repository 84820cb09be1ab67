//! The verdict rules and their numbers. How a rule judges a token is in
//! `speculate/rule.rs`; the ranges of the numbers are in `speculate/parameters/`.

use serde::{Deserialize, Serialize};

use super::unlimited;

/// The `k` that every rank satisfies: no limit on the rank. Written `all`.
pub const ALL_RANKS: usize = usize::MAX;

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
    /// `tau` (LASER, section 4.3; the paper's code: k = 2, tau = 0.1). With
    /// [`ALL_RANKS`] it is SGLang's `--speculative-accept-threshold-single`, which
    /// asks for no rank (and takes a probability equal to the threshold, too).
    Relaxed {
        /// Lowest rank that is accepted.
        #[serde(with = "unlimited::rank")]
        k: usize,
        /// The probability must exceed this.
        tau: f32,
    },
    /// Also accepted if its rank is at most `k` and its probability at least
    /// `r` times the argmax's: the threshold of min-p sampling (Nguyen et al.
    /// 2024, arXiv 2407.01082, section 3), asked of a draft token.
    Ratio {
        /// Lowest rank that is accepted.
        #[serde(with = "unlimited::rank")]
        k: usize,
        /// Lowest share of the argmax's probability.
        r: f32,
    },
    /// Also accepted if its rank is at most `k` and its probability at most `m` below
    /// the argmax's: TensorRT-LLM's relaxed acceptance, which it applies to the
    /// thinking of reasoning models (`relaxed_topk`, `relaxed_delta`; 10 and 0.6 in
    /// its guide to DeepSeek-R1).
    Margin {
        /// Lowest rank that is accepted.
        #[serde(with = "unlimited::rank")]
        k: usize,
        /// How far its probability may be below the argmax's.
        m: f32,
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
    /// Also accepted if the distribution's entropy is above `h` and each of the next
    /// `w` draft tokens of its branch is the model's own choice (FLy, Li et al. 2025,
    /// arXiv 2511.22972; its code: `entropy_thre` 0.3, of the three most probable
    /// tokens, and `win_len` 6). A window that the branch does not fill refuses the
    /// token, and within a window only the model's own choice is accepted.
    Deferred {
        /// The entropy, in nats, must exceed this.
        #[serde(with = "unlimited::entropy")]
        h: f32,
        /// Length of the window, in tokens.
        w: usize,
    },
}

/// Rules whose drafts are accepted alike: their calibrations have one starting point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Laxity {
    /// Only the model's first choices.
    FirstChoices,
    /// Likely second choices: relaxed, ratio and typical.
    SecondChoices,
    /// Whatever is likely enough, of any rank.
    AnyRank,
    /// What is nearly as likely as the first choice.
    NearChoices,
    /// What the branch goes on from by the model's own choices.
    Confirmed,
}

impl AcceptanceRule {
    pub(crate) const DEFAULT_K: usize = 2;
    pub(crate) const DEFAULT_TAU: f32 = 0.1;
    pub(crate) const DEFAULT_R: f32 = 0.3;
    pub(crate) const DEFAULT_M: f32 = 0.6;
    pub(crate) const DEFAULT_EPS: f32 = 0.09;
    pub(crate) const DEFAULT_DELTA: f32 = 0.3;
    pub(crate) const DEFAULT_H: f32 = 0.3;
    pub(crate) const DEFAULT_W: usize = 6;

    /// Every rule under its default numbers, the stricter ones first.
    pub const ALL: [AcceptanceRule; 7] = [
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
        AcceptanceRule::Margin {
            k: Self::DEFAULT_K,
            m: Self::DEFAULT_M,
        },
        AcceptanceRule::Typical {
            eps: Self::DEFAULT_EPS,
            delta: Self::DEFAULT_DELTA,
        },
        AcceptanceRule::Deferred {
            h: Self::DEFAULT_H,
            w: Self::DEFAULT_W,
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
        self.laxity() != Laxity::FirstChoices
    }

    /// Which rules accept drafts as it does.
    pub(crate) fn laxity(&self) -> Laxity {
        // Any probability above one half is the argmax.
        match *self {
            AcceptanceRule::Relaxed { k: ALL_RANKS, tau } if tau < 0.5 => Laxity::AnyRank,
            AcceptanceRule::Relaxed { k, tau } if k > 1 && tau < 0.5 => Laxity::SecondChoices,
            AcceptanceRule::Ratio { k, r } if k > 1 && r < 1.0 => Laxity::SecondChoices,
            AcceptanceRule::Margin { k, m } if k > 1 && m > 0.0 => Laxity::NearChoices,
            AcceptanceRule::Typical { eps, delta } if eps.min(delta) < 0.5 => Laxity::SecondChoices,
            AcceptanceRule::Deferred { h, .. } if h < f32::INFINITY => Laxity::Confirmed,
            _ => Laxity::FirstChoices,
        }
    }

    /// Whether it can accept nothing but the model's first choice, whatever its other
    /// number: maximum rank 1, or a probability or an entropy above all there are.
    pub(crate) fn amounts_to_strict(&self) -> bool {
        matches!(
            *self,
            AcceptanceRule::Strict
                | AcceptanceRule::Relaxed { k: 1, .. }
                | AcceptanceRule::Relaxed { tau: 1.0, .. }
                | AcceptanceRule::Ratio { k: 1, .. }
                | AcceptanceRule::Margin { k: 1, .. }
                | AcceptanceRule::Deferred {
                    h: f32::INFINITY,
                    ..
                }
        )
    }

    /// The largest rank it may accept, if it limits the rank.
    pub(crate) fn max_rank(&self) -> Option<usize> {
        match *self {
            AcceptanceRule::Autoregressive | AcceptanceRule::Strict => Some(1),
            AcceptanceRule::Relaxed { k, .. }
            | AcceptanceRule::Ratio { k, .. }
            | AcceptanceRule::Margin { k, .. } => Some(k).filter(|&k| k != ALL_RANKS),
            AcceptanceRule::Typical { .. } | AcceptanceRule::Deferred { .. } => None,
        }
    }

    /// Whether it judges by the entropy, for which the whole distribution is needed.
    pub(crate) fn needs_entropy(&self) -> bool {
        matches!(
            self,
            AcceptanceRule::Typical { .. } | AcceptanceRule::Deferred { .. }
        )
    }

    /// Whether its ruling on a token depends on the drafts after it.
    pub(crate) fn looks_ahead(&self) -> bool {
        matches!(self, AcceptanceRule::Deferred { .. })
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
