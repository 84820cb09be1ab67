//! How likely the model itself finds what was committed, from the trace alone.
//! Relaxed acceptance pays for its speed here: it takes tokens that the model
//! finds less likely than its own choice.

use super::trace::{Step, Trace};

/// A probability of 0 is one that its few recorded digits cannot hold.
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

/// What the model gave each committed token in the row that it was taken from,
/// after the repetition penalty. A bonus token is its row's choice, or else looked
/// up among the recorded ones; one that is not there is left out.
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
