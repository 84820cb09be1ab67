//! Requests for runs and sweeps.

use crate::protocol::PromptText;
use crate::speculate::branch::Branch;
use crate::speculate::params::Params;
use crate::speculate::sweep::Grid;
use crate::speculate::trace::{StartFrom, SubjectInfo};

/// Numbers runs within a session; chosen by the interface.
pub type RunId = u64;

/// Numbers sweeps within a session; chosen by the interface.
pub(crate) type SweepId = u64;

/// A requested sweep.
#[derive(Clone, Debug)]
pub struct SweepRequest {
    /// Comes back with its events.
    pub sweep: SweepId,
    /// The cells.
    pub grid: Grid,
    /// The prompts that every cell runs.
    pub asked: Vec<Asked>,
}

/// The purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be watched.
    Watch,
    /// The autoregressive reference of another run's prompt, for the speed-up
    /// and the losslessness badge.
    Reference {
        /// The run that is measured against it.
        of: RunId,
    },
}

/// A requested run.
#[derive(Clone, Debug)]
pub struct Request {
    /// Comes back with its events.
    pub run: RunId,
    /// Whom it is about.
    pub subject: SubjectInfo,
    /// What the model is asked.
    pub prompt: PromptText,
    /// The parameters of the first step.
    pub params: Params,
    /// Begin in the middle of another run of this prompt.
    pub branch: Option<Branch>,
    /// Profile and calibration to begin with.
    pub start: StartFrom,
    /// Why it is made.
    pub purpose: Purpose,
    /// Wait for [`Command::Step`](super::Command::Step) or
    /// [`Command::Resume`](super::Command::Resume) before the first step.
    pub start_paused: bool,
}

/// Numbers batches within a session; chosen by the interface.
pub type BatchId = u64;

/// A requested batch: many subjects, their rows in one pass.
#[derive(Clone, Debug)]
pub struct BatchRequest {
    /// Comes back with its events.
    pub batch: BatchId,
    /// The most subjects in a pass.
    pub lanes: usize,
    /// The parameters of every run.
    pub params: Params,
    /// In the order in which they begin.
    pub asked: Vec<(RunId, Asked)>,
}

/// The subject and prompt of a run of a sweep or of a batch.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whom it is about.
    pub subject: SubjectInfo,
    /// What the model is asked.
    pub prompt: PromptText,
}
