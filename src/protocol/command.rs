//! Commands from the interface to the engine's thread.

use std::time::Duration;

use crate::protocol::{BatchRequest, PoolQuestion, PromptText, Request, SweepRequest};
use crate::speculate::params::Params;

/// What the interface asks for. A command that does not fit the moment (a step
/// without a run) is ignored.
#[derive(Clone, Debug, strum::IntoStaticStr)]
pub enum Command {
    /// Begin a run; a current one is cancelled first.
    Generate(Box<Request>),
    /// Begin a sweep, replacing a current one. Its runs are made when no other run is
    /// requested.
    Sweep(Box<SweepRequest>),
    /// End the current sweep; its finished runs stay.
    CancelSweep,
    /// Begin a batch, replacing a current one. Pausing, stepping and the pace mean its
    /// passes; a run requested meanwhile goes first, and the batch goes on behind it.
    Batch(Box<BatchRequest>),
    /// End the current batch; what its runs have so far stays.
    CancelBatch,
    /// Render and tokenise a prompt without running it.
    Preview {
        /// Comes back with [`Event::Preview`](super::Event::Preview).
        ticket: u64,
        /// What would be asked.
        prompt: PromptText,
        /// The length to reserve for the answer.
        max_tokens: usize,
    },
    /// A question about the pools, or a change of them.
    Pool(Box<PoolQuestion>),
    /// Stop before the next step.
    Pause,
    /// Go on after a pause.
    Resume,
    /// One step, then pause.
    Step,
    /// Cancel the current run; its steps stay.
    Stop,
    /// Parameters from the next step of the current run on.
    SetParams(Params),
    /// Least time from one step to the next; zero is full speed.
    SetPace(Duration),
    /// The answer to [`Event::ConfirmDownload`](super::Event::ConfirmDownload).
    AllowDownload(bool),
    /// Measure this machine's cost profile again, replacing the saved one.
    MeasureCost,
    /// Cancel fetching the model.
    CancelFetch,
    /// Try to fetch and load the model again.
    RetryModel,
    /// End the thread; a run under way ends as cancelled.
    Quit,
}
