//! What the interface and the engine's thread say to each other.

use std::time::Duration;

pub use super::lab::{LabAnswer, LabQuestion, NewDocument};
pub use crate::engine::{
    Asked, DocumentText, Documents, Found, FoundDocument, History, Overview, PoolName, Probe,
    ProbedSet, ProbedText, PromptText, SavedEdits, Section,
};
pub use crate::model::fetch::FetchEvent;
pub use crate::retrieval::ListedDoc;
use crate::speculate::TokenId;
use crate::speculate::branch::Branch;
use crate::speculate::cost::CostProfile;
use crate::speculate::params::Params;
use crate::speculate::sweep::{Grid, Job};
use crate::speculate::trace::{
    End, Header, ModelInfo, PoolSize, StartFrom, Step, SubjectInfo, Trace,
};

/// Numbers runs within a session; chosen by the interface.
pub type RunId = u64;

/// Numbers sweeps within a session; chosen by the interface.
pub type SweepId = u64;

/// A sweep to be made.
#[derive(Clone, Debug)]
pub struct SweepRequest {
    pub sweep: SweepId,
    pub grid: Grid,
    pub asked: Vec<Asked>,
}

/// Why a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be watched.
    Watch,
    /// The autoregressive reference of another run's prompt, for the speed-up
    /// and the losslessness badge.
    Reference { of: RunId },
}

/// A run to be made.
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
    /// Wait for [`Command::Step`] or [`Command::Resume`] before the first step.
    pub start_paused: bool,
}

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
        ticket: u64,
        prompt: PromptText,
        /// Of the answer that is to have room beside it.
        max_tokens: usize,
    },
    /// A question about the pools, or a change of them.
    Lab(Box<LabQuestion>),
    Pause,
    Resume,
    /// One step, then pause.
    Step,
    /// End the run under way as cancelled; its steps stay.
    Stop,
    /// For the next step of the run under way.
    SetParams(Params),
    /// Least time from one step to the next; zero is full speed.
    SetPace(Duration),
    /// The answer to [`Event::ConfirmDownload`].
    AllowDownload(bool),
    /// Measure what a step costs on this machine, in the place of the profile that
    /// is kept.
    MeasureCost,
    /// Give up fetching the model.
    CancelFetch,
    /// Try to fetch and load the model again.
    RetryModel,
    Quit,
}

/// A prompt as the model will read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptPreview {
    /// Rendered with the model's chat template, the opening included.
    pub rendered: String,
    pub n_tokens: usize,
    /// Rated items left out, the oldest ones, to fit the context.
    pub n_dropped: usize,
    /// Token ids of the whole, in order.
    pub ids: Vec<TokenId>,
}

/// What the engine's thread reports.
#[derive(Clone, Debug)]
pub enum Event {
    /// The model's file is being looked for, fetched or checked.
    Fetch(FetchEvent),
    /// The model's file is large; answer with [`Command::AllowDownload`].
    ConfirmDownload {
        bytes: u64,
    },
    /// Weights are being read and packed, pools built, the machine measured.
    Loading {
        what: String,
    },
    ModelReady {
        model: Box<ModelInfo>,
        device: String,
        note: Option<String>,
        pools: Vec<PoolSize>,
    },
    /// What automatic budgets go by from now on.
    Profile(Box<CostProfile>),
    /// The cost profile is being measured anew: points done of all.
    Measuring {
        done: usize,
        of: usize,
    },
    /// It was; something to say of it, or why it was not.
    Measured(Result<Option<String>, String>),
    /// No model can be had; recorded traces still play.
    ModelFailed {
        why: String,
    },
    Preview {
        ticket: u64,
        preview: Result<PromptPreview, String>,
    },
    /// What a question about the pools came to; it comes back with its answer.
    Lab {
        question: Box<LabQuestion>,
        answer: Result<Box<LabAnswer>, String>,
    },
    /// The prompt is being processed: tokens done of all.
    Prompt {
        run: RunId,
        done: usize,
        total: usize,
    },
    RunStarted {
        run: RunId,
        purpose: Purpose,
        header: Box<Header>,
    },
    Step {
        run: RunId,
        step: Box<Step>,
    },
    /// The engine waits between two steps, or goes on.
    Paused {
        run: RunId,
        paused: bool,
    },
    RunEnded {
        run: RunId,
        end: End,
    },
    RunFailed {
        run: RunId,
        why: String,
    },
    /// A run of a sweep is finished.
    SweepRan {
        sweep: SweepId,
        job: Job,
        trace: Box<Trace>,
    },
    /// The sweep has ended: all of it, or cancelled.
    SweepEnded {
        sweep: SweepId,
    },
    SweepFailed {
        sweep: SweepId,
        why: String,
    },
    /// The thread is gone; why, if not asked to.
    Gone {
        why: Option<String>,
    },
}
