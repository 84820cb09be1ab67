//! The figures of one run of a sweep, and of all runs of a cell.

use serde::Serialize;

use crate::speculate::TokenId;
use crate::speculate::compare::in_common;
use crate::speculate::facts::FactsKept;
use crate::speculate::quality::LogProb;
use crate::speculate::speed_up::{SpeedUp, by_profile};
use crate::speculate::stats::{Stats, agreement, first_difference, repetition};
use crate::speculate::trace::Trace;

/// One run, compared with the autoregressive run of its prompt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RunFigures {
    pub(crate) tokens: usize,
    pub(crate) steps: usize,
    pub(crate) decode_ms: f64,
    pub(crate) tokens_per_s: f64,
    /// Against the autoregressive runs, in pairs: the median, and its 95% interval.
    pub(crate) speedup: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) pairs: usize,
    /// The speed-up of these steps by the cost profile: an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speedup_by_profile: Option<f64>,
    pub(crate) mal: f64,
    /// Share of positions that hold the autoregressive run's token.
    pub(crate) agreement: f64,
    /// Share of both texts' tokens that are equal once the texts are aligned.
    pub(crate) in_common: f64,
    /// Index of the first token that differs; `None`: the same text.
    pub(crate) first_divergence: Option<usize>,
    /// Share of repeated 4-grams.
    pub(crate) repetition: f64,
    /// Accepted and relaxed over drafted; `None` without drafts.
    pub(crate) acceptance: Option<f64>,
    /// Mean log-probability of the text's tokens under the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_log_prob: Option<f64>,
    /// Of the catalog's facts that the autoregressive text names, those that this one names;
    /// `None`: that text names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) facts_kept: Option<FactsKept>,
}

impl RunFigures {
    /// Figures of a run beside its reference's text; without one it is the reference.
    /// Its speed-up is set by the caller, who knows the pairs.
    pub(crate) fn of(trace: &Trace, reference: Option<&[TokenId]>) -> Self {
        let (stats, ids) = (Stats::of(trace), trace.token_ids());
        let tokens_per_s = stats.tokens_per_s().unwrap_or(0.0);
        let plain_ids = reference.unwrap_or(&ids);
        RunFigures {
            tokens: stats.tokens,
            steps: stats.steps,
            decode_ms: stats.ms().unwrap_or_default(),
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
            facts_kept: None,
        }
    }

    pub(super) fn set_speed_up(&mut self, measured: SpeedUp) {
        self.speedup = measured.median;
        self.low = measured.low;
        self.high = measured.high;
        self.pairs = measured.pairs;
    }
}

/// A mean over subjects, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    /// Of the mean: the sample's standard deviation over the root of n. `None`
    /// for a single subject.
    pub(crate) standard_error: Option<f64>,
    /// Number of subjects.
    #[serde(skip)]
    pub(crate) n: usize,
}

impl Estimate {
    /// Its 95% interval, by Student's t; `None` for a single subject.
    pub(crate) fn interval(&self) -> Option<(f64, f64)> {
        let off = self.standard_error? * t_quantile(self.n.checked_sub(1)?);
        Some((self.mean - off, self.mean + off))
    }

    /// `None` without values.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
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
            n: values.len(),
        })
    }
}

/// 97.5% quantiles of Student's t, by degrees of freedom from 1.
const T_QUANTILES: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// Beyond the table the last one, a little wider than it has to be.
fn t_quantile(freedom: usize) -> f64 {
    let at = freedom.saturating_sub(1);
    T_QUANTILES.get(at).copied().unwrap_or(2.042)
}

/// A cell over the subjects so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CellFigures {
    /// Number of subjects.
    pub(crate) subjects: usize,
    /// The median of the pairs' means over the subjects, with the standard error of
    /// the subjects' own speed-ups ..
    pub(crate) speedup: Estimate,
    /// .. and its 95% interval.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) pairs: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speedup_by_profile: Option<Estimate>,
    pub(crate) mal: Estimate,
    pub(crate) agreement: Estimate,
    pub(crate) in_common: Estimate,
    /// Subjects whose text is the autoregressive one.
    pub(crate) same_text: usize,
    /// Of the other subjects.
    pub(crate) first_divergence: Option<Estimate>,
    pub(crate) repetition: Estimate,
    pub(crate) acceptance: Option<Estimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_log_prob: Option<Estimate>,
    /// Share of the facts that the autoregressive texts name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) facts_kept: Option<Estimate>,
    pub(crate) tokens_per_s: Estimate,
}

impl CellFigures {
    /// `None` without runs. `measured`: over all subjects.
    pub(crate) fn over(runs: &[RunFigures], measured: SpeedUp) -> Option<Self> {
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
            facts_kept: some(|r| r.facts_kept.map(FactsKept::share)),
            tokens_per_s: all(|r| r.tokens_per_s)?,
        })
    }
}
