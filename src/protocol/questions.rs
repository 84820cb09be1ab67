//! Questions about the pools and edits of them, with their results.

use std::path::PathBuf;

use crate::protocol::pools::{
    DocumentText, Documents, Found, Overview, PoolName, Probe, ProbedText,
};
use crate::speculate::params::Params;
use crate::speculate::subject::{DocId, GroupKey, KindName};

/// A question about the pools, or an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolQuestion {
    Overview,
    Documents {
        pool: PoolName,
    },
    Document {
        pool: PoolName,
        id: DocId,
    },
    Find {
        text: String,
    },
    Probe {
        text: ProbedText,
        /// The group whose pool is compared with the others.
        group: Option<GroupKey>,
        params: Box<Params>,
    },
    Add(NewDocument),
    /// Documents of a file, one JSON object per line.
    AddFile {
        path: PathBuf,
    },
    Remove {
        pool: PoolName,
        id: DocId,
    },
    Undo,
    /// Save the edits to the pool on disk.
    Save,
}

/// A text to add to a group's pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    pub id: String,
    pub title: String,
    pub kind: KindName,
    pub group: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PoolAnswer {
    Overview(Overview),
    Documents(Documents),
    Document(DocumentText),
    Found(Found),
    Probe(Probe),
    /// The pools were edited: what changed, and their new state.
    Changed {
        change: PoolChange,
        now: Overview,
    },
}

/// What changed in the pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChange {
    Added {
        id: DocId,
        kind: KindName,
        group: String,
    },
    /// Documents of a file, and notes on its lines.
    AddedFile {
        path: PathBuf,
        n_documents: usize,
        remarks: Vec<String>,
    },
    Removed {
        id: DocId,
    },
    Undone(Undone),
    Saved {
        path: String,
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
    pub added: usize,
    pub removed: usize,
    /// Removed documents that are not in the pool on disk.
    pub unknown: usize,
}
