//! What the interface asks of the engine's thread.

use std::time::Duration;

use crate::protocol::{LabQuestion, PromptText, Request, SweepRequest};
use crate::speculate::params::Params;

/// What the interface asks for. A command that does not fit the moment (a step
/// without a run) is ignored.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin a run; one under way is ended as cancelled first.
    Generate(Box<Request>),
    /// Begin a sweep in the place of one under way. Its runs are made whenever no
    /// other run is; one that is asked for goes first.
    Sweep(Box<SweepRequest>),
    /// End the sweep under way; its finished runs stay.
    CancelSweep,
    /// Render and tokenise a prompt without running it.
    Preview {
        /// Comes back with [`Event::Preview`](super::Event::Preview).
        ticket: u64,
        /// What would be asked.
        prompt: PromptText,
        /// Of the answer that is to have room beside it.
        max_tokens: usize,
    },
    /// A question about the pools, or a change of them.
    Lab(Box<LabQuestion>),
    /// Stop before the next step.
    Pause,
    /// Go on after a pause.
    Resume,
    /// One step, then pause.
    Step,
    /// End the run under way as cancelled; its steps stay.
    Stop,
    /// For the next step of the run under way.
    SetParams(Params),
    /// Least time from one step to the next; zero is full speed.
    SetPace(Duration),
    /// The answer to [`Event::ConfirmDownload`](super::Event::ConfirmDownload).
    AllowDownload(bool),
    /// Measure what a step costs on this machine, in the place of the profile that
    /// is kept.
    MeasureCost,
    /// Give up fetching the model.
    CancelFetch,
    /// Try to fetch and load the model again.
    RetryModel,
    /// End the thread; a run under way ends as cancelled.
    Quit,
}
