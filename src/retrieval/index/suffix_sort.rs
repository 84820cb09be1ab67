//! Building a segment: the order of a text's suffixes, and tables over it.
//!
//! Suffixes are distributed by their first token, and every bucket is sorted by the
//! next few tokens, packed into one number; equal ones are sorted by the next few, and
//! so on. Similar texts share long runs, and this way no comparison walks along one.

use std::cmp::Reverse;

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSliceMut;

use crate::retrieval::index::symbol::{SORTED_DEPTH, Symbol};
use crate::speculate::TokenId;

/// From this many suffixes on, a bucket is sorted by several threads.
const PARALLEL: usize = 1 << 15;

/// A suffix and its sort key.
type Keyed = (u64, u32);

/// Text positions in the order of the suffixes, compared by
/// [`COMPARED`](super::symbol::COMPARED) symbols and never past a separator; ties by
/// position. The closing separator begins no document, so it is not an anchor and has
/// no suffix.
pub(crate) fn sort_suffixes<T: Symbol>(text: &[T]) -> Vec<u32> {
    let mut positions = by_first(text);
    positions
        .par_chunk_by_mut(|&a, &b| text[a as usize] == text[b as usize])
        .for_each_init(Vec::new, |keyed, bucket| {
            keyed.clear();
            keyed.extend(bucket.iter().map(|&p| (0, p)));
            refine(text, keyed, 1);
            for (place, &(_, position)) in bucket.iter_mut().zip(keyed.iter()) {
                *place = position;
            }
        });
    positions
}

/// Every position except the last, ordered by its token; equal ones keep their order.
fn by_first<T: Symbol>(text: &[T]) -> Vec<u32> {
    let n = text.len().saturating_sub(1);
    let token = |p: u32| text[p as usize].id();
    let low = deal(0..n as u32, n, |p| token(p) as u16);
    match T::BITS {
        16 => low,
        _ => deal(low.into_iter(), n, |p| (token(p) >> 16) as u16),
    }
}

/// A counting sort.
fn deal(
    positions: impl Iterator<Item = u32> + Clone,
    n: usize,
    digit: impl Fn(u32) -> u16,
) -> Vec<u32> {
    let mut next = vec![0u32; 1 << 16];
    for position in positions.clone() {
        next[usize::from(digit(position))] += 1;
    }
    let mut begin = 0;
    for count in &mut next {
        begin += std::mem::replace(count, begin);
    }
    let mut dealt = vec![0; n];
    for position in positions {
        let place = &mut next[usize::from(digit(position))];
        dealt[*place as usize] = position;
        *place += 1;
    }
    dealt
}

/// Sorts suffixes that agree in their first `depth` tokens.
fn refine<T: Symbol>(text: &[T], suffixes: &mut [Keyed], depth: usize) {
    for (key, position) in suffixes.iter_mut() {
        *key = key_at(text, *position as usize + depth);
    }
    let deeper = depth + 64 / T::BITS;
    let again = |run: &mut [Keyed]| {
        let last = run[0].0 & (u64::MAX >> (64 - T::BITS));
        let has_ended = last == u64::from(T::SEPARATOR.id());
        if run.len() > 1 && !has_ended && deeper < SORTED_DEPTH {
            refine(text, run, deeper);
        }
    };
    if suffixes.len() < PARALLEL {
        suffixes.sort_unstable();
        suffixes.chunk_by_mut(|a, b| a.0 == b.0).for_each(again);
    } else {
        suffixes.par_sort_unstable();
        suffixes.par_chunk_by_mut(|a, b| a.0 == b.0).for_each(again);
    }
}

/// The tokens from a position on that fit into one number; after a separator
/// there are only separators.
#[inline]
fn key_at<T: Symbol>(text: &[T], position: usize) -> u64 {
    let tokens = &text[position.min(text.len())..];
    let (mut key, mut has_ended) = (0u64, false);
    for i in 0..64 / T::BITS {
        let token = match tokens.get(i) {
            Some(&token) if !has_ended => token,
            _ => T::SEPARATOR,
        };
        has_ended = token == T::SEPARATOR;
        key = (key << T::BITS) | u64::from(token.id());
    }
    key
}

/// Distinct first tokens and the rank each begins at, with a closing one.
pub(crate) fn bucket_table<T: Symbol>(text: &[T], suffixes: &[u32]) -> (Vec<T>, Vec<u32>) {
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
pub(crate) fn most_frequent(
    sizes: impl Iterator<Item = (TokenId, u32)>,
    n: usize,
) -> Vec<(TokenId, u32)> {
    let by_size = |&(token, size): &(TokenId, u32)| (Reverse(size), token);
    let mut tokens: Vec<_> = sizes.collect();
    if tokens.len() > n {
        tokens.select_nth_unstable_by_key(n, by_size);
        tokens.truncate(n);
    }
    tokens.sort_unstable_by_key(by_size);
    tokens
}
