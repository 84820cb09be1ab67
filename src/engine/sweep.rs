//! Making the runs of a sweep, one at a time, so that the caller can do something else
//! in between. Every run uses the profile and pools from when the sweep began and the
//! session's original calibration, so that cells do not depend on their order.

use color_eyre::eyre::Result;

use super::{Engine, Run, RunSpec};
use crate::protocol::Asked;
use crate::retrieval::Pools;
use crate::speculate::speed_up::Pairing;
use crate::speculate::sweep::{Grid, Job, Sweep};
use crate::speculate::trace::{StartFrom, Trace};
use crate::speculate::verify::Finish;

/// A sweep under way on an engine.
pub struct SweepRun {
    pub(crate) sweep: Sweep,
    asked: Vec<Asked>,
    start: StartFrom,
    pools: Pools,
}

/// The result of trying to make the next run.
#[derive(Debug)]
pub enum Advance {
    /// It was added to the sweep.
    Ran {
        /// The cell and subject that were run.
        job: Job,
        /// The whole run.
        trace: Box<Trace>,
    },
    /// It was stopped and discarded; it is still the next one.
    Stopped,
    /// There is no next run.
    Done,
}

impl SweepRun {
    /// A sweep over the grid's cells and all subjects; nothing has run yet.
    pub fn new(engine: &Engine, grid: Grid, asked: Vec<Asked>) -> Self {
        SweepRun {
            sweep: Sweep::new(grid, asked.len()),
            start: engine.start.given(),
            pools: engine.pools.current.clone(),
            asked,
        }
    }

    /// With a custom number of pairs.
    pub fn paired(mut self, pairing: Pairing) -> Self {
        self.sweep = self.sweep.paired(pairing);
        self
    }

    /// Makes the next run. `go_on` as in [`Engine::record`].
    ///
    /// # Errors
    /// As [`Engine::record`].
    pub fn advance(
        &mut self,
        engine: &mut Engine,
        go_on: &mut dyn FnMut(Option<&Run<'_>>) -> bool,
    ) -> Result<Advance> {
        let Some(job) = self.sweep.next_job() else {
            return Ok(Advance::Done);
        };
        let Asked { subject, prompt } = self.asked[job.subject].clone();
        let spec = RunSpec {
            start: self.start.clone(),
            ..RunSpec::new(subject, prompt, self.sweep.params(job))
        };
        let (trace, end) = self.on_own_pools(engine, |engine| engine.record(spec, go_on))?;
        if end.finish == Finish::Cancelled {
            return Ok(Advance::Stopped);
        }
        self.sweep.add(job, &trace);
        let trace = Box::new(trace);
        Ok(Advance::Ran { job, trace })
    }

    /// With the session's pools and learning set aside.
    fn on_own_pools<T>(&self, engine: &mut Engine, work: impl FnOnce(&mut Engine) -> T) -> T {
        let pools = std::mem::replace(&mut engine.pools.current, self.pools.clone());
        let learns = engine.start.pause_learning();
        let done = work(engine);
        engine.start.set_learning(learns);
        engine.pools.current = pools;
        done
    }
}
