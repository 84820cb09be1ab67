//! The loop: retrieve -> draft -> forward -> verify -> commit, one [`Step`] per forward
//! pass. Knows models, pools and verdicts, but no screens, threads or files.
//!
//! An [`Engine`] is a loaded `model`, the `pools` it draws on, and where its runs `start`;
//! a `run` goes over all three.
//!
//! [`Step`]: crate::speculate::trace::Step

mod batch;
mod encode;
mod measure;
mod model;
mod pools;
mod run;
pub mod scoring;
mod start;
mod sweep;

use std::path::Path;

use color_eyre::eyre::Result;

use crate::protocol::SavedEdits;
use crate::speculate::command_line::Setup;
use crate::speculate::subject::DocId;

pub use batch::Batch;
pub use batch::BatchRoom;
pub use batch::Ended;
pub use batch::Prompts;
pub use encode::EncodedAnswers;
pub(crate) use measure::LARGE_SPREAD;
pub(crate) use measure::MeasuredPoint;
pub use model::LoadOptions;
pub(crate) use model::LoadedModel;
pub(crate) use model::Loading;
pub use model::physical_cores;
pub(crate) use pools::EnginePools;
pub use pools::Knowledge;
pub(crate) use pools::open_pool;
pub use pools::tokenizer_hash;
pub(crate) use run::Replayed;
pub(crate) use run::Run;
pub use run::RunSpec;
pub(crate) use start::Start;
pub use sweep::Advance;
pub use sweep::SweepRun;

pub use crate::speculate::trace::OwnDocuments;

/// A loaded model with its pools: everything a run needs.
pub struct Engine {
    /// The model on its device, with its tokenizer.
    pub model: LoadedModel,
    /// What is retrieved from.
    pub pools: EnginePools,
    /// Costs and calibration that runs begin with.
    pub start: Start,
    pub(crate) catalog: String,
    /// The command-line options that lead to the same engine.
    pub(crate) setup: Setup,
    /// A note for the user about loading.
    pub(crate) note: Option<String>,
}

/// Documents are tokenised by the model on their way into the pools.
impl Engine {
    /// Replaces the pools by these documents.
    ///
    /// # Errors
    /// A text that the tokenizer cannot encode.
    pub fn set_knowledge(&mut self, docs: &[Knowledge]) -> Result<()> {
        self.pools.set_knowledge(docs, &self.model.codec)
    }

    /// Puts a pool of a folder beside those that are there.
    ///
    /// # Errors
    /// Another tokenizer, a damaged file.
    pub fn add_pool(&mut self, path: &Path) -> Result<()> {
        self.pools.add_pool(path, &self.model.codec)
    }

    /// As [`EnginePools::remember_text`].
    pub(crate) fn remember_text(&mut self, answer: &Knowledge) -> Result<()> {
        self.pools.remember_text(answer, &self.model.codec)
    }

    /// Adds documents to the pools, for runs to come. One whose id is taken, or was, gets
    /// another.
    ///
    /// # Errors
    /// A document without a text.
    pub fn add_documents(&mut self, docs: &[Knowledge]) -> Result<Vec<DocId>> {
        self.pools.add_documents(docs, &self.model.codec)
    }

    /// Puts the changes that are not saved yet into the pool on disk that was opened with
    /// the model.
    ///
    /// # Errors
    /// No pool on disk; one that cannot be changed.
    pub fn save_edits(&mut self) -> Result<SavedEdits> {
        self.pools.save_edits(&self.model.codec)
    }
}

impl Engine {
    /// Begins a run: processes the part of the prompt that is not cached. `go_on(done,
    /// of)` counts the prompt's tokens; `false` cancels.
    ///
    /// # Errors
    /// A prompt that leaves no room in the context; the model's errors.
    pub fn begin(
        &mut self,
        spec: RunSpec,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Run<'_>> {
        Run::begin(self, spec, go_on)
    }
}
