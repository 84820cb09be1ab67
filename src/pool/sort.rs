//! Building a segment: the order of a text's suffixes, and tables over it.

use std::cmp::{Ordering, Reverse};

use rayon::prelude::ParallelSliceMut;

use super::segment::{SEPARATOR, SORTED_DEPTH};
use crate::speculate::TokenId;

/// Text positions in the order of the suffixes, compared by at most
/// [`SORTED_DEPTH`] tokens and never past a separator; ties by position.
pub(super) fn sort_suffixes(text: &[TokenId]) -> Vec<u32> {
    let token = |i: usize| text.get(i).copied().unwrap_or(SEPARATOR);
    // The first two tokens beside the position decide most comparisons
    // without a look into the text.
    // The closing separator begins no document: it is no anchor.
    let mut keyed: Vec<(u64, u32)> = (0..text.len() - 1)
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
pub(super) fn bucket_table(text: &[TokenId], suffixes: &[u32]) -> (Vec<TokenId>, Vec<u32>) {
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

/// The `n` tokens with the largest buckets and their sizes, the largest first.
pub(super) fn most_frequent(firsts: &[TokenId], starts: &[u32], n: usize) -> Vec<(TokenId, u32)> {
    let sizes = starts.windows(2).map(|w| w[1] - w[0]);
    let tokens = firsts.iter().copied().zip(sizes);
    let mut tokens: Vec<_> = tokens.filter(|t| t.0 != SEPARATOR).collect();
    tokens.sort_unstable_by_key(|&(token, size)| (Reverse(size), token));
    tokens.truncate(n);
    tokens
}
