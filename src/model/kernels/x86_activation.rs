//! Quantising a block of activations for x86-64: the same numbers as the plain
//! path, in fewer instructions.

use std::arch::x86_64::*;

use super::blocks::BLOCK;

/// Writes the block's steps; returns its scale and the sums of the steps of its
/// two halves.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn quantize_block(values: &[f32; BLOCK], steps: &mut [i8; BLOCK]) -> (f32, [i32; 2]) {
    // SAFETY: a block is 32 values, read eight at a time, and 32 bytes of steps.
    unsafe {
        let x: [__m256; 4] = std::array::from_fn(|i| _mm256_loadu_ps(values.as_ptr().add(8 * i)));
        let largest = largest(x);
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let inverse = _mm256_set1_ps(inverse);
        let n = x.map(|v| _mm256_cvtps_epi32(_mm256_mul_ps(v, inverse)));
        let halves = [
            sum(_mm256_add_epi32(n[0], n[1])),
            sum(_mm256_add_epi32(n[2], n[3])),
        ];
        // packing works within 128 bits: 4 values of each of the four at a time
        let pairs = [
            _mm256_packs_epi32(n[0], n[1]),
            _mm256_packs_epi32(n[2], n[3]),
        ];
        let bytes = _mm256_packs_epi16(pairs[0], pairs[1]);
        let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        let bytes = _mm256_permutevar8x32_epi32(bytes, order);
        _mm256_storeu_si256(steps.as_mut_ptr().cast(), bytes);
        (largest / 127.0, halves)
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn largest(x: [__m256; 4]) -> f32 {
    let sign = _mm256_set1_ps(-0.0);
    let m = x.map(|v| _mm256_andnot_ps(sign, v));
    let m = _mm256_max_ps(_mm256_max_ps(m[0], m[1]), _mm256_max_ps(m[2], m[3]));
    let m = _mm_max_ps(_mm256_castps256_ps128(m), _mm256_extractf128_ps(m, 1));
    let m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum(x: __m256i) -> i32 {
    let s = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    let s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
    _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 1)))
}
