//! What a trace holds of tokens and documents, each once in a run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::state::RunState;
use crate::engine::model::LoadedModel;
use crate::speculate::TokenId;
use crate::speculate::draft::{DocHit, DraftTree};
use crate::speculate::row::NodeDistribution;
use crate::speculate::subject::DocId;
use crate::speculate::trace::{Excerpt, TokenBytes};

/// Remembers which token bytes and document titles a trace has already.
#[derive(Default)]
pub(super) struct Seen {
    tokens: HashSet<TokenId>,
    docs: HashSet<DocId>,
    /// Of each document, the stretches of it that were recorded.
    excerpts: HashMap<DocId, Vec<Range<u32>>>,
}

/// A token with as many on both sides needs no excerpt of its own.
const AROUND: u32 = 3;

impl Seen {
    /// The tokens that were not seen before, with their bytes.
    pub(super) fn new_tokens(
        &mut self,
        model: &LoadedModel,
        ids: impl Iterator<Item = TokenId>,
    ) -> Vec<(TokenId, TokenBytes)> {
        let new = ids.filter(|&id| self.token(id));
        new.map(|id| (id, TokenBytes::new(model.token_bytes(id))))
            .collect()
    }

    fn token(&mut self, id: TokenId) -> bool {
        self.tokens.insert(id)
    }

    fn doc(&mut self, id: &DocId) -> bool {
        self.docs.insert(id.clone())
    }

    /// A token and a few around it were recorded already.
    fn has_around(&self, place: &DocHit) -> bool {
        let around = place.at.saturating_sub(AROUND)..place.at + AROUND;
        let known = self.excerpts.get(&place.doc).into_iter().flatten();
        let mut known = known.map(|r| r.start <= around.start && around.end <= r.end);
        known.any(|holds| holds)
    }

    /// `is_last`: it goes on to its document's end.
    fn excerpt(&mut self, excerpt: &Excerpt, is_last: bool) {
        let end = excerpt.from + excerpt.ids.len() as u32;
        let end = if is_last { u32::MAX } else { end };
        let of_doc = self.excerpts.entry(excerpt.doc.clone()).or_default();
        of_doc.push(excerpt.from..end);
    }
}

impl RunState {
    pub(super) fn new_tokens(
        &mut self,
        model: &LoadedModel,
        tree: &DraftTree,
        rows: &[NodeDistribution],
        excerpts: &[Excerpt],
    ) -> Vec<(TokenId, TokenBytes)> {
        let drafted = tree.nodes.iter().map(|n| n.token);
        let candidates = rows.iter().flat_map(|r| r.top.iter().map(|c| c.0));
        // What was drawn may be none of the most probable ones.
        let chosen = rows.iter().map(NodeDistribution::choice);
        let around = excerpts.iter().flat_map(|e| e.ids.iter().copied());
        let ids = drafted.chain(candidates).chain(chosen).chain(around);
        self.seen.new_tokens(model, ids)
    }

    /// What stands around the drafts in the first document of each origin, as far
    /// as it was not recorded yet.
    pub(super) fn new_excerpts(&mut self, tree: &DraftTree) -> Vec<Excerpt> {
        let wanted = (Excerpt::BEFORE, Excerpt::BEHIND);
        let mut new = Vec::new();
        for node in &tree.nodes {
            let places = node.origins.iter().filter_map(|o| o.docs.first());
            for place in places {
                if self.seen.has_around(place) {
                    continue;
                }
                let Some(excerpt) = self.retriever.pools().excerpt(place, node.token, wanted)
                else {
                    continue;
                };
                let n_behind = excerpt.ids.len() - (place.at - excerpt.from) as usize;
                self.seen.excerpt(&excerpt, n_behind < Excerpt::BEHIND);
                new.push(excerpt);
            }
        }
        new
    }

    pub(super) fn new_documents(&mut self, tree: &DraftTree) -> Vec<(DocId, String)> {
        let hits = tree
            .nodes
            .iter()
            .flat_map(|n| n.origins.iter().flat_map(|o| &o.docs));
        let mut new = Vec::new();
        for hit in hits {
            if self.seen.doc(&hit.doc) {
                let title = self.retriever.pools().title(&hit.doc).unwrap_or(&hit.doc);
                new.push((hit.doc.clone(), title.to_string()));
            }
        }
        new
    }
}
