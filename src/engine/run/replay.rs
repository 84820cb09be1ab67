//! Replays a recorded step on the model: the recorded tree in the recorded context. The
//! results should equal the recorded ones; nothing is learned.

use color_eyre::eyre::{Result, ensure};

use crate::engine::{Engine, Run, RunSpec};
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::trace::{Header, Step};
use crate::speculate::verify::Verdict;

/// The model's current results for a recorded tree.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// As a step's `rows` and `judged`.
    pub rows: Vec<Option<NodeDistribution>>,
    pub judged: Vec<Option<TokenScore>>,
    /// The verdict on them.
    pub verdict: Verdict,
}

impl Engine {
    /// Begins to replay a recorded run: `Run::replay` takes its steps.
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
    /// Passes a recorded tree through the model, then commits the recorded tokens, so
    /// that the next step has its recorded context, too.
    ///
    /// # Errors
    /// Steps out of order; the model's errors.
    pub fn replay(&mut self, recorded: &Step) -> Result<Replayed> {
        ensure!(
            self.context_len() == recorded.context_len,
            "step {} begins after {} tokens, but {} were expected",
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
