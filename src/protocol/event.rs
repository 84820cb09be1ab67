//! What the engine's thread reports to the interface.

use std::path::PathBuf;

use crate::protocol::{BatchId, PoolAnswer, PoolQuestion, PromptPreview, Purpose, RunId, SweepId};
use crate::speculate::cost::CostProfile;
use crate::speculate::passes::{PassRecord, PassesHeader};
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
        /// Of the download.
        bytes: u64,
    },
    /// Weights are being read and packed, pools built, the machine measured.
    Loading {
        /// As the screen says it.
        what: String,
    },
    /// Runs can be asked for.
    ModelReady {
        /// As trace headers carry it.
        model: Box<ModelInfo>,
        /// The device in words: CPU with its instructions, or the GPU's name.
        device: String,
        /// What the user should know about the model file.
        note: Option<String>,
        /// Sizes of the sources.
        pools: Vec<PoolSize>,
    },
    /// The cost profile of automatic budgets from now on.
    Profile(Box<CostProfile>),
    /// The cost profile is being measured again: points done and in total.
    Measuring {
        /// Points measured.
        done: usize,
        /// Points in all.
        of: usize,
    },
    /// It was measured, with a note, or why it was not.
    Measured(Result<Option<String>, String>),
    /// No model is available; recorded traces still play.
    ModelFailed {
        /// The error in words.
        why: String,
    },
    /// A prompt as it would be asked.
    Preview {
        /// Of the command.
        ticket: u64,
        /// Or why it cannot be rendered.
        preview: Result<PromptPreview, String>,
    },
    /// What a question about the pools came to; it comes back with its answer.
    Pool {
        /// As it was asked.
        question: Box<PoolQuestion>,
        /// Or why there is none.
        answer: Result<Box<PoolAnswer>, String>,
    },
    /// The prompt is being processed: tokens done and in total.
    Prompt {
        /// Which run.
        run: RunId,
        /// Tokens done.
        done: usize,
        /// Tokens in all.
        total: usize,
    },
    /// The prompt is processed; steps follow.
    RunStarted {
        /// Which run.
        run: RunId,
        /// As it was asked for.
        purpose: Purpose,
        /// The trace's first line.
        header: Box<Header>,
    },
    /// A step was made.
    Step {
        /// Which run.
        run: RunId,
        /// What happened in it.
        step: Box<Step>,
    },
    /// The engine pauses between two steps, or continues.
    Paused {
        /// Which run.
        run: RunId,
        /// `false`: it goes on.
        paused: bool,
    },
    /// A run is complete.
    RunEnded {
        /// Which run.
        run: RunId,
        /// The trace's last line.
        end: End,
    },
    /// A run ended with an error.
    RunFailed {
        /// Which run.
        run: RunId,
        /// The error in words.
        why: String,
    },
    /// A run of a sweep is finished.
    SweepRan {
        /// Which sweep.
        sweep: SweepId,
        /// The cell and subject that were run.
        job: Job,
        /// The whole run.
        trace: Box<Trace>,
    },
    /// The sweep has ended: complete or cancelled.
    SweepEnded {
        /// Which sweep.
        sweep: SweepId,
    },
    /// A sweep ended with an error; what was measured stays.
    SweepFailed {
        /// Which sweep.
        sweep: SweepId,
        /// The error in words.
        why: String,
    },
    /// News of a batch.
    Batch {
        /// Which batch.
        batch: BatchId,
        /// What happened.
        news: BatchNews,
    },
    /// The thread has ended; with the reason, if unexpected.
    Gone {
        /// The error in words; `None`: ended as asked.
        why: Option<String>,
    },
}

/// What happens in a batch.
#[derive(Clone, Debug)]
pub enum BatchNews {
    /// The prefix that prompts share is being computed: tokens done and in total.
    Prefix {
        /// Tokens done.
        done: usize,
        /// Tokens in all.
        total: usize,
    },
    /// Passes follow.
    Started(Box<PassesHeader>),
    /// A run has its lane.
    RunStarted {
        /// Which run.
        run: RunId,
        /// The trace's first line.
        header: Box<Header>,
    },
    /// A pass was made.
    Pass {
        /// What the runs did together.
        pass: Box<PassRecord>,
        /// The step of each run that made one.
        steps: Vec<(RunId, Step)>,
    },
    /// A run is complete, or was cancelled.
    RunEnded {
        /// Which run.
        run: RunId,
        /// Its share of the time of the passes with its prompt.
        prompt_ms: Option<f64>,
        /// The trace's last line.
        end: End,
    },
    /// A run could not begin.
    RunFailed {
        /// Which run.
        run: RunId,
        /// The error in words.
        why: String,
    },
    /// The engine pauses between two passes, or continues.
    Paused(bool),
    /// Complete or cancelled.
    Ended,
    /// It ended with an error, in words; what was recorded stays.
    Failed(String),
}

/// The progress of a fetch.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchEvent {
    /// A source is being queried.
    Looking {
        /// The source, in words.
        what: String,
    },
    /// Bytes arrive.
    Downloading {
        /// Host or directory.
        from: String,
        /// Bytes so far.
        done: u64,
        /// Bytes in all; `None`: not told.
        total: Option<u64>,
        /// Recent speed.
        bytes_per_s: f64,
    },
    /// The whole file is being checked.
    Verifying,
    /// An existing file is being hashed, for the first time or because it changed.
    Hashing {
        /// Its name.
        file: String,
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A source did not have it; the next one is tried.
    Skipped {
        /// Which one.
        source: String,
        /// The error in words.
        why: String,
    },
    /// The file is available.
    Done {
        /// Where it is.
        path: PathBuf,
    },
}
