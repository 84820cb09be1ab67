//! What the engine's thread reports to the interface.

use std::path::PathBuf;

use crate::protocol::{PoolAnswer, PoolQuestion, PromptPreview, Purpose, RunId, SweepId};
use crate::speculate::cost::CostProfile;
use crate::speculate::sweep::Job;
use crate::speculate::trace::{End, Header, ModelInfo, PoolSize, Step, Trace};

/// What the engine's thread reports.
#[derive(Clone, Debug)]
pub enum Event {
    /// The model's file is being looked for, fetched or checked.
    Fetch(FetchEvent),
    /// The model's file is large; answer with [`Command::AllowDownload`](super::Command::AllowDownload).
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
    Pool {
        question: Box<PoolQuestion>,
        answer: Result<Box<PoolAnswer>, String>,
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

/// What a fetch of the model's file is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchEvent {
    /// A source is being asked.
    Looking { what: String },
    /// Bytes arrive.
    Downloading {
        from: String,
        done: u64,
        total: Option<u64>,
        bytes_per_s: f64,
    },
    /// The whole file is being checked.
    Verifying,
    /// A file that is there is being hashed, for the first time or because it
    /// changed.
    Hashing { file: String, done: u64, total: u64 },
    /// A source did not have it; the next one is tried.
    Skipped { source: String, why: String },
    /// The file is there.
    Done { path: PathBuf },
}
