//! Drafting that does not pay pauses and resumes by itself: if the automatic budget
//! leaves no draft several steps in a row (in a batch, if drafts save less than they cost),
//! retrieval rests for a few steps, longer after each failure. Counted in steps, not in time, so that a run can be repeated.

use serde::{Deserialize, Serialize};

/// Steps in a row without a draft before the first rest.
const PATIENCE: usize = 3;
/// Longest rest, in steps.
const LONGEST: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backoff {
    /// Consecutive steps in which retrieval ran without result.
    n_vain: usize,
    /// Steps left to rest.
    left: usize,
    /// Length of the next rest.
    next: usize,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            n_vain: 0,
            left: 0,
            next: 1,
        }
    }
}

impl Backoff {
    pub(crate) fn rests(&self) -> bool {
        self.left > 0
    }

    /// After a step: whether its drafting paid.
    pub(crate) fn after_step(&mut self, has_paid: bool) {
        if has_paid {
            *self = Backoff::default();
        } else if self.left > 0 {
            self.left -= 1;
        } else {
            self.n_vain += 1;
            if self.n_vain >= PATIENCE {
                self.left = self.next;
                self.next = (self.next * 2).min(LONGEST);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_longer_each_time_and_returns() {
        let mut backoff = Backoff::default();
        let mut rested = Vec::new();
        for _ in 0..3 + 1 + 1 + 2 + 1 + 4 {
            rested.push(backoff.rests());
            backoff.after_step(false);
        }
        let asked: Vec<usize> = (0..rested.len()).filter(|&i| !rested[i]).collect();
        assert_eq!(asked, [0, 1, 2, 4, 7]);
        backoff.after_step(true);
        assert!(!backoff.rests());
    }
}
