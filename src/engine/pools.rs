//! The pools of an engine: those loaded, the session's own answers, and manual edits.

mod browse;
mod editing;
mod edits;
pub(in crate::engine) mod knowledge;

use std::path::{Path, PathBuf};
use std::time::Instant;

use color_eyre::eyre::{Result, ensure, eyre};

use crate::model::tokenizer::TextCodec;
use crate::retrieval::{Check, Online, PoolDoc, PoolStore, Pools, TokenizerHash};
use crate::speculate::TokenId;
use crate::speculate::params::{Params, Source};
use crate::speculate::subject::DocId;
use crate::speculate::trace::{Header, OwnDocuments, PoolSize, SubjectInfo};
use edits::Edits;
use knowledge::pool_of;

pub use knowledge::Knowledge;

/// The pools that an engine drafts from.
#[derive(Default)]
pub struct EnginePools {
    /// As a run uses them: with the session's answers, and without removed documents.
    pub current: Pools,
    /// Whether a subject's earlier answer may draft for it.
    pub own_documents: OwnDocuments,
    /// Answers of this session.
    online: Online,
    /// The manual edits.
    pub(super) edits: Edits,
    /// The pool on disk that was opened with the documents.
    pub(super) on_disk: Option<PathBuf>,
}

impl EnginePools {
    /// Drafts from these pools from now on, and from this session's answers.
    pub(crate) fn set(&mut self, pools: &Pools) {
        self.current = pools.with_online(&self.online);
    }

    /// Replaces the pools by these documents.
    ///
    /// # Errors
    /// A text that the tokenizer cannot encode.
    pub(crate) fn set_knowledge(&mut self, docs: &[Knowledge], codec: &TextCodec) -> Result<()> {
        let begin = Instant::now();
        let n_docs = docs.len();
        let docs = docs.iter().map(|doc| doc.tokenize(codec));
        self.set(&Pools::build(docs.collect::<Result<Vec<_>>>()?));
        let ms = begin.elapsed().as_millis();
        tracing::info!(documents = n_docs, ms, "pools built");
        Ok(())
    }

    /// Adds a pool on disk to the loaded ones.
    ///
    /// # Errors
    /// As [`PoolStore::open`]: another tokenizer, a damaged file, ..
    pub(crate) fn add_pool(&mut self, path: &Path, codec: &TextCodec) -> Result<()> {
        let begin = Instant::now();
        let store = open_pool(path, codec)?;
        let ms = begin.elapsed().as_millis();
        tracing::info!(path = %path.display(), ms, "pool opened");
        self.set(&self.current.beside(&store.pools()));
        self.on_disk = Some(path.to_path_buf());
        Ok(())
    }

    /// Adds a finished answer to those of this session, from which the online
    /// source drafts.
    pub fn remember(&mut self, run: &Header, answer: &[TokenId]) {
        let opening = &run.prompt_ids[run.prompt_ids.len() - run.opening_len..];
        self.online.add(&PoolDoc {
            id: DocId::of(&run.subject.kind, &run.subject.id),
            title: run.subject.title.clone(),
            group: pool_of(&run.subject).unwrap_or_default(),
            tokens: [opening, answer].concat(),
        });
        self.refresh();
    }

    /// Adds an answer that was finished earlier to those of this session.
    ///
    /// # Errors
    /// A text that the tokenizer cannot encode.
    pub(crate) fn remember_text(&mut self, answer: &Knowledge, codec: &TextCodec) -> Result<()> {
        self.online.add(&answer.tokenize(codec)?);
        self.current = self.current.with_online(&self.online);
        Ok(())
    }

    /// The pools after manual edits and with the session's answers.
    pub(super) fn refresh(&mut self) {
        let pools = self.edits.applied_to(&self.current);
        let removed = self.edits.removed();
        self.current = pools.with_online(&self.online).without_all(&removed);
    }

    /// The pools as a run for this subject may use them.
    pub(super) fn for_subject(&self, subject: &SubjectInfo) -> Pools {
        match self.own_documents {
            OwnDocuments::Keep => self.current.clone(),
            OwnDocuments::Hide => self.current.without(&DocId::of(&subject.kind, &subject.id)),
        }
    }

    /// Sources of a run that no command line can reproduce.
    pub(super) fn by_hand(&self, params: &Params) -> Vec<String> {
        let mut told = Vec::new();
        if self.edits.n_unsaved() > 0 {
            let (added, removed) = (self.edits.n_added(), self.edits.n_removed());
            told.push(format!(
                "pools edited by hand: {added} documents added, {removed} removed"
            ));
        }
        let n_online = self.current.n_online();
        if params.sources.online && n_online > 0 {
            told.push(format!("{n_online} answers of this session can draft"));
        }
        told
    }
}

/// The sizes of the pools that a run draws on.
pub(super) fn pool_sizes(pools: &Pools, subject: &SubjectInfo, params: &Params) -> Vec<PoolSize> {
    let mut sizes = pools.sizes(pool_of(subject).as_ref());
    sizes.retain(|s| s.source != Source::Online || params.sources.online);
    sizes
}

/// The hash that ties a pool on disk to its tokenizer.
///
/// # Errors
/// A hash that is not a SHA-256.
pub fn tokenizer_hash(codec: &TextCodec) -> Result<TokenizerHash> {
    let hash = TokenizerHash::from_hex(&codec.hash());
    hash.ok_or_else(|| eyre!("the tokenizer's hash is not a SHA-256: {}", codec.hash()))
}

/// Opens a pool on disk that must be of this tokenizer.
///
/// # Errors
/// As [`PoolStore::open`].
pub(crate) fn open_pool(path: &Path, codec: &TextCodec) -> Result<PoolStore> {
    let store = PoolStore::open(path, Some(&tokenizer_hash(codec)?), Check::Structure)?;
    ensure!(
        store.limit() as usize <= codec.vocab_size(),
        "the pool {} contains token ids outside the model's vocabulary: build it again",
        path.display()
    );
    Ok(store)
}
