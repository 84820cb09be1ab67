//! Builds a segment: collects the text, then sorts its suffixes.

use crate::retrieval::index::array::Array;
use crate::retrieval::index::doc_table::{DocTable, DocTableBuilder, MAX_NAME_BYTES};
use crate::retrieval::index::segment::{Segment, Words};
use crate::retrieval::index::suffix_sort::{bucket_table, sort_suffixes};
use crate::retrieval::index::symbol::{SEPARATOR, Symbol};
use crate::retrieval::index::text::Text;
use crate::speculate::TokenId;

/// Maximum symbols of a text: a branch may look beyond any position.
pub(crate) const MAX_TEXT: usize = u32::MAX as usize - 4096;

/// A segment under construction.
#[derive(Debug)]
pub(crate) struct SegmentBuilder {
    text: Vec<TokenId>,
    /// Ids are below it.
    limit: TokenId,
    docs: DocTableBuilder,
}

impl SegmentBuilder {
    /// The index of `(id, tokens)` documents without titles; parallel.
    #[cfg(test)]
    pub(crate) fn build(docs: impl IntoIterator<Item = (String, Vec<TokenId>)>) -> Segment {
        let mut builder = SegmentBuilder::new();
        for (id, tokens) in docs {
            builder.push(&id, "", &tokens);
        }
        builder.finish()
    }

    pub(crate) fn new() -> Self {
        SegmentBuilder {
            text: vec![SEPARATOR],
            limit: 0,
            docs: DocTableBuilder::new(1),
        }
    }

    /// Adds a document. Check [`has_room`](Self::has_room) first.
    pub(crate) fn push(&mut self, id: &str, title: &str, tokens: &[TokenId]) {
        assert!(self.has_room(id, title, tokens.len()), "a segment is full");
        self.text.extend(tokens.iter().filter(|&&t| t != SEPARATOR));
        self.text.push(SEPARATOR);
        let limit = tokens.iter().filter(|&&t| t != SEPARATOR).max();
        self.limit = self.limit.max(limit.map_or(0, |&t| t + 1));
        self.docs.push(id, title, self.text.len() as u32);
    }

    /// Whether a document of `n_tokens` still fits into 32-bit offsets.
    pub(crate) fn has_room(&self, id: &str, title: &str, n_tokens: usize) -> bool {
        let n_names = self.docs.n_name_bytes() + id.len() + title.len();
        self.text.len() + n_tokens < MAX_TEXT && n_names < MAX_NAME_BYTES
    }

    /// Tokens so far.
    pub(crate) fn n_tokens(&self) -> usize {
        self.text.len() - 1 - self.docs.n_docs()
    }

    pub(crate) fn n_docs(&self) -> usize {
        self.docs.n_docs()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.n_docs() == 0
    }

    /// Sorts the suffixes; parallel.
    pub(crate) fn finish(self) -> Segment {
        let docs = self.docs.finish();
        if self.limit <= u32::from(u16::SEPARATOR) {
            let text = self.text.iter().map(|&t| u16::of(t)).collect();
            drop(self.text);
            index(text, self.limit, docs, Words::Narrow)
        } else {
            index(self.text, self.limit, docs, Words::Wide)
        }
    }
}

fn index<T: Symbol>(
    text: Vec<T>,
    limit: TokenId,
    docs: DocTable,
    words: fn(Text<T>, Array<T>) -> Words,
) -> Segment {
    let suffixes = sort_suffixes(&text);
    let (firsts, starts) = bucket_table(&text, &suffixes);
    let tokens = text.into();
    let words = words(Text { tokens, limit }, firsts.into());
    Segment::of(words, suffixes.into(), starts.into(), docs)
}
