//! A segment: documents' tokens behind a suffix array, immutable once built.
//! It answers where a run of tokens occurs and what follows it. Knows nothing
//! of groups, sources or probabilities.
//!
//! The text is `| doc | doc | ... |`, with a [`SEPARATOR`] where a bar stands:
//! no match and no draft runs across one, and the one before a document is the
//! anchor by which a text's beginning finds the documents' beginnings.

use std::cmp::Ordering;
use std::ops::Range;

use super::sort::{bucket_table, most_frequent, sort_suffixes};
use crate::speculate::TokenId;

/// Stands between documents; no vocabulary has this id.
pub(super) const SEPARATOR: TokenId = TokenId::MAX;

/// Suffixes are sorted by this many tokens, so a match and the branch below it
/// may be this long together.
pub(super) const SORTED_DEPTH: usize = 64;

/// Frequent tokens that are kept at hand.
const N_FREQUENT: usize = 32;

/// A document of a segment: `tokens` is its place in the segment's text.
#[derive(Debug)]
pub(super) struct Entry {
    pub id: String,
    pub tokens: Range<u32>,
}

/// Text, suffix array and bucket table: 8 bytes a token and 8 a distinct token.
#[derive(Debug)]
pub(super) struct Segment {
    text: Vec<TokenId>,
    /// Text positions in the order of the suffixes that begin there.
    suffixes: Vec<u32>,
    /// Bucket table: every distinct first token, ascending ..
    firsts: Vec<TokenId>,
    /// .. and the rank it begins at, closed by the number of suffixes.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// The most frequent tokens and how often they occur.
    frequent: Vec<(TokenId, u32)>,
}

/// The suffixes that share their first `depth` tokens: ranks in the suffix
/// array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranks {
    pub lo: u32,
    pub hi: u32,
}

impl Ranks {
    pub const NONE: Ranks = Ranks { lo: 0, hi: 0 };

    pub fn len(self) -> usize {
        (self.hi - self.lo) as usize
    }

    pub fn is_empty(self) -> bool {
        self.lo == self.hi
    }

    /// At most `n` of the ranks, evenly spread.
    pub fn spread(self, n: usize) -> impl Iterator<Item = u32> {
        let (len, n) = (self.len() as u64, n.min(self.len()) as u64);
        (0..n).map(move |i| self.lo + ((2 * i + 1) * len / (2 * n)) as u32)
    }
}

impl Segment {
    /// Builds the index of `(id, tokens)` documents; n log n, parallel.
    pub fn build(docs: impl IntoIterator<Item = (String, Vec<TokenId>)>) -> Self {
        let mut text = vec![SEPARATOR];
        let mut entries = Vec::new();
        for (id, tokens) in docs {
            let start = text.len() as u32;
            text.extend(tokens.iter().filter(|&&t| t != SEPARATOR));
            let tokens = start..text.len() as u32;
            text.push(SEPARATOR);
            entries.push(Entry { id, tokens });
        }
        let suffixes = sort_suffixes(&text);
        let (firsts, starts) = bucket_table(&text, &suffixes);
        Segment {
            text,
            suffixes,
            frequent: most_frequent(&firsts, &starts, N_FREQUENT),
            firsts,
            starts,
            entries,
        }
    }

