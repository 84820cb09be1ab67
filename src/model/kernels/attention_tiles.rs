//! Computations over a few queries at a time: scores against tiles of keys, and weighted
//! sums of values. Vectorised, or as plain code.

use super::attention_view::{Query, Stretch};
use super::kv::{Stored, TILE};
#[cfg(target_arch = "x86_64")]
use super::x86_attention::{score_256, score_512, weigh_256, weigh_512};

/// Queries processed together in registers.
pub(crate) const QUERIES: usize = 6;

/// Vector widths in bits that the inner loops are compiled for; 0 is plain code.
pub(crate) const PLAIN: usize = 0;
pub(crate) const BITS_256: usize = 256;
pub(crate) const BITS_512: usize = 512;

/// Calls `$run::<S, BITS, N, ..>` for up to [`QUERIES`] queries.
#[cfg(target_arch = "x86_64")]
macro_rules! for_queries {
    ($n:expr, $run:ident::<$s:ident, $bits:ident, _ $(, $more:tt)*>, $args:tt) => {
        match $n {
            1 => $run::<$s, $bits, 1 $(, $more)*> $args,
            2 => $run::<$s, $bits, 2 $(, $more)*> $args,
            3 => $run::<$s, $bits, 3 $(, $more)*> $args,
            4 => $run::<$s, $bits, 4 $(, $more)*> $args,
            5 => $run::<$s, $bits, 5 $(, $more)*> $args,
            _ => $run::<$s, $bits, 6 $(, $more)*> $args,
        }
    };
}

/// Tiles scored at once for a few queries: enough to hide the latency of each sum, and few
/// enough for the registers.
#[inline(always)]
pub(crate) fn tiles_at_once<const BITS: usize>(queries: usize) -> usize {
    match (BITS, queries) {
        (BITS_512, 1..=3) => 4,
        (BITS_512, _) => 2,
        (BITS_256, 1) => 4,
        (BITS_256, 2 | 3) => 2,
        _ => 1,
    }
}

/// Scores up to [`QUERIES`] queries against the 16 keys of each of one or [`tiles_at_once`]
/// tiles. The scores of consecutive queries are `stride` apart.
#[inline(always)]
pub(crate) fn score_tiles<S: Stored, const BITS: usize>(
    stretch: &Stretch<'_, S>,
    tiles: (usize, usize),
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if BITS != PLAIN {
        let n = queries.len();
        return match tiles.1 {
            4 => for_queries!(
                n.min(3),
                score::<S, BITS, _, 4>,
                (stretch, tiles.0, queries, scores, stride)
            ),
            2 => for_queries!(
                n,
                score::<S, BITS, _, 2>,
                (stretch, tiles.0, queries, scores, stride)
            ),
            _ => for_queries!(
                n,
                score::<S, BITS, _, 1>,
                (stretch, tiles.0, queries, scores, stride)
            ),
        };
    }
    score_plainly(stretch, tiles, queries, scores, stride);
}

#[inline(always)]
fn score_plainly<S: Stored>(
    stretch: &Stretch<'_, S>,
    tiles: (usize, usize),
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let scale = 1.0 / (stretch.head_dim as f32).sqrt();
    let mut key = [0f32; TILE];
    for t in 0..tiles.1 {
        let mut sums = [[0f32; TILE]; QUERIES];
        for (d, stored) in stretch.keys(tiles.0 + t, 1).chunks_exact(TILE).enumerate() {
            S::widen(stored, &mut key);
            for (query, sums) in queries.iter().zip(&mut sums) {
                let q = query.q[d];
                for (sum, key) in sums.iter_mut().zip(key) {
                    *sum += q * key;
                }
            }
        }
        for (i, sums) in sums[..queries.len()].iter().enumerate() {
            let to = &mut scores[i * stride + t * TILE..][..TILE];
            for (score, sum) in to.iter_mut().zip(sums) {
                *score = sum * scale;
            }
        }
    }
}

