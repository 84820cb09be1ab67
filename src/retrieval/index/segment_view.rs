//! A segment as queries see it: without hidden documents.

use crate::retrieval::index::doc_table::Entry;
use crate::retrieval::index::hidden::HiddenSpans;
use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment::Segment;
use crate::speculate::TokenId;

/// A segment without its hidden documents, if any.
#[derive(Clone, Copy)]
pub(crate) struct SegmentView<'a> {
    pub(crate) segment: &'a Segment,
    pub(crate) hidden: Option<&'a HiddenSpans>,
}

impl<'a> SegmentView<'a> {
    pub(crate) fn n_docs(&self) -> usize {
        self.segment.n_docs() - self.hidden.map_or(0, |h| h.documents)
    }

    pub(crate) fn n_tokens(&self) -> usize {
        let hidden = self.hidden.map_or(0, |h| h.n_tokens);
        self.segment.n_tokens().saturating_sub(hidden)
    }

    /// The segment's most frequent tokens and how often they occur.
    pub(crate) fn frequent(&self) -> impl Iterator<Item = (TokenId, u32)> + '_ {
        let tokens = self.segment.frequent().iter();
        let visible = tokens.map(|&(token, n)| match self.hidden {
            None => (token, n),
            Some(_) => (token, self.count(self.segment.bucket(token)) as u32),
        });
        visible.filter(|t| t.1 > 0)
    }

    /// Number of these suffixes, without those of hidden documents.
    #[inline]
    pub(crate) fn count(&self, ranks: Ranks) -> usize {
        ranks.len() - self.hidden.map_or(0, |h| h.count(ranks))
    }

    /// The text position a suffix begins at, unless it is hidden.
    #[inline]
    pub(crate) fn visible(&self, rank: u32) -> Option<u32> {
        let position = self.segment.position(rank);
        self.is_visible(position).then_some(position)
    }

    /// Whether no hidden document is there.
    #[inline]
    pub(crate) fn is_visible(&self, position: u32) -> bool {
        self.hidden.is_none_or(|h| !h.holds(position))
    }

    /// Document and token position in it, for a text position.
    pub(crate) fn locate(&self, position: u32) -> Option<(Entry<'a>, u32)> {
        let entry = self.segment.entry_at(position)?;
        let at = position - entry.tokens.start;
        Some((entry, at))
    }
}
