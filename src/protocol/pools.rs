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
    pub(crate) fn name(&self) -> &str {
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
    /// Which pool.
    pub pool: PoolName,
    /// Hidden ones left out.
    pub documents: usize,
    /// Of all its documents.
    pub tokens: usize,
    /// Memory of the index.
    pub bytes: usize,
    /// Indexes that it is searched in.
    pub segments: usize,
}

/// All pools, and their manual edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Global, the groups by name, online.
    pub sections: Vec<Section>,
    /// Documents added by hand.
    pub n_added: usize,
    /// Documents taken out by hand.
    pub n_removed: usize,
    /// Changes not on disk yet.
    pub n_unsaved: usize,
    /// The pool on disk to which edits can be saved.
    pub pool_on_disk: Option<String>,
}

/// The documents of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// The first of them; there is a bound.
    pub listed: Vec<ListedDoc>,
    /// The total number.
    pub n: usize,
}

/// A document token by token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentText {
    /// Its subject's kind and id.
    pub id: DocId,
    /// Its subject's title or name.
    pub title: String,
    /// The group whose pool has it.
    pub group: GroupKey,
    /// In order, each with its bytes.
    pub tokens: Vec<(TokenId, TokenBytes)>,
}

/// The result of a text search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundText {
    /// As it was looked for.
    pub text: String,
    /// In all pools together.
    pub occurrences: usize,
    /// How many documents have it.
    pub n_documents: usize,
    /// Those with the most occurrences.
    pub documents: Vec<FoundDocument>,
}

/// A document with the text, and its first occurrence in context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDocument {
    /// Its subject's kind and id.
    pub id: DocId,
    /// Its subject's title or name.
    pub title: String,
    /// Where it was found.
    pub pool: PoolName,
    /// In this document.
    pub occurrences: usize,
    /// The document's tokens that the first occurrence overlaps: from, to.
    pub at: (usize, usize),
    /// Text ahead of the first occurrence.
    pub before: String,
    /// The text of the tokens in `at`.
    pub found: String,
    /// Text behind it.
    pub after: String,
}

/// The text to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbedText {
    /// Text as typed.
    Phrase(String),
    /// Rendered with the model's template, the opening included.
    Prompt(PromptText),
}

/// What would be drafted after a text, by the sources that may draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The drafts by pool: without any, global, each group.
    pub sets: Vec<ProbedSet>,
    /// Tokens of the text that was continued.
    pub n_tokens: usize,
    /// Bytes of the trees' tokens.
    pub tokens: Vec<(TokenId, TokenBytes)>,
}

/// What would be drafted with one set of pools.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbedSet {
    /// `empty`, `global`, or the group's pool.
    pub name: String,
    /// What would be drafted.
    pub tree: DraftTree,
    /// Per source that found something.
    pub hits: Vec<SourceHit>,
    /// Milliseconds of retrieval and drafting.
    pub ms: f64,
}

/// A document by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDoc {
    /// Its subject's kind and id.
    pub id: DocId,
    /// Its subject's title or name.
    pub title: String,
    /// The group whose pool has it.
    pub group: GroupKey,
    /// Its end token included.
    pub n_tokens: usize,
}
