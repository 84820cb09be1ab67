//! Documents left out of a segment, as if they had never been added.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment::Segment;

/// Where hidden documents are in one segment; usually empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct HiddenSpans {
    pub(crate) documents: usize,
    pub(crate) n_tokens: usize,
    /// Text positions, the anchor before each document included.
    positions: Vec<Range<u32>>,
    /// Ranks of those positions' suffixes, ascending.
    ranks: Vec<u32>,
}

impl HiddenSpans {
    /// A binary search for each document's name and one for each of its tokens.
    pub(crate) fn of<'a>(segment: &Segment, doc_ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut positions: Vec<Range<u32>> = Vec::new();
        let doc_ids: BTreeSet<&str> = doc_ids.into_iter().collect();
        for doc_id in doc_ids {
            let entries = segment.docs.with_id(doc_id);
            let spans = entries.map(|e| e.tokens.start.saturating_sub(1)..e.tokens.end);
            positions.extend(spans);
        }
        let all = positions.iter().cloned().flatten();
        let mut ranks: Vec<u32> = all.filter_map(|p| segment.rank_of(p)).collect();
        ranks.sort_unstable();
        HiddenSpans {
            documents: positions.len(),
            n_tokens: positions
                .iter()
                .map(|span| span.len().saturating_sub(1))
                .sum(),
            ranks,
            positions,
        }
    }

    /// How many of these suffixes are hidden.
    pub(crate) fn count(&self, ranks: Ranks) -> usize {
        let below = |bound| self.ranks.partition_point(|&r| r < bound);
        below(ranks.hi) - below(ranks.lo)
    }

    pub(crate) fn holds(&self, position: u32) -> bool {
        self.positions.iter().any(|span| span.contains(&position))
    }
}