    pub fn frequent(&self) -> &[(TokenId, u32)] {
        &self.frequent
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Tokens of all documents, separators not counted.
    pub fn n_tokens(&self) -> usize {
        self.text.len() - 1 - self.entries.len()
    }

    /// Suffixes in the array, those that begin at a separator included.
    pub fn n_suffixes(&self) -> u32 {
        self.suffixes.len() as u32
    }

    /// Memory of the index; names and titles not counted.
    pub fn n_bytes(&self) -> usize {
        let arrays = [&self.text, &self.suffixes, &self.firsts, &self.starts];
        arrays.iter().map(|a| a.len() * size_of::<u32>()).sum()
    }

    /// The token at a text position; a separator beyond the end.
    pub fn token(&self, position: u32) -> TokenId {
        self.text
            .get(position as usize)
            .copied()
            .unwrap_or(SEPARATOR)
    }

    /// Where the suffix of this rank begins.
    pub fn position(&self, rank: u32) -> u32 {
        self.suffixes[rank as usize]
    }

    /// Token `depth` of the suffix of this rank.
    pub fn token_at(&self, rank: u32, depth: u32) -> TokenId {
        self.token(self.position(rank) + depth)
    }

    /// The document that holds a text position, unless a separator does.
    pub fn entry_at(&self, position: u32) -> Option<&Entry> {
        let after = self.entries.partition_point(|e| e.tokens.start <= position);
        let entry = self.entries.get(after.checked_sub(1)?)?;
        entry.tokens.contains(&position).then_some(entry)
    }

    /// The suffixes that begin with this token.
    pub fn bucket(&self, token: TokenId) -> Ranks {
        self.firsts
            .binary_search(&token)
            .map_or(Ranks::NONE, |i| Ranks {
                lo: self.starts[i],
                hi: self.starts[i + 1],
            })
    }

    /// The suffixes that begin with these tokens (at least one, at most
    /// [`SORTED_DEPTH`]).
    pub fn find(&self, pattern: &[TokenId]) -> Ranks {
        let Some((&first, rest)) = pattern.split_first() else {
            return Ranks::NONE;
        };
        let bucket = self.bucket(first);
        let below = |rank| self.cmp_rest(rank, rest) == Ordering::Less;
        let lo = partition(bucket.lo, bucket.hi, below);
        let not_above = |rank| self.cmp_rest(rank, rest) != Ordering::Greater;
        let hi = gallop(lo, bucket.hi, not_above);
        Ranks { lo, hi }
    }

    /// The text from a position on, up to a separator and at most `max` tokens.
    pub fn until_separator(&self, position: u32, max: usize) -> &[TokenId] {
        let text = &self.text[position as usize..];
        let text = &text[..max.min(text.len())];
        let end = text.iter().position(|&t| t == SEPARATOR);
        &text[..end.unwrap_or(text.len())]
    }

    /// Compares the suffix of this rank, its first token skipped, with `rest`;
    /// equal if `rest` is its beginning. The text's end counts as a separator,
    /// greater than any token.
    fn cmp_rest(&self, rank: u32, rest: &[TokenId]) -> Ordering {
        let start = (self.position(rank) as usize + 1).min(self.text.len());
        let n = rest.len().min(self.text.len() - start);
        let cut = if n < rest.len() {
            Ordering::Greater
        } else {
            Ordering::Equal
        };
        self.text[start..start + n].cmp(&rest[..n]).then(cut)
    }

    /// Of suffixes that share `depth` tokens, those that go on with `token`.
    pub fn narrow(&self, ranks: Ranks, depth: u32, token: TokenId) -> Ranks {
        let lo = partition(ranks.lo, ranks.hi, |r| self.token_at(r, depth) < token);
        let hi = gallop(lo, ranks.hi, |r| self.token_at(r, depth) == token);
        Ranks { lo, hi }
    }

    /// Every token that follows suffixes sharing `depth` tokens, ascending,
    /// with the suffixes it follows. Separators are left out.
    pub fn children(&self, ranks: Ranks, depth: u32, mut found: impl FnMut(TokenId, Ranks)) {
        let mut lo = ranks.lo;
        while lo < ranks.hi {
            let token = self.token_at(lo, depth);
            if token == SEPARATOR {
                break; // it sorts last
            }
            let hi = gallop(lo + 1, ranks.hi, |r| self.token_at(r, depth) == token);
            found(token, Ranks { lo, hi });
            lo = hi;
        }
    }
}

/// The first of `lo..hi` for which `holds` fails; `holds` must be monotone.
fn partition(mut lo: u32, mut hi: u32, holds: impl Fn(u32) -> bool) -> u32 {
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if holds(mid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    lo
}

/// Like [`partition`], fast where the answer is near `lo`.
fn gallop(lo: u32, hi: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut from, mut stride) = (lo, 1);
    while from < hi {
        let probe = (from + stride - 1).min(hi - 1);
        if !holds(probe) {
            return partition(from, probe, holds);
        }
        from = probe + 1;
        stride *= 2;
    }
    hi
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::proptest;

    use super::*;

    fn segment(docs: &[Vec<TokenId>]) -> Segment {
        let ids = (0..).map(|i: u32| i.to_string());
        Segment::build(ids.zip(docs.iter().cloned()))
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
        let entry = segment
            .entry_at(position)
            .map(|e| (e.id.as_str(), e.tokens.start));
        assert_eq!(entry, Some(("2", position)));
        assert!(segment.entry_at(0).is_none(), "a separator");
        assert_eq!(segment.n_tokens(), 4);
        assert_eq!(segment.bucket(SEPARATOR).len(), 3, "an anchor a document");
    }
}
