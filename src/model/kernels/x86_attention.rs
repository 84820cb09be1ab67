//! The inner loops of attention for x86-64. Every number they compute is one chain of
//! fused multiply-adds, in the order of dimensions or of positions, so the results do
//! not depend on the width of the vectors.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::kv::{KvType, Stored, TILE};

/// 16 numbers as floats.
///
/// # Safety
/// The processor has AVX-512F, and there are 16 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_512<S: Stored>(at: *const S) -> __m512 {
    // SAFETY: the caller vouches for the numbers; these loads need no alignment.
    unsafe {
        match S::TYPE {
            KvType::F16 => _mm512_cvtph_ps(_mm256_loadu_si256(at.cast())),
            KvType::F32 => _mm512_loadu_ps(at.cast()),
        }
    }
}

/// 8 numbers as floats.
///
/// # Safety
/// The processor has AVX2 and F16C, and there are 8 numbers.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn load_256<S: Stored>(at: *const S) -> __m256 {
    // SAFETY: the caller vouches for the numbers; these loads need no alignment.
    unsafe {
        match S::TYPE {
            KvType::F16 => _mm256_cvtph_ps(_mm_loadu_si128(at.cast())),
            KvType::F32 => _mm256_loadu_ps(at.cast()),
        }
    }
}

/// Scores of `N` queries with the 16 keys each of `T` tiles, which are `stride` numbers
/// apart, times `scale`. Few queries process several tiles at a time, so that enough
/// sums are in flight.
///
/// # Safety
/// The processor has AVX-512F. A tile holds `dims` x 16 numbers, each of `q`
/// `dims`, each of `out` room for `T` x 16.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) unsafe fn score_512<S: Stored, const N: usize, const T: usize>(
    (keys, stride): (*const S, usize),
    dims: usize,
    q: [*const f32; N],
    scale: f32,
    out: [*mut f32; N],
) {
    let mut sums = [[_mm512_setzero_ps(); T]; N];
    for d in 0..dims {
        // SAFETY: dimension `d` of each tile and query is among those the caller gives.
        unsafe {
            let key: [__m512; T] =
                std::array::from_fn(|t| load_512(keys.add(t * stride + d * TILE)));
            for i in 0..N {
                let q = _mm512_set1_ps(*q[i].add(d));
                for t in 0..T {
                    sums[i][t] = _mm512_fmadd_ps(q, key[t], sums[i][t]);
                }
            }
        }
    }
    let scale = _mm512_set1_ps(scale);
    for i in 0..N {
        for t in 0..T {
            // SAFETY: the caller gives room for `T` x 16 at each of `out`.
            unsafe { _mm512_storeu_ps(out[i].add(t * TILE), _mm512_mul_ps(sums[i][t], scale)) };
        }
    }
}

/// The same with 256-bit vectors.
///
/// # Safety
/// The processor has AVX2, FMA and F16C; sizes as above.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(crate) unsafe fn score_256<S: Stored, const N: usize, const T: usize>(
    (keys, stride): (*const S, usize),
    dims: usize,
    q: [*const f32; N],
    scale: f32,
    out: [*mut f32; N],
) {
    let mut sums = [[[_mm256_setzero_ps(); 2]; T]; N];
    for d in 0..dims {
        for t in 0..T {
            // SAFETY: dimension `d` of each tile and query is among those the caller gives.
            unsafe {
                let at = keys.add(t * stride + d * TILE);
                let (low, high) = (load_256(at), load_256(at.add(8)));
                for i in 0..N {
                    let q = _mm256_set1_ps(*q[i].add(d));
                    sums[i][t][0] = _mm256_fmadd_ps(q, low, sums[i][t][0]);
                    sums[i][t][1] = _mm256_fmadd_ps(q, high, sums[i][t][1]);
                }
            }
        }
    }
    let scale = _mm256_set1_ps(scale);
    for i in 0..N {
        for t in 0..T {
            for (half, sum) in sums[i][t].iter().enumerate() {
                // SAFETY: the caller gives room for `T` x 16 at each of `out`.
                unsafe {
                    let to = out[i].add(t * TILE + 8 * half);
                    _mm256_storeu_ps(to, _mm256_mul_ps(*sum, scale));
                }
            }
        }
    }
}

/// Adds `rows` values, located by `value`, times the weights of `N` queries to 16 `V`
/// dimensions of their outputs.
///
/// # Safety
/// The processor has AVX-512F. There are 16 `V` numbers at each value, `rows` at each of
/// `weights`, 16 `V` at each of `out`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) unsafe fn weigh_512<S: Stored, const N: usize, const V: usize>(
    value: impl Fn(usize) -> *const S,
    rows: usize,
    weights: [*const f32; N],
    out: [*mut f32; N],
) {
    let mut sums: [[__m512; V]; N] = std::array::from_fn(|i| {
        // SAFETY: the caller gives 16 `V` numbers at each of `out`.
        std::array::from_fn(|v| unsafe { _mm512_loadu_ps(out[i].add(16 * v)) })
    });
    for row in 0..rows {
        // SAFETY: `row` is below `rows`, for which the caller gives values and weights.
        unsafe {
            let at = value(row);
            let value: [__m512; V] = std::array::from_fn(|v| load_512(at.add(16 * v)));
            for i in 0..N {
                let weight = _mm512_set1_ps(*weights[i].add(row));
                for v in 0..V {
                    sums[i][v] = _mm512_fmadd_ps(weight, value[v], sums[i][v]);
                }
            }
        }
    }
    for i in 0..N {
        for v in 0..V {
            // SAFETY: the caller gives 16 `V` numbers at each of `out`.
            unsafe { _mm512_storeu_ps(out[i].add(16 * v), sums[i][v]) };
        }
    }
}

/// The same with 256-bit vectors, 8 `V` dimensions.
///
/// # Safety
/// The processor has AVX2, FMA and F16C; sizes as above, of 8 `V`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(crate) unsafe fn weigh_256<S: Stored, const N: usize, const V: usize>(
    value: impl Fn(usize) -> *const S,
    rows: usize,
    weights: [*const f32; N],
    out: [*mut f32; N],
) {
    let mut sums: [[__m256; V]; N] = std::array::from_fn(|i| {
        // SAFETY: the caller gives 8 `V` numbers at each of `out`.
        std::array::from_fn(|v| unsafe { _mm256_loadu_ps(out[i].add(8 * v)) })
    });
    for row in 0..rows {
        // SAFETY: `row` is below `rows`, for which the caller gives values and weights.
        unsafe {
            let at = value(row);
            let value: [__m256; V] = std::array::from_fn(|v| load_256(at.add(8 * v)));
            for i in 0..N {
                let weight = _mm256_set1_ps(*weights[i].add(row));
                for v in 0..V {
                    sums[i][v] = _mm256_fmadd_ps(weight, value[v], sums[i][v]);
                }
            }
        }
    }
    for i in 0..N {
        for v in 0..V {
            // SAFETY: the caller gives 8 `V` numbers at each of `out`.
            unsafe { _mm256_storeu_ps(out[i].add(8 * v), sums[i][v]) };
        }
    }
}
