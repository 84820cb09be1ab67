//! Pools as listed and read.

use crate::protocol::PromptText;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::subject::{DocId, GroupKey};
use crate::speculate::trace::{SourceHit, TokenBytes};

/// A pool by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PoolName {
    /// All groups together.
    Global,
    /// `item/crime`.
    Group(GroupKey),
    /// Answers of this session.
    Online,
}

impl PoolName {
    pub fn name(&self) -> &str {
        match self {
            PoolName::Global => "global",
            PoolName::Group(name) => name,
            PoolName::Online => "online",
        }
    }
}

/// One pool's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub pool: PoolName,
    pub documents: usize,
    pub tokens: usize,
    /// Memory of the index.
    pub bytes: usize,
    pub segments: usize,
}

/// All pools, and their manual edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Global, the groups by name, online.
    pub sections: Vec<Section>,
    pub n_added: usize,
    pub n_removed: usize,
    pub n_unsaved: usize,
    /// The pool on disk to which edits can be saved.
    pub pool_on_disk: Option<String>,
}

/// The documents of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    pub listed: Vec<ListedDoc>,
    /// The total number.
    pub n: usize,
}

/// A document token by token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentText {
    pub id: DocId,
    pub title: String,
    pub group: GroupKey,
    pub tokens: Vec<(TokenId, TokenBytes)>,
}

/// The result of a text search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub text: String,
    pub occurrences: usize,
    pub n_documents: usize,
    /// Those with the most occurrences.
    pub documents: Vec<FoundDocument>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDocument {
    pub id: DocId,
    pub title: String,
    pub pool: PoolName,
    pub occurrences: usize,
    /// The document's tokens that the first occurrence overlaps: from, to.
    pub at: (usize, usize),
    pub before: String,
    pub found: String,
    pub after: String,
}

/// The text to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbedText {
    Phrase(String),
    /// Rendered with the model's template, the opening included.
    Prompt(PromptText),
}

/// What would be drafted after a text, by the sources that may draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    pub sets: Vec<ProbedSet>,
    pub n_tokens: usize,
    /// Bytes of the trees' tokens.
    pub tokens: Vec<(TokenId, TokenBytes)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProbedSet {
    /// `empty`, `global`, or the group's pool.
    pub name: String,
    pub tree: DraftTree,
    pub hits: Vec<SourceHit>,
    pub ms: f64,
}

/// A document by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDoc {
    pub id: DocId,
    pub title: String,
    pub group: GroupKey,
    pub n_tokens: usize,
}
