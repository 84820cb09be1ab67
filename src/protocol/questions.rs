//! Questions about the pools and changes of them, with what they come to.

use std::path::PathBuf;

use crate::protocol::pools::{
    DocumentText, Documents, Found, Overview, PoolName, Probe, ProbedText,
};
use crate::speculate::params::Params;
use crate::speculate::subject::{DocId, GroupKey, KindName};

/// What is asked of the pools.
#[derive(Clone, Debug, PartialEq)]
pub enum LabQuestion {
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
    /// Documents of a file, one JSON object a line.
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
    /// Put the changes into the pool on disk.
    Save,
}

/// A text to be added to a group's pool.
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
pub enum LabAnswer {
    /// To `Overview`.
    Overview(Overview),
    /// To `Documents`.
    Documents(Documents),
    /// To `Document`.
    Document(DocumentText),
    /// To `Find`.
    Found(Found),
    /// To `Probe`.
    Probe(Probe),
    /// The pools were changed: what happened, and how they are now.
    Changed {
        /// What was done.
        change: PoolChange,
        /// The pools after it.
        now: Overview,
    },
}

/// What happened to the pools.
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
    /// Documents of a file, and what is to be said of its lines.
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

/// The change that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// So many documents had been added.
    Added(usize),
    /// The document of this id had been taken out.
    Removed(DocId),
}

/// What saving did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedEdits {
    /// Documents written.
    pub added: usize,
    /// Documents deleted.
    pub removed: usize,
    /// Documents taken out that the pool on disk does not have.
    pub unknown: usize,
}
