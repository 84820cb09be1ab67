//! What a trace records of tokens and documents, each once per run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::engine::model::LoadedModel;
use crate::speculate::TokenId;
use crate::speculate::draft::DocHit;
use crate::speculate::subject::DocId;
use crate::speculate::trace::{Excerpt, TokenBytes};

/// Remembers which token bytes and document titles the trace already has.
#[derive(Default)]
pub(super) struct Seen {
    tokens: HashSet<TokenId>,
    docs: HashSet<DocId>,
    /// The recorded stretches of each document.
    excerpts: HashMap<DocId, Vec<Range<u32>>>,
}

/// A token with this many recorded on both sides needs no new excerpt.
const AROUND: u32 = 3;

impl Seen {
    /// The tokens not seen before, with their bytes.
    pub(super) fn new_tokens(
        &mut self,
        model: &LoadedModel,
        ids: impl Iterator<Item = TokenId>,
    ) -> Vec<(TokenId, TokenBytes)> {
        self.new_tokens_of(&|id| TokenBytes::new(model.token_bytes(id)), ids)
    }

    /// The same without a model.
    pub(super) fn new_tokens_of(
        &mut self,
        bytes: &dyn Fn(TokenId) -> TokenBytes,
        ids: impl Iterator<Item = TokenId>,
    ) -> Vec<(TokenId, TokenBytes)> {
        let new = ids.filter(|&id| self.token(id));
        new.map(|id| (id, bytes(id))).collect()
    }

    fn token(&mut self, id: TokenId) -> bool {
        self.tokens.insert(id)
    }

    pub(super) fn doc(&mut self, id: &DocId) -> bool {
        self.docs.insert(id.clone())
    }

    /// Whether a token and a few around it are already recorded.
    pub(super) fn has_around(&self, place: &DocHit) -> bool {
        let around = place.at.saturating_sub(AROUND)..place.at + AROUND;
        let known = self.excerpts.get(&place.doc).into_iter().flatten();
        let mut known = known.map(|r| r.start <= around.start && around.end <= r.end);
        known.any(|holds| holds)
    }

    /// `is_last`: the excerpt reaches its document's end.
    pub(super) fn excerpt(&mut self, excerpt: &Excerpt, is_last: bool) {
        let end = excerpt.from + excerpt.ids.len() as u32;
        let end = if is_last { u32::MAX } else { end };
        let of_doc = self.excerpts.entry(excerpt.doc.clone()).or_default();
        of_doc.push(excerpt.from..end);
    }
}
