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
            self.sum += f64::from(p.max(LEAST_P)).ln();
            self.tokens += 1;
        }
    }

    /// Mean per token, in nats; `None` before the first token.
    pub fn mean(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.sum / self.tokens as f64)
    }
}

/// The probability of each committed token in its row, after the repetition penalty. A
/// bonus token is its row's choice, or else looked up among the recorded candidates; a
/// missing one is left out.
pub(crate) fn probabilities(step: &Step) -> impl Iterator<Item = f32> + '_ {
    let path = &step.verdict.path;
    let drafts = path.iter().filter_map(|&node| {
        let judged = step.judged.get(node.checked_sub(1)?)?;
        Some(judged.p)
    });
    let last = path.last().copied().unwrap_or(0);
    let bonus = step.verdict.bonus.and_then(|token| {
        let row = step.rows.get(last)?;
        if row.choice() == token {
            return Some(row.choice_standing().p);
        }
        Some(row.top.iter().find(|c| c.0 == token)?.1)
    });
    drafts.chain(bonus)
}
