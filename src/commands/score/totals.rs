//! Sums of one way over all answers.

use std::collections::BTreeMap;

use crate::engine::scoring::{EntryScore, ScoreSums};
use crate::speculate::subject::GroupKey;

/// What one way made of the answers so far.
#[derive(Clone, Debug, Default)]
pub(super) struct WayTotals {
    pub(super) n_answers: usize,
    pub(super) all: EntryScore,
    pub(super) groups: BTreeMap<GroupKey, GroupTotals>,
}

/// The same of a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GroupTotals {
    pub(super) n_answers: usize,
    pub(super) sums: ScoreSums,
}

impl WayTotals {
    pub(super) fn add(&mut self, group: &GroupKey, score: &EntryScore) {
        self.n_answers += 1;
        self.all.join(score);
        let totals = self.groups.entry(group.clone()).or_default();
        totals.n_answers += 1;
        totals.sums.join(&score.sums);
    }
}
