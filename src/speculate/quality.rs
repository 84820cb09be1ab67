//! How likely the committed text is under the model, from the trace alone. Relaxed
//! acceptance pays for its speed here: it accepts tokens less likely than the model's
//! own choice.

use super::trace::{Step, Trace};

/// A probability of 0 was rounded to its few recorded digits.
const LEAST_P: f32 = 1e-9;

/// Natural logarithms of the committed tokens' probabilities, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogProb {
    pub(crate) sum: f64,
    /// How many were summed up.
    pub tokens: usize,
    /// Committed tokens whose probability is not recorded.
    pub not_recorded: usize,
}

impl LogProb {
    /// Of a whole run.
    pub fn of(trace: &Trace) -> Self {
        let mut total = LogProb::default();
        trace.steps.iter().for_each(|step| total.add(step));
        total
    }

    /// Adds one step.
    pub(crate) fn add(&mut self, step: &Step) {
        for p in probabilities(step) {
            let Some(p) = p else {
                self.not_recorded += 1;
                continue;
            };
            self.sum += f64::from(p.max(LEAST_P)).ln();
            self.tokens += 1;
        }
    }

    /// Mean per token whose probability is recorded, in nats; `None` before the first.
    pub fn mean(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.sum / self.tokens as f64)
    }
}

/// The probability of each committed token in its row, after the repetition penalty;
/// `None`: not recorded. A bonus token is its row's choice, or else looked up among the
/// recorded candidates.
pub(crate) fn probabilities(step: &Step) -> impl Iterator<Item = Option<f32>> + '_ {
    let scores = step.committed_scores();
    scores.map(|score| score.map(|score| score.p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::Params;
    use crate::speculate::whatif::tests::{run, thinned};
    use proptest::prelude::*;

    proptest! {
        /// Every committed token is summed up or counted as not recorded.
        #[test]
        fn no_token_is_left_out_uncounted(seed: u64, percent in 0u32..101) {
            let whole = run(seed, 12, 8, Params::default());
            let (all, found) = (LogProb::of(&whole), LogProb::of(&thinned(&whole, seed, percent)));
            prop_assert_eq!(all.not_recorded, 0);
            prop_assert_eq!(found.tokens + found.not_recorded, all.tokens);
            prop_assert!(found.sum >= all.sum - 1e-9);
            if percent == 100 {
                prop_assert_eq!((found.tokens, found.mean()), (0, None));
            }
        }
    }
}
