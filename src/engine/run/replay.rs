//! A recorded step once more on the model: the recorded tree in the recorded
//! context. What comes out should be what was recorded; nothing is learned.

use color_eyre::eyre::{Result, ensure};

use crate::engine::{Engine, Run, RunSpec};
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::trace::{Header, Step};
use crate::speculate::verify::Verdict;

/// What the model says of a recorded tree now.
#[derive(Clone, Debug)]
pub struct Replayed {
    pub rows: Vec<NodeDistribution>,
    /// As a step's `judged`.
    pub judged: Vec<TokenScore>,
    pub verdict: Verdict,
}

impl Engine {
    /// Begins a recorded run again: `Run::replay` takes its steps.
    ///
    /// # Errors
    /// As [`Engine::begin`].
    pub fn begin_again(
        &mut self,
        recorded: &Header,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Run<'_>> {
        self.begin(RunSpec::again(recorded), go_on)
    }
}

impl Run<'_> {
    /// Passes a recorded tree through the model, then commits what was committed
    /// then, so that the next step stands in its recorded context, too.
    ///
    /// # Errors
    /// Steps out of order; the model's errors.
    pub fn replay(&mut self, recorded: &Step) -> Result<Replayed> {
        ensure!(
            self.context_len() == recorded.context_len,
            "step {} stands after {} tokens, where {} were expected",
            recorded.index + 1,
            recorded.context_len,
            self.context_len()
        );
        if let Some(params) = recorded.params {
            self.set_params(params);
        }
        let (passed, _) = self.pass(&recorded.tree, recorded.room)?;
        self.keep(&recorded.tree, &recorded.verdict)?;
        Ok(Replayed {
            rows: passed.rows,
            judged: passed.standings,
            verdict: passed.verdict,
        })
    }
}
