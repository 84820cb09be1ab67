//! Making the runs of a sweep, one at a time, so that whoever drives it can do
//! something else in between. Every run goes by the costs and the pools that were
//! there when the sweep began; how far estimates are to be believed is learned on,
//! as in a bench.

use color_eyre::eyre::Result;

use super::{Engine, Learning, PromptText, Run, RunSpec};
use crate::pool::Pools;
use crate::speculate::cost::CostTable;
use crate::speculate::sweep::{Grid, Job, Sweep};
use crate::speculate::trace::{SubjectInfo, Trace};
use crate::speculate::verify::Finish;

/// Whom a sweep asks about, and how.
#[derive(Clone, Debug)]
pub struct Asked {
    pub subject: SubjectInfo,
    pub prompt: PromptText,
}

/// A sweep under way on an engine.
pub struct SweepRun {
    pub sweep: Sweep,
    asked: Vec<Asked>,
    cost: CostTable,
    pools: Pools,
}

/// What came of trying to make the next run.
#[derive(Debug)]
pub enum Advance {
    /// The sweep has it now.
    Ran { job: Job, trace: Box<Trace> },
    /// It was stopped, and counts for nothing; it is still the next one.
    Stopped,
    /// There is none.
    Done,
}

impl SweepRun {
    pub fn new(engine: &Engine, grid: Grid, asked: Vec<Asked>) -> Self {
        SweepRun {
            sweep: Sweep::new(grid, asked.len()),
            cost: engine.cost.clone(),
            pools: engine.pools.clone(),
            asked,
        }
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
            subject,
            prompt,
            branch: None,
            params: self.sweep.params(job),
        };
        let recorded = self.under_own_conditions(engine, |engine| engine.record(spec, go_on));
        let (trace, end) = recorded?;
        if end.finish == Finish::Cancelled {
            return Ok(Advance::Stopped);
        }
        self.sweep.add(job, &trace);
        let trace = Box::new(trace);
        Ok(Advance::Ran { job, trace })
    }

    /// With the session's costs, pools and learning put aside.
    fn under_own_conditions<T>(
        &self,
        engine: &mut Engine,
        work: impl FnOnce(&mut Engine) -> T,
    ) -> T {
        let cost = std::mem::replace(&mut engine.cost, self.cost.clone());
        let pools = std::mem::replace(&mut engine.pools, self.pools.clone());
        let learning = engine.learning;
        engine.set_learning(Learning::Calibration);
        let done = work(engine);
        engine.set_learning(learning);
        engine.pools = pools;
        engine.cost = cost;
        done
    }
}
