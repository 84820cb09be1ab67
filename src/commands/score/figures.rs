//! Sums as the figures that are told. JSON names are a contract.

use serde::Serialize;

use crate::engine::scoring::ScoreSums;
use crate::speculate::stats::FateCounts;

/// ScoreFigures of some steps; those that cannot be told without steps, drafts or a cost profile
/// are absent.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ScoreFigures {
    pub(super) steps: usize,
    pub(super) tokens: usize,
    pub(super) mal: Option<f64>,
    #[serde(flatten)]
    pub(super) drafts: DraftFigures,
    pub(super) hit_rate: Option<f64>,
    /// Rows per step.
    pub(super) rows: Option<f64>,
    /// By the cost profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) est_speedup: Option<f64>,
}

/// What became of draft tokens.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct DraftFigures {
    pub(super) drafted: usize,
    pub(super) accepted: usize,
    pub(super) relaxed: usize,
    pub(super) rejected: usize,
    pub(super) lost: usize,
    pub(super) unreached: usize,
    pub(super) acceptance: Option<f64>,
    /// Share of the draft tokens that were not committed.
    pub(super) waste: Option<f64>,
}

impl ScoreFigures {
    pub(super) fn of(sums: &ScoreSums) -> Self {
        ScoreFigures {
            steps: sums.steps,
            tokens: sums.tokens,
            mal: sums.mal(),
            drafts: DraftFigures::of(&sums.fates),
            hit_rate: sums.hit_rate(),
            rows: sums.rows_per_step(),
            est_speedup: sums.speed_up(),
        }
    }
}

impl DraftFigures {
    pub(super) fn of(fates: &FateCounts) -> Self {
        DraftFigures {
            drafted: fates.drafted(),
            accepted: fates.accepted,
            relaxed: fates.relaxed,
            rejected: fates.rejected,
            lost: fates.lost,
            unreached: fates.unreached,
            acceptance: fates.acceptance(),
            waste: fates.acceptance().map(|accepted| 1.0 - accepted),
        }
    }
}
