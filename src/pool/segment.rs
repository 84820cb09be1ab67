//! A segment: documents' tokens behind a suffix array, immutable once built.
//! It answers where a run of tokens occurs and what follows it. Knows nothing
//! of groups, sources or probabilities.
//!
//! The text is `| doc | doc | ... |`, with a [`SEPARATOR`] where a bar stands:
//! no match and no draft runs across one, and the one before a document is the
//! anchor by which a text's beginning finds the documents' beginnings.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::ParallelSliceMut;

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
            frequent: frequent(&firsts, &starts),
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

    /// How many symbols before a text position equal the end of `window`.
    pub fn common_suffix(&self, before: u32, window: &[TokenId]) -> usize {
        let text = self.text[..before as usize].iter().rev();
        let pairs = text.zip(window.iter().rev());
        pairs.take_while(|(a, b)| a == b).count()
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

/// Text positions in the order of the suffixes, compared by at most
/// [`SORTED_DEPTH`] tokens and never past a separator; ties by position.
fn sort_suffixes(text: &[TokenId]) -> Vec<u32> {
    let token = |i: usize| text.get(i).copied().unwrap_or(SEPARATOR);
    // The first two tokens beside the position decide most comparisons
    // without a look into the text.
    let mut keyed: Vec<(u64, u32)> = (0..text.len())
        .map(|i| {
            let key = (u64::from(token(i)) << 32) | u64::from(token(i + 1));
            (key, i as u32)
        })
        .collect();
    keyed.par_sort_unstable_by(|a, b| {
        a.0.cmp(&b.0)
            .then_with(|| cmp_tails(text, a.1 as usize, b.1 as usize))
            .then(a.1.cmp(&b.1))
    });
    keyed.into_iter().map(|(_, position)| position).collect()
}

/// Compares two suffixes from their second token on.
fn cmp_tails(text: &[TokenId], a: usize, b: usize) -> Ordering {
    let tail = |at: usize| {
        let end = (at + SORTED_DEPTH).min(text.len());
        &text[(at + 1).min(end)..end]
    };
    for (x, y) in tail(a).iter().zip(tail(b)) {
        match x.cmp(y) {
            Ordering::Equal if *x == SEPARATOR => return Ordering::Equal,
            Ordering::Equal => {}
            other => return other,
        }
    }
    Ordering::Equal
}

/// Distinct first tokens and the rank each begins at, with a closing one.
fn bucket_table(text: &[TokenId], suffixes: &[u32]) -> (Vec<TokenId>, Vec<u32>) {
    let (mut firsts, mut starts) = (Vec::new(), Vec::new());
    for (rank, &position) in suffixes.iter().enumerate() {
        let token = text[position as usize];
        if firsts.last() != Some(&token) {
            firsts.push(token);
            starts.push(rank as u32);
        }
    }
    starts.push(suffixes.len() as u32);
    (firsts, starts)
}

/// The [`N_FREQUENT`] tokens with the largest buckets, the largest first.
fn frequent(firsts: &[TokenId], starts: &[u32]) -> Vec<(TokenId, u32)> {
    let sizes = starts.windows(2).map(|w| w[1] - w[0]);
    let tokens = firsts.iter().copied().zip(sizes);
    let mut tokens: Vec<_> = tokens.filter(|t| t.0 != SEPARATOR).collect();
    tokens.sort_unstable_by_key(|&(token, n)| (std::cmp::Reverse(n), token));
    tokens.truncate(N_FREQUENT);
    tokens
}
