//! A segment: documents' tokens with a suffix array, immutable once built. Finds where
//! a run of tokens occurs and what follows it. Does not know groups, sources, files or
//! probabilities.
//!
//! The text is `| doc | doc | ... |`, with a [`SEPARATOR`] at each bar: no match and no
//! draft crosses one, and the one before a document is the anchor that lets a text's
//! beginning match the documents' beginnings.
//!
//! Text, suffix array and tables are flat arrays, in memory or in a mapped file
//! (`store`). A damaged file cannot make any of this panic: ranks come from the bucket
//! table, which is checked when a file is opened, and all accesses through them are
//! bounds-checked.

use std::cmp::Ordering;
use std::sync::OnceLock;

use crate::retrieval::index::array::Array;
use crate::retrieval::index::doc_table::{DocTable, Entry};
use crate::retrieval::index::ranks::{Ranks, gallop, partition};
use crate::retrieval::index::suffix_sort::most_frequent;
use crate::retrieval::index::symbol::{SEPARATOR, Symbol};
use crate::retrieval::index::text::{Run, Text};
use crate::speculate::TokenId;

/// Number of frequent tokens kept in a list.
const N_FREQUENT: usize = 32;

/// Text, suffix array and bucket table: 6 bytes per token and 6 per distinct token, or
/// 8 and 8 if ids need more than 16 bits.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) words: Words,
    /// Text positions in suffix order.
    pub(crate) suffixes: Array<u32>,
    /// Bucket table: the rank that every distinct first token begins at, closed
    /// by the number of suffixes.
    pub(crate) starts: Array<u32>,
    pub(crate) docs: DocTable,
    /// The most frequent tokens and how often they occur.
    frequent: Vec<(TokenId, u32)>,
    /// A hash of the whole content (`fingerprint`).
    pub(crate) content_hash: OnceLock<[u8; 32]>,
}

/// The text and, ascending, its distinct first tokens.
#[derive(Debug)]
pub(crate) enum Words {
    Narrow(Text<u16>, Array<u16>),
    Wide(Text<u32>, Array<u32>),
}

/// Runs the same code for either width.
macro_rules! on_words {
    ($segment:expr, $text:ident, $firsts:ident => $body:expr) => {
        match &$segment.words {
            Words::Narrow($text, $firsts) => $body,
            Words::Wide($text, $firsts) => $body,
        }
    };
    ($segment:expr, $text:ident => $body:expr) => {
        on_words!($segment, $text, _firsts => $body)
    };
}
pub(crate) use on_words;

impl Segment {
    /// From consistent arrays: the bucket table must be valid (`segment_file` checks
    /// what it opens).
    pub(crate) fn of(
        words: Words,
        suffixes: Array<u32>,
        starts: Array<u32>,
        docs: DocTable,
    ) -> Self {
        let mut segment = Segment {
            words,
            suffixes,
            starts,
            docs,
            frequent: Vec::new(),
            content_hash: OnceLock::new(),
        };
        segment.frequent = most_frequent(segment.buckets(), N_FREQUENT);
        segment
    }

