//! What a report tells of the runs themselves, noted while they come in, so that no run has
//! to be kept for it.

use std::collections::BTreeMap;

use super::difference::TextDifference;
use crate::speculate::sweep::Job;
use crate::speculate::trace::{Header, Trace};

/// Of the runs of a sweep so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct SweepNotes {
    /// Of the first run.
    pub(crate) header: Option<Box<Header>>,
    /// The autoregressive run that came in last: runs come subject by subject, it first.
    reference: Option<(usize, Box<Trace>)>,
    /// By cell and subject.
    differences: BTreeMap<(usize, usize), TextDifference>,
}

impl SweepNotes {
    /// Notes a run; one that is repeated adds nothing.
    pub(crate) fn add(&mut self, job: Job, trace: &Trace) {
        if self.header.is_none() {
            self.header = Some(Box::new(trace.header.clone()));
        }
        let Some(cell) = job.cell else {
            self.reference = Some((job.subject, Box::new(trace.clone())));
            return;
        };
        let reference = self.reference.as_ref();
        let Some((_, plain)) = reference.filter(|(subject, _)| *subject == job.subject) else {
            return;
        };
        if let Some(found) = TextDifference::between(job, plain, trace) {
            self.differences.entry((cell, job.subject)).or_insert(found);
        }
    }

    /// The differences of a cell, by subject.
    pub(super) fn of_cell(&self, cell: usize) -> impl Iterator<Item = &TextDifference> {
        let of_cell = self.differences.range((cell, 0)..(cell + 1, 0));
        of_cell.map(|(_, difference)| difference)
    }
}
