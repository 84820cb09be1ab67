//! The inner loops of attention for x86-64. Every number they compute is one
//! chain of fused multiply-adds, in the order of dimensions or of positions, so
//! the width of the vectors does not show in the results.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::kv::TILE;

/// Scores of `N` queries with the 16 keys each of `T` tiles, which are
/// `stride` floats apart, times `scale`. Few queries take several tiles at a
/// time, so that enough sums are under way.
///
/// # Safety
/// The processor has AVX-512F. A tile holds `dims` x 16 floats, each of `q`
/// `dims`, each of `out` room for `T` x 16.
#[inline]
#[target_feature(enable = "avx512f")]
pub unsafe fn score_512<const N: usize, const T: usize>(
    (keys, stride): (*const f32, usize),
    dims: usize,
    q: [*const f32; N],
    scale: f32,
    out: [*mut f32; N],
) {
    let mut sums = [[_mm512_setzero_ps(); T]; N];
    for d in 0..dims {
        // SAFETY: the caller's.
        unsafe {
            let key: [__m512; T] =
                std::array::from_fn(|t| _mm512_loadu_ps(keys.add(t * stride + d * TILE)));
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
            // SAFETY: the caller's.
            unsafe { _mm512_storeu_ps(out[i].add(t * TILE), _mm512_mul_ps(sums[i][t], scale)) };
        }
    }
}

/// The same with 256-bit vectors.
///
/// # Safety
/// The processor has AVX2 and FMA; sizes as above.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub unsafe fn score_256<const N: usize, const T: usize>(
    (keys, stride): (*const f32, usize),
    dims: usize,
    q: [*const f32; N],
    scale: f32,
    out: [*mut f32; N],
) {
    let mut sums = [[[_mm256_setzero_ps(); 2]; T]; N];
    for d in 0..dims {
        for t in 0..T {
            // SAFETY: the caller's.
            unsafe {
                let at = keys.add(t * stride + d * TILE);
                let (low, high) = (_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8)));
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
                // SAFETY: the caller's.
                unsafe {
                    let to = out[i].add(t * TILE + 8 * half);
                    _mm256_storeu_ps(to, _mm256_mul_ps(*sum, scale));
                }
            }
        }
    }
}

/// Output dimensions that [`weigh_512`] sums at a time.
pub const WIDE_512: usize = 64;

/// Adds `rows` values, `stride` floats apart, times the weights of `N` queries
/// to their outputs.
///
/// # Safety
/// The processor has AVX-512F. 64 floats lie at each value, `rows` at each of
/// `weights`, 64 at each of `out`.
#[inline]
#[target_feature(enable = "avx512f")]
pub unsafe fn weigh_512<const N: usize>(
    values: *const f32,
    (rows, stride): (usize, usize),
    weights: [*const f32; N],
    out: [*mut f32; N],
) {
    // SAFETY: the caller's.
    let mut sums: [[__m512; 4]; N] = std::array::from_fn(|i| {
        std::array::from_fn(|v| unsafe { _mm512_loadu_ps(out[i].add(16 * v)) })
    });
    for row in 0..rows {
        // SAFETY: the caller's.
        unsafe {
            let at = values.add(row * stride);
            let value: [__m512; 4] = std::array::from_fn(|v| _mm512_loadu_ps(at.add(16 * v)));
            for i in 0..N {
                let weight = _mm512_set1_ps(*weights[i].add(row));
                for v in 0..4 {
                    sums[i][v] = _mm512_fmadd_ps(weight, value[v], sums[i][v]);
                }
            }
        }
    }
    for i in 0..N {
        for v in 0..4 {
            // SAFETY: the caller's.
            unsafe { _mm512_storeu_ps(out[i].add(16 * v), sums[i][v]) };
        }
    }
}

/// Output dimensions that [`weigh_256`] sums at a time.
pub const WIDE_256: usize = 32;

/// The same with 256-bit vectors, 32 dimensions.
///
/// # Safety
/// The processor has AVX2 and FMA; sizes as above, of 32.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub unsafe fn weigh_256<const N: usize>(
    values: *const f32,
    (rows, stride): (usize, usize),
    weights: [*const f32; N],
    out: [*mut f32; N],
) {
    // SAFETY: the caller's.
    let mut sums: [[__m256; 4]; N] = std::array::from_fn(|i| {
        std::array::from_fn(|v| unsafe { _mm256_loadu_ps(out[i].add(8 * v)) })
    });
    for row in 0..rows {
        // SAFETY: the caller's.
        unsafe {
            let at = values.add(row * stride);
            let weight: [__m256; N] = std::array::from_fn(|i| _mm256_set1_ps(*weights[i].add(row)));
            for v in 0..4 {
                let value = _mm256_loadu_ps(at.add(8 * v));
                for i in 0..N {
                    sums[i][v] = _mm256_fmadd_ps(weight[i], value, sums[i][v]);
                }
            }
        }
    }
    for i in 0..N {
        for v in 0..4 {
            // SAFETY: the caller's.
            unsafe { _mm256_storeu_ps(out[i].add(8 * v), sums[i][v]) };
        }
    }
}
