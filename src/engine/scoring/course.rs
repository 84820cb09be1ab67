//! Answers of a log as runs, one after another in the protocol's order, against pools that
//! grow as they go.

use color_eyre::eyre::Result;
use rayon::prelude::*;

use super::opened::OpenedAs;
use super::scored::{GrowingPools, ReplayJob, Scoring, ScoringWay};
use crate::speculate::trace::Trace;

/// Where the course stands.
pub struct RunCourse<'a> {
    scoring: &'a Scoring<'a>,
    way: &'a ScoringWay,
    pools: GrowingPools<'a>,
    n_done: usize,
}

impl<'a> RunCourse<'a> {
    /// At the first answer.
    pub fn begin(scoring: &'a Scoring<'a>, way: &'a ScoringWay) -> Self {
        RunCourse {
            pools: GrowingPools::of_way(scoring, way),
            scoring,
            way,
            n_done: 0,
        }
    }

    /// The next `n` answers as runs, in parallel, and what `each` makes of them, in order.
    /// Empty: there are no more.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn advance<'o, T: Send>(
        &mut self,
        n: usize,
        opened: &(dyn Fn(u32) -> OpenedAs<'o> + Sync),
        each: &(dyn Fn(u32, &Trace) -> T + Sync),
    ) -> Result<Vec<T>> {
        let left = &self.scoring.schedule.scored[self.n_done..];
        let mut jobs = Vec::new();
        for &(number, n_arrived) in left.iter().take(n) {
            let answer = self.scoring.answers.read(number)?;
            jobs.push(ReplayJob::against(
                self.pools.up_to(n_arrived)?,
                number,
                answer,
            ));
        }
        self.n_done += jobs.len();
        let run = |job: &ReplayJob| {
            let replay = self.scoring.replay(job, self.way);
            each(job.number, &replay.into_trace(opened(job.number)))
        };
        Ok(jobs.par_iter().with_max_len(1).map(run).collect())
    }
}