/// The same for `N` queries and `T` tiles, vectorised.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn score<S: Stored, const BITS: usize, const N: usize, const T: usize>(
    stretch: &Stretch<'_, S>,
    tile: usize,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let dims = stretch.head_dim;
    let scale = 1.0 / (dims as f32).sqrt();
    let keys = (stretch.keys(tile, T).as_ptr(), dims * TILE);
    let q: [*const f32; N] = std::array::from_fn(|i| queries[i].q[..dims].as_ptr());
    let out = std::array::from_fn(|i| scores[i * stride..][..T * TILE].as_mut_ptr());
    // SAFETY: the slices check the sizes; BITS implies the instructions.
    unsafe {
        match BITS {
            BITS_512 => score_512::<S, N, T>(keys, dims, q, scale, out),
            _ => score_256::<S, N, T>(keys, dims, q, scale, out),
        }
    }
}

/// Vectors of dimensions that are summed in registers for [`QUERIES`] queries.
#[cfg(target_arch = "x86_64")]
const fn vectors(bits: usize) -> usize {
    if bits == BITS_512 { 4 } else { 2 }
}

/// Adds `rows` weighted values to the outputs of up to [`QUERIES`] queries. The weights of
/// consecutive queries are `stride` apart.
#[inline(always)]
pub(crate) fn weigh<'a, S: Stored, const BITS: usize>(
    value: impl Fn(usize) -> &'a [S] + Copy,
    rows: usize,
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) {
    let dims = queries[0].out.len();
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if BITS != PLAIN {
        done = weigh_whole_vectors::<S, BITS>(value, rows, queries, weights, stride);
    }
    if done == dims {
        return;
    }
    let mut wide = vec![0f32; dims - done];
    for row in 0..rows {
        S::widen(&value(row)[done..], &mut wide);
        for (i, query) in queries.iter_mut().enumerate() {
            add::<BITS>(&wide, weights[i * stride + row], &mut query.out[done..]);
        }
    }
}

/// Handles the dimensions that fill whole vectors and returns how many there are.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn weigh_whole_vectors<'a, S: Stored, const BITS: usize>(
    value: impl Fn(usize) -> &'a [S] + Copy,
    rows: usize,
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) -> usize {
    let dims = queries[0].out.len();
    let lanes = BITS / 32;
    let wide = lanes * vectors(BITS);
    for from in (0..dims / wide).map(|i| i * wide) {
        let rows = (value, rows, from);
        match BITS {
            BITS_512 => for_queries!(
                queries.len(),
                weigh_in_vectors::<S, BITS, _, 4>,
                (rows, queries, weights, stride)
            ),
            _ => for_queries!(
                queries.len(),
                weigh_in_vectors::<S, BITS, _, 2>,
                (rows, queries, weights, stride)
            ),
        }
    }
    for from in (dims / wide * wide..dims / lanes * lanes).step_by(lanes) {
        for_queries!(
            queries.len(),
            weigh_in_vectors::<S, BITS, _, 1>,
            ((value, rows, from), queries, weights, stride)
        );
    }
    dims / lanes * lanes
}

/// The same for `V` vectors of dimensions from `from` on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn weigh_in_vectors<'a, S: Stored, const BITS: usize, const N: usize, const V: usize>(
    (value, rows, from): (impl Fn(usize) -> &'a [S], usize, usize),
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) {
    let width = V * BITS / 32;
    let value = |row: usize| value(row)[from..][..width].as_ptr();
    let weights: [*const f32; N] = std::array::from_fn(|i| weights[i * stride..][..rows].as_ptr());
    let out: [*mut f32; N] = std::array::from_fn(|i| queries[i].out[from..][..width].as_mut_ptr());
    // SAFETY: the slices above check the sizes; BITS implies the instructions.
    unsafe {
        match BITS {
            BITS_512 => weigh_512::<S, N, V>(value, rows, weights, out),
            _ => weigh_256::<S, N, V>(value, rows, weights, out),
        }
    }
}

/// out += weight * value.
#[inline(always)]
fn add<const BITS: usize>(value: &[f32], weight: f32, out: &mut [f32]) {
    for (out, value) in out.iter_mut().zip(value) {
        *out = if BITS == PLAIN {
            *out + weight * value
        } else {
            weight.mul_add(*value, *out)
        };
    }
}
