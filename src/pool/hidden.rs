//! A document left out of a segment, as if it had never been added.

use std::ops::Range;

use super::segment::{Ranks, Segment};

/// Where a hidden document stands in one segment; nothing, in most.
#[derive(Clone, Debug, Default)]
pub(super) struct HiddenSpans {
    pub documents: usize,
    pub n_tokens: usize,
    /// Text positions, the anchor before the document included.
    positions: Vec<Range<u32>>,
    /// Ranks of those positions' suffixes, ascending.
    ranks: Vec<u32>,
}

impl HiddenSpans {
    /// A binary search for the document's name and one for each of its tokens.
    pub fn of(segment: &Segment, doc_id: &str) -> Self {
        let entries = segment.docs.with_id(doc_id);
        let positions: Vec<Range<u32>> = entries
            .map(|e| e.tokens.start.saturating_sub(1)..e.tokens.end)
            .collect();
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
    pub fn count(&self, ranks: Ranks) -> usize {
        let below = |bound| self.ranks.partition_point(|&r| r < bound);
        below(ranks.hi) - below(ranks.lo)
    }

    pub fn holds(&self, position: u32) -> bool {
        self.positions.iter().any(|span| span.contains(&position))
    }
}
