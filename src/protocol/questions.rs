//! Questions about the pools and edits of them, with their results.

use std::path::PathBuf;

use crate::protocol::pools::{
    DocumentText, Documents, FoundText, Overview, PoolName, Probe, ProbedText,
};
use crate::speculate::params::Params;
use crate::speculate::subject::{DocId, GroupKey, KindName};

/// A question about the pools, or an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolQuestion {
    /// Which pools there are, and what was changed.
    Overview,
    /// The documents of a pool.
    Documents {
        /// Which pool.
        pool: PoolName,
    },
    /// One document, token by token.
    Document {
        /// Where to look for it.
        pool: PoolName,
        /// Which document.
        id: DocId,
    },
    /// Where a text occurs.
    Find {
        /// What to look for, token by token.
        text: String,
    },
    /// What would be drafted after a text.
    Probe {
        /// What is to be continued.
        text: ProbedText,
        /// The group whose pool is compared with the others.
        group: Option<GroupKey>,
        /// Budget, sources and drafter.
        params: Box<Params>,
    },
    /// Add a typed text.
    Add(NewDocument),
    /// Documents of a file, one JSON object per line.
    AddFile {
        /// The file.
        path: PathBuf,
    },
    /// Take a document out.
    Remove {
        /// Which pool.
        pool: PoolName,
        /// Which document.
        id: DocId,
    },
    /// Take the last change back.
    Undo,
    /// Save the edits to the pool on disk.
    Save,
}

/// A text to add to a group's pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Item or user.
    pub kind: KindName,
    /// Whose pool it joins.
    pub group: String,
    /// As typed.
    pub text: String,
}

/// What the pools answer; the variants follow the questions.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolAnswer {
    /// To `Overview`.
    Overview(Overview),
    /// To `Documents`.
    Documents(Documents),
    /// To `Document`.
    Document(DocumentText),
    /// To `Find`.
    Found(FoundText),
    /// To `Probe`.
    Probe(Probe),
    /// The pools were edited: what changed, and their new state.
    Changed {
        /// What was done.
        change: PoolChange,
        /// The pools after it.
        now: Overview,
    },
}

/// What changed in the pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChange {
    /// A document was added.
    Added {
        /// Its new name.
        id: DocId,
        /// Item or user.
        kind: KindName,
        /// Whose pool it joined.
        group: String,
    },
    /// Documents of a file, and notes on its lines.
    AddedFile {
        /// The file.
        path: PathBuf,
        /// Documents that were added.
        n_documents: usize,
        /// What was left out or assumed, in sentences.
        remarks: Vec<String>,
    },
    /// A document was taken out.
    Removed {
        /// Which document.
        id: DocId,
    },
    /// The last change was taken back.
    Undone(Undone),
    /// Changes were written to the pool on disk.
    Saved {
        /// The pool's directory.
        path: String,
        /// What was written.
        saved: SavedEdits,
    },
}

/// The undone edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// This many documents had been added.
    Added(usize),
    /// The document with this id had been removed.
    Removed(DocId),
}

/// The result of saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedEdits {
    /// Documents written.
    pub added: usize,
    /// Documents deleted.
    pub removed: usize,
    /// Removed documents that are not in the pool on disk.
    pub unknown: usize,
}
