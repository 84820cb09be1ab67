//! What the engine's thread reports to the interface.

use std::path::PathBuf;

use crate::protocol::{LabAnswer, LabQuestion, PromptPreview, Purpose, RunId, SweepId};
use crate::speculate::cost::CostProfile;
use crate::speculate::sweep::Job;
use crate::speculate::trace::{End, Header, ModelInfo, PoolSize, Step, Trace};

/// What the engine's thread reports.
#[derive(Clone, Debug)]
pub enum Event {
    /// The model's file is being located, fetched or checked.
    Fetch(FetchEvent),
    /// The model's file is large; answer with
    /// [`Command::AllowDownload`](super::Command::AllowDownload).
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
    /// The cost profile of automatic budgets from now on.
    Profile(Box<CostProfile>),
    /// The cost profile is being measured again: points done and in total.
    Measuring {
        done: usize,
        of: usize,
    },
    /// It was measured, with a note, or why it was not.
    Measured(Result<Option<String>, String>),
    /// No model is available; recorded traces still play.
    ModelFailed {
        why: String,
    },
    Preview {
        ticket: u64,
        preview: Result<PromptPreview, String>,
    },
    /// The answer to a question about the pools, with the question.
    Lab {
        question: Box<LabQuestion>,
        answer: Result<Box<LabAnswer>, String>,
    },
    /// The prompt is being processed: tokens done and in total.
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
    /// The engine pauses between two steps, or continues.
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
    /// The sweep has ended: complete or cancelled.
    SweepEnded {
        sweep: SweepId,
    },
    SweepFailed {
        sweep: SweepId,
        why: String,
    },
    /// The thread has ended; with the reason, if unexpected.
    Gone {
        why: Option<String>,
    },
}

/// The progress of a fetch.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchEvent {
    /// A source is being queried.
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
    /// An existing file is being hashed, for the first time or because it changed.
    Hashing { file: String, done: u64, total: u64 },
    /// A source did not have it; the next one is tried.
    Skipped { source: String, why: String },
    /// The file is available.
    Done { path: PathBuf },
}
