//! Sums of one way over all answers.

use std::collections::BTreeMap;

use crate::engine::scoring::{EntryScore, ScoreSums};
use crate::speculate::params::Source;
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

    /// Whether no pool had anything to say, although they were asked.
    pub(super) fn is_foreign(&self) -> bool {
        let sources = self.all.stats.sources.iter();
        let mut pools = sources.filter(|source| source.source != Source::Local);
        self.all.sums.steps > 0 && pools.all(|source| source.hit_steps == 0)
    }
}