    /// Every distinct token, ascending, and how often it occurs.
    fn buckets(&self) -> impl Iterator<Item = (TokenId, u32)> + '_ {
        let sizes = self.starts.windows(2).map(|w| w[1] - w[0]);
        let buckets = self.first_tokens().zip(sizes);
        buckets.filter(|b| b.0 != SEPARATOR)
    }

    /// Every distinct token, ascending, a separator last.
    pub(crate) fn first_tokens(&self) -> impl Iterator<Item = TokenId> + '_ {
        let (narrow, wide): (&[u16], &[u32]) = match &self.words {
            Words::Narrow(_, firsts) => (firsts, &[]),
            Words::Wide(_, firsts) => (&[], firsts),
        };
        let limit = self.limit();
        let ids = narrow.iter().map(|&t| u32::from(t));
        let ids = ids.chain(wide.iter().copied());
        ids.map(move |id| if id < limit { id } else { SEPARATOR })
    }

    /// Ids are below it.
    pub(crate) fn limit(&self) -> TokenId {
        on_words!(self, text => text.limit)
    }

    pub(crate) fn frequent(&self) -> &[(TokenId, u32)] {
        &self.frequent
    }

    pub(crate) fn n_docs(&self) -> usize {
        self.docs.len()
    }

    /// Tokens of all documents, separators not counted.
    pub(crate) fn n_tokens(&self) -> usize {
        self.n_text().saturating_sub(1 + self.n_docs())
    }

    /// Symbols of the text, separators included.
    fn n_text(&self) -> usize {
        on_words!(self, text => text.tokens.len())
    }

    /// Size of the index; names and titles not counted.
    pub(crate) fn n_bytes(&self) -> usize {
        let words = on_words!(self, text, firsts =>
            size_of_val(&text.tokens[..]) + size_of_val(&firsts[..]));
        words + size_of_val(&self.suffixes[..]) + size_of_val(&self.starts[..])
    }

    /// The token at a text position; a separator beyond the end.
    #[inline]
    pub(crate) fn token(&self, position: u32) -> TokenId {
        on_words!(self, text => text.token(position))
    }

    /// Where the suffix of this rank begins.
    #[inline]
    pub(crate) fn position(&self, rank: u32) -> u32 {
        // Always in bounds unless a file is damaged.
        let n_suffixes = self.suffixes.len() as u32;
        self.suffixes[rank as usize].min(n_suffixes)
    }

    /// The document at a text position, unless it is a separator.
    pub(crate) fn entry_at(&self, position: u32) -> Option<Entry<'_>> {
        self.docs.get(self.docs.at(position)?)
    }

    /// A document's tokens.
    pub(crate) fn tokens_of(&self, entry: &Entry) -> Vec<TokenId> {
        let end = entry.tokens.end.min(self.n_text() as u32);
        let tokens = (entry.tokens.start..end).map(|p| self.token(p));
        tokens.filter(|&t| t != SEPARATOR).collect()
    }

    /// The suffixes that begin with this token.
    #[inline]
    pub(crate) fn bucket(&self, token: TokenId) -> Ranks {
        on_words!(self, text, firsts => self.bucket_in(firsts, text.limit, token))
    }

    #[inline]
    fn bucket_in<T: Symbol>(&self, firsts: &[T], limit: TokenId, token: TokenId) -> Ranks {
        let is_known = token < limit || token == SEPARATOR;
        let symbol = if token == SEPARATOR {
            T::SEPARATOR
        } else {
            T::of(token)
        };
        let found = firsts.binary_search(&symbol).ok().filter(|_| is_known);
        found.map_or(Ranks::NONE, |i| Ranks {
            lo: self.starts[i],
            hi: self.starts[i + 1],
        })
    }

    /// The suffixes that begin with these tokens (at least one, at most
    /// [`SORTED_DEPTH`](super::symbol::SORTED_DEPTH)).
    pub(crate) fn find(&self, pattern: &[TokenId]) -> Ranks {
        let Some((&first, rest)) = pattern.split_first() else {
            return Ranks::NONE;
        };
        let bucket = self.bucket(first);
        on_words!(self, text => {
            let cmp = |rank| text.cmp_at(self.position(rank) + 1, rest);
            let lo = partition(bucket.lo, bucket.hi, |r| cmp(r) == Ordering::Less);
            let hi = gallop(lo, bucket.hi, |r| cmp(r) != Ordering::Greater);
            Ranks { lo, hi }
        })
    }

    /// The rank of the suffix that begins at a text position.
    pub(crate) fn rank_of(&self, position: u32) -> Option<u32> {
        let bucket = self.bucket(self.token(position));
        let rank = on_words!(self, text => {
            let is_before = |r| text.cmp_suffixes(self.position(r), position) == Ordering::Less;
            partition(bucket.lo, bucket.hi, is_before)
        });
        (rank < bucket.hi && self.position(rank) == position).then_some(rank)
    }

    /// The text from a position on, up to a separator and at most `max` tokens
    /// ([`Run::CAPACITY`] is the most there can be).
    #[inline]
    pub(crate) fn until_separator(&self, position: u32, max: usize) -> Run {
        on_words!(self, text => text.until_separator(position, max))
    }

    /// Of suffixes that share `depth` tokens, those that continue with `token`.
    #[inline]
    pub(crate) fn narrow(&self, ranks: Ranks, depth: u32, token: TokenId) -> Ranks {
        on_words!(self, text => {
            let next = |rank| text.token(self.position(rank) + depth);
            let lo = partition(ranks.lo, ranks.hi, |r| next(r) < token);
            let hi = gallop(lo, ranks.hi, |r| next(r) == token);
            Ranks { lo, hi }
        })
    }

    /// The tokens that follow suffixes of these ranks, `depth` symbols on; all
    /// positions are read first, so that cache misses overlap.
    pub(crate) fn tokens_after<const N: usize>(
        &self,
        ranks: &[u32; N],
        depth: u32,
    ) -> [(u32, TokenId); N] {
        let mut found = ranks.map(|rank| (self.position(rank), SEPARATOR));
        on_words!(self, text => {
            for (position, token) in &mut found {
                *token = text.token(*position + depth);
            }
        });
        found
    }

    /// Every token that follows suffixes sharing `depth` tokens, ascending,
    /// with the suffixes it follows. Separators are left out.
    pub(crate) fn children(&self, ranks: Ranks, depth: u32, mut found: impl FnMut(TokenId, Ranks)) {
        on_words!(self, text => {
            let next = |rank| text.token(self.position(rank) + depth);
            let mut lo = ranks.lo;
            while lo < ranks.hi {
                let token = next(lo);
                if token == SEPARATOR {
                    break; // it sorts last
                }
                let hi = gallop(lo + 1, ranks.hi, |r| next(r) == token);
                found(token, Ranks { lo, hi });
                lo = hi;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::proptest;

    use super::*;
    use crate::retrieval::index::segment_builder::SegmentBuilder;

    fn segment(docs: &[Vec<TokenId>]) -> Segment {
        let ids = (0..).map(|i: u32| i.to_string());
        SegmentBuilder::build(ids.zip(docs.iter().cloned()))
    }

    proptest! {
        #[test]
        fn finds_every_occurrence(
            docs in vec(vec(0..4u32, 0..30), 0..6),
            pattern in vec(0..4u32, 1..6),
        ) {
            let segment = segment(&docs);
            let windows = docs.iter().flat_map(|d| d.windows(pattern.len()));
            let expected = windows.filter(|w| *w == pattern).count();
            let ranks = segment.find(&pattern);
            assert_eq!(ranks.len(), expected);
            let mut narrowed = segment.bucket(pattern[0]);
            for (depth, &token) in pattern.iter().enumerate().skip(1) {
                narrowed = segment.narrow(narrowed, depth as u32, token);
            }
            assert_eq!(narrowed.len(), expected);
            let begins = docs.iter().filter(|d| d.starts_with(&pattern)).count();
            assert_eq!(segment.find(&[&[SEPARATOR], &pattern[..]].concat()).len(), begins);
        }

        #[test]
        fn children_are_what_follows(docs in vec(vec(0..4u32, 0..30), 1..6), first in 0..4u32) {
            let segment = segment(&docs);
            let pairs = docs.iter().flat_map(|d| d.windows(2));
            let mut expected: Vec<_> = pairs.filter(|w| w[0] == first).map(|w| w[1]).collect();
            expected.sort_unstable();
            let mut found = Vec::new();
            segment.children(segment.bucket(first), 1, |token, ranks| {
                found.extend(std::iter::repeat_n(token, ranks.len()));
            });
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn positions_name_their_document() {
        let segment = segment(&[vec![7, 8], vec![], vec![8, 9]]);
        let rank = segment.find(&[8, 9]).lo;
        let position = segment.position(rank);
        let entry = segment.entry_at(position).map(|e| (e.id, e.tokens.start));
        assert_eq!(entry, Some(("2", position)));
        assert!(segment.entry_at(0).is_none(), "a separator");
        assert_eq!(segment.n_tokens(), 4);
        assert_eq!(segment.bucket(SEPARATOR).len(), 3, "an anchor a document");
    }

    proptest! {
        #[test]
        fn every_suffix_knows_its_rank(
            docs in vec(vec(0..3u32, 0..200), 1..5),
            base in proptest::sample::select(vec![0, 65_000, 70_000]),
            twice in proptest::bool::ANY,
        ) {
            // Long equal documents differ only by position; ids above 16 bits make the
            // text wide.
            let raised = |d: &Vec<TokenId>| d.iter().map(|t| t + base).collect();
            let mut docs: Vec<Vec<TokenId>> = docs.iter().map(raised).collect();
            if twice {
                docs.push(docs[0].clone());
            }
            let segment = segment(&docs);
            for rank in 0..segment.suffixes.len() as u32 {
                assert_eq!(segment.rank_of(segment.position(rank)), Some(rank));
            }
            let is_narrow = matches!(segment.words, Words::Narrow(..));
            assert_eq!(is_narrow, base < 70_000 || docs.iter().all(Vec::is_empty));
            let restored: Vec<_> = segment.docs.iter().map(|e| segment.tokens_of(&e)).collect();
            assert_eq!(restored, docs);
        }
    }
}
