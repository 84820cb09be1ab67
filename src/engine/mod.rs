//! The loop: retrieve -> draft -> forward -> verify -> commit, one [`Step`] per forward
//! pass. Knows models, pools and verdicts, but no screens, threads or files.
//!
//! An [`Engine`] is a loaded `model`, the `pools` it draws on, and where its runs `start`;
//! a `run` goes over all three.
//!
//! [`Step`]: crate::speculate::trace::Step

mod batch;
mod measure;
mod model;
mod pools;
mod run;
mod start;
mod sweep;

use std::path::Path;

use color_eyre::eyre::Result;

use crate::protocol::SavedEdits;
use crate::speculate::command_line::Setup;
use crate::speculate::subject::DocId;

pub use batch::{Batch, BatchRoom, Ended, Prompts};
pub use measure::{Grid, LARGE_SPREAD, MeasuredPoint, Measuring};
pub use model::{LoadOptions, LoadedModel, Loading, physical_cores};
pub use pools::{EnginePools, Knowledge, open_pool, tokenizer_hash};
pub use run::{Replayed, Run, RunSpec};
pub use start::Start;
pub use sweep::{Advance, SweepRun};

pub use crate::speculate::trace::OwnDocuments;

/// A loaded model with its pools: everything a run needs.
pub struct Engine {
    pub model: LoadedModel,
    pub pools: EnginePools,
    pub start: Start,
    pub catalog: String,
    /// The command-line options that lead to the same engine.
    pub setup: Setup,
    /// A note for the user about loading.
    pub note: Option<String>,
}

/// Documents are tokenised by the model on their way into the pools.
impl Engine {
    /// As [`EnginePools::set_knowledge`].
    pub fn set_knowledge(&mut self, docs: &[Knowledge]) -> Result<()> {
        self.pools.set_knowledge(docs, &self.model.codec)
    }

    /// As [`EnginePools::add_pool`].
    pub fn add_pool(&mut self, path: &Path) -> Result<()> {
        self.pools.add_pool(path, &self.model.codec)
    }

    /// As [`EnginePools::remember_text`].
    pub fn remember_text(&mut self, answer: &Knowledge) -> Result<()> {
        self.pools.remember_text(answer, &self.model.codec)
    }

    /// As [`EnginePools::add_documents`].
    pub fn add_documents(&mut self, docs: &[Knowledge]) -> Result<Vec<DocId>> {
        self.pools.add_documents(docs, &self.model.codec)
    }

    /// As [`EnginePools::save_edits`].
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
