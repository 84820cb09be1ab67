//! What a heat map of a sweep can show.

use super::figures::{CellFigures, Estimate};

/// What a heat map can show of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Measure {
    /// Times as fast as autoregressive decoding.
    #[default]
    SpeedUp,
    /// Mean accepted length: tokens per step, bonus included.
    #[strum(serialize = "MAL")]
    Mal,
    /// Share of both texts' tokens that are equal once they are aligned.
    #[strum(serialize = "in common")]
    InCommon,
    /// Share of tokens that equal the autoregressive text's.
    Agreement,
    /// Mean log-probability of the tokens.
    #[strum(serialize = "log-probability")]
    LogProb,
    /// Share of n-grams that occurred before.
    Repetition,
    /// Share of draft tokens that were committed.
    Acceptance,
    /// Share of the facts that the autoregressive text names which this one names, too.
    #[strum(serialize = "facts kept")]
    FactsKept,
}

impl Measure {
    /// In the order of the key that changes them.
    pub const ALL: [Measure; 8] = [
        Measure::SpeedUp,
        Measure::Mal,
        Measure::InCommon,
        Measure::Agreement,
        Measure::LogProb,
        Measure::Repetition,
        Measure::Acceptance,
        Measure::FactsKept,
    ];

    /// As the screen says it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|&m| m == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    pub(crate) fn of(self, figures: &CellFigures) -> Option<Estimate> {
        match self {
            Measure::SpeedUp => Some(figures.speedup),
            Measure::Mal => Some(figures.mal),
            Measure::InCommon => Some(figures.in_common),
            Measure::Agreement => Some(figures.agreement),
            Measure::LogProb => figures.mean_log_prob,
            Measure::Repetition => Some(figures.repetition),
            Measure::Acceptance => figures.acceptance,
            Measure::FactsKept => figures.facts_kept,
        }
    }
}
