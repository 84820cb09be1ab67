//! A step as a trace records it.

use super::pass::Passed;
use super::state::RunState;
use crate::engine::model::LoadedModel;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::Learned;
use crate::speculate::row::NodeDistribution;
use crate::speculate::subject::DocId;
use crate::speculate::trace::{Excerpt, SourceHit, Step, Timing, TokenBytes};
use crate::speculate::verify::RemainingTokens;

/// The results of a step.
pub(in crate::engine) struct Stepped {
    pub(crate) hits: Vec<SourceHit>,
    pub(crate) tree: DraftTree,
    pub(crate) n_offered: usize,
    pub(crate) passed: Passed,
    pub(crate) learned: Vec<Learned>,
    pub(crate) timing: Timing,
}

impl RunState {
    /// The step as a trace records it.
    pub(crate) fn record(
        &mut self,
        model: &LoadedModel,
        stepped: Stepped,
        room: RemainingTokens,
        context_len: usize,
    ) -> Step {
        let Stepped { tree, passed, .. } = stepped;
        let excerpts = self.new_excerpts(&tree);
        Step {
            index: self.n_steps - 1,
            context_len,
            room,
            params: std::mem::take(&mut self.changed).then_some(self.params),
            retrieval: stepped.hits,
            tokens: self.new_tokens(model, &tree, &passed.rows, &excerpts),
            documents: self.new_documents(&tree),
            excerpts,
            tree,
            n_offered: stepped.n_offered,
            rows: passed.rows,
            judged: passed.standings,
            verdict: passed.verdict,
            timing: Some(stepped.timing),
            learned: stepped.learned,
        }
    }

    fn new_tokens(
        &mut self,
        model: &LoadedModel,
        tree: &DraftTree,
        rows: &[Option<NodeDistribution>],
        excerpts: &[Excerpt],
    ) -> Vec<(TokenId, TokenBytes)> {
        let drafted = tree.nodes.iter().map(|n| n.token);
        let rows = || rows.iter().flatten();
        let candidates = rows().flat_map(|r| r.top.iter().map(|c| c.0));
        // A sampled token need not be among the most probable ones.
        let chosen = rows().filter_map(NodeDistribution::choice);
        let around = excerpts.iter().flat_map(|e| e.ids.iter().copied());
        let ids = drafted.chain(candidates).chain(chosen).chain(around);
        self.seen.new_tokens(model, ids)
    }

    /// Adds to a step made without a model what views show of its tokens and documents.
    pub(in crate::engine) fn describe(
        &mut self,
        step: &mut Step,
        bytes: &dyn Fn(TokenId) -> TokenBytes,
    ) {
        step.excerpts = self.new_excerpts(&step.tree);
        step.documents = self.new_documents(&step.tree);
        let drafted = step.tree.nodes.iter().map(|node| node.token);
        let committed = step.verdict.committed(&step.tree).map(|(id, _)| id);
        let rows = step.rows.iter().flatten();
        let candidates = rows.flat_map(|row| row.top.iter().map(|c| c.0));
        let around = step.excerpts.iter().flat_map(|e| e.ids.iter().copied());
        let ids = drafted.chain(committed).chain(candidates).chain(around);
        step.tokens = self.seen.new_tokens_of(bytes, ids);
    }

    /// The bytes of the prompt's tokens.
    pub(in crate::engine) fn prompt_tokens(
        &mut self,
        bytes: &dyn Fn(TokenId) -> TokenBytes,
    ) -> Vec<(TokenId, TokenBytes)> {
        let ids = self.header.prompt_ids.iter().copied();
        self.seen.new_tokens_of(bytes, ids)
    }

    /// The text around the drafts in the first document of each origin, unless already
    /// recorded.
    fn new_excerpts(&mut self, tree: &DraftTree) -> Vec<Excerpt> {
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

    fn new_documents(&mut self, tree: &DraftTree) -> Vec<(DocId, String)> {
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
