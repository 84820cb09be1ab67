//! Requests for runs and sweeps.

use crate::protocol::PromptText;
use crate::speculate::branch::Branch;
use crate::speculate::params::Params;
use crate::speculate::sweep::Grid;
use crate::speculate::trace::{StartFrom, SubjectInfo};

/// Numbers runs within a session; chosen by the interface.
pub type RunId = u64;

/// Numbers sweeps within a session; chosen by the interface.
pub type SweepId = u64;

/// A requested sweep.
#[derive(Clone, Debug)]
pub struct SweepRequest {
    pub sweep: SweepId,
    pub grid: Grid,
    pub asked: Vec<Asked>,
}

/// The purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be watched.
    Watch,
    /// The autoregressive reference of another run's prompt, for the speed-up
    /// and the losslessness badge.
    Reference { of: RunId },
}

/// A requested run.
#[derive(Clone, Debug)]
pub struct Request {
    pub run: RunId,
    pub subject: SubjectInfo,
    pub prompt: PromptText,
    pub params: Params,
    /// Begin in the middle of another run of this prompt.
    pub branch: Option<Branch>,
    pub start: StartFrom,
    pub purpose: Purpose,
    /// Wait for [`Command::Step`](super::Command::Step) or
    /// [`Command::Resume`](super::Command::Resume) before the first step.
    pub start_paused: bool,
}

/// The subjects and prompts of a sweep.
#[derive(Clone, Debug)]
pub struct Asked {
    pub subject: SubjectInfo,
    pub prompt: PromptText,
}
