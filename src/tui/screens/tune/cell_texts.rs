//! Two cells' texts of one subject, aligned. Knows neither the sweep nor the pane.

use crate::present::record::Record;
use crate::protocol::SweepId;
use crate::speculate::compare::{Stretch, align, differing, share_in_common};
use crate::speculate::sweep::Job;

/// What the texts were worked out of.
pub(crate) type TextsKey = (SweepId, [Job; 2]);

/// Two texts, aligned.
#[derive(Clone, Debug)]
pub(crate) struct CellTexts {
    pub(super) records: [Record; 2],
    pub(super) stretches: Vec<Stretch>,
    /// By side and token: whether the other text does not have it.
    pub(super) differs: [Vec<bool>; 2],
    pub(super) in_common: f64,
    /// Index of the first token that differs.
    pub(super) parts_at: Option<usize>,
}

impl CellTexts {
    pub(super) fn of(records: [Record; 2]) -> Self {
        let stretches = align(&records[0].ids, &records[1].ids);
        let parts = stretches.iter().find(|stretch| !stretch.is_equal);
        CellTexts {
            in_common: share_in_common(&stretches),
            differs: differing(&stretches),
            parts_at: parts.map(|stretch| stretch.left.start),
            stretches,
            records,
        }
    }
}
