//! Questions about the pools and changes of them, with what they come to.

use std::path::PathBuf;

use crate::protocol::pools::{
    DocumentText, Documents, Found, Overview, PoolName, Probe, ProbedText,
};
use crate::speculate::params::Params;
use crate::speculate::subject::{DocId, GroupKey, KindName};

/// What is asked of the pools.
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
    /// Documents of a file, one JSON object a line.
    AddFile {
        path: PathBuf,
    },
    Remove {
        pool: PoolName,
        id: DocId,
    },
    Undo,
    /// Put the changes into the pool on disk.
    Save,
}

/// A text to be added to a group's pool.
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
    /// The pools were changed: what happened, and how they are now.
    Changed {
        change: PoolChange,
        now: Overview,
    },
}

/// What happened to the pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChange {
    Added {
        id: DocId,
        kind: KindName,
        group: String,
    },
    /// Documents of a file, and what is to be said of its lines.
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
    pub added: usize,
    pub removed: usize,
    /// Documents taken out that the pool on disk does not have.
    pub unknown: usize,
}
