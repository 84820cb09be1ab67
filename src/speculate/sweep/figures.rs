//! What one run of a sweep measured, and what the runs of a cell say together.

use serde::Serialize;

use crate::speculate::TokenId;
use crate::speculate::compare::in_common;
use crate::speculate::quality::LogProb;
use crate::speculate::speed_up::{SpeedUp, by_profile};
use crate::speculate::stats::{Stats, agreement, first_difference, repetition};
use crate::speculate::trace::Trace;

/// One run, beside the autoregressive run of its prompt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunFigures {
    pub tokens: usize,
    pub steps: usize,
    pub decode_ms: f64,
    pub tokens_per_s: f64,
    /// Against the autoregressive runs, in pairs: the median, and its 95% interval.
    pub speedup: f64,
    pub low: f64,
    pub high: f64,
    pub pairs: usize,
    /// As the cost profile promises it for these steps: an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speedup_by_profile: Option<f64>,
    pub mal: f64,
    /// Share of positions that hold the autoregressive run's token.
    pub agreement: f64,
    /// Share of both texts' tokens that are equal once the texts are aligned.
    pub in_common: f64,
    /// Index of the first token that is another; `None`: the same text.
    pub first_divergence: Option<usize>,
    /// Share of repeated 4-grams.
    pub repetition: f64,
    /// Accepted and relaxed over drafted; `None` without drafts.
    pub acceptance: Option<f64>,
    /// Mean log-probability of the text's tokens under the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_log_prob: Option<f64>,
}

impl RunFigures {
    /// Figures of a run beside its reference's text; without one it is the reference.
    /// Its speed-up is for whoever knows the pairs.
    pub fn of(trace: &Trace, reference: Option<&[TokenId]>) -> Self {
        let (stats, ids) = (Stats::of(trace), trace.token_ids());
        let tokens_per_s = stats.tokens_per_s().unwrap_or(0.0);
        let plain_ids = reference.unwrap_or(&ids);
        RunFigures {
            tokens: stats.tokens,
            steps: stats.steps,
            decode_ms: stats.timing.total(),
            tokens_per_s,
            speedup: 0.0,
            low: 0.0,
            high: 0.0,
            pairs: 0,
            speedup_by_profile: by_profile(trace),
            mal: stats.mal().unwrap_or(0.0),
            agreement: agreement(&ids, plain_ids),
            in_common: in_common(&ids, plain_ids),
            first_divergence: first_difference(&ids, plain_ids),
            repetition: repetition(&ids),
            acceptance: stats.fates.acceptance(),
            mean_log_prob: LogProb::of(trace).mean(),
        }
    }

    pub(super) fn set_speed_up(&mut self, measured: SpeedUp) {
        self.speedup = measured.median;
        self.low = measured.low;
        self.high = measured.high;
        self.pairs = measured.pairs;
    }
}

/// A mean over subjects, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub mean: f64,
    /// Of the mean: the sample's standard deviation over the root of n. `None`
    /// for a single subject.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// `None` of nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let standard_error = (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt());
        Some(Estimate {
            mean,
            standard_error,
        })
    }
}

/// A cell over the subjects asked so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellFigures {
    /// Subjects that the figures are over.
    pub subjects: usize,
    /// The median of the pairs' means over the subjects, with the standard error of
    /// the subjects' own speed-ups ..
    pub speedup: Estimate,
    /// .. and its 95% interval.
    pub low: f64,
    pub high: f64,
    pub pairs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speedup_by_profile: Option<Estimate>,
    pub mal: Estimate,
    pub agreement: Estimate,
    pub in_common: Estimate,
    /// Subjects whose text is the autoregressive one.
    pub same_text: usize,
    /// Of the other subjects.
    pub first_divergence: Option<Estimate>,
    pub repetition: Estimate,
    pub acceptance: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_log_prob: Option<Estimate>,
    pub tokens_per_s: Estimate,
}

impl CellFigures {
    /// The speed-up that was measured, as one value with its interval.
    pub fn measured(&self) -> SpeedUp {
        SpeedUp {
            median: self.speedup.mean,
            low: self.low,
            high: self.high,
            pairs: self.pairs,
        }
    }

    /// `None` of no run. `measured`: over all subjects.
    pub fn over(runs: &[RunFigures], measured: SpeedUp) -> Option<Self> {
        let all =
            |get: fn(&RunFigures) -> f64| Estimate::of(&runs.iter().map(get).collect::<Vec<_>>());
        let some = |get: fn(&RunFigures) -> Option<f64>| {
            Estimate::of(&runs.iter().filter_map(get).collect::<Vec<_>>())
        };
        Some(CellFigures {
            subjects: runs.len(),
            speedup: Estimate {
                mean: measured.median,
                ..all(|r| r.speedup)?
            },
            low: measured.low,
            high: measured.high,
            pairs: measured.pairs,
            speedup_by_profile: some(|r| r.speedup_by_profile),
            mal: all(|r| r.mal)?,
            agreement: all(|r| r.agreement)?,
            in_common: all(|r| r.in_common)?,
            same_text: runs.iter().filter(|r| r.first_divergence.is_none()).count(),
            first_divergence: some(|r| r.first_divergence.map(|at| at as f64)),
            repetition: all(|r| r.repetition)?,
            acceptance: some(|r| r.acceptance),
            mean_log_prob: some(|r| r.mean_log_prob),
            tokens_per_s: all(|r| r.tokens_per_s)?,
        })
    }
}

/// What a heat map can show of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Measure {
    #[default]
    SpeedUp,
    #[strum(serialize = "MAL")]
    Mal,
    #[strum(serialize = "in common")]
    InCommon,
    Agreement,
    #[strum(serialize = "log-probability")]
    LogProb,
    Repetition,
    Acceptance,
}

impl Measure {
    pub const ALL: [Measure; 7] = [
        Measure::SpeedUp,
        Measure::Mal,
        Measure::InCommon,
        Measure::Agreement,
        Measure::LogProb,
        Measure::Repetition,
        Measure::Acceptance,
    ];

    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|&m| m == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    pub fn of(self, figures: &CellFigures) -> Option<Estimate> {
        match self {
            Measure::SpeedUp => Some(figures.speedup),
            Measure::Mal => Some(figures.mal),
            Measure::InCommon => Some(figures.in_common),
            Measure::Agreement => Some(figures.agreement),
            Measure::LogProb => figures.mean_log_prob,
            Measure::Repetition => Some(figures.repetition),
            Measure::Acceptance => figures.acceptance,
        }
    }
}
