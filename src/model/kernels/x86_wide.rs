//! The tile products with the 512-bit dot products of AVX-512 VNNI.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::activation::Activations;
use super::blocks::BLOCK;
use super::pack::{COLS, Format};
use super::tile::Ahead;
use super::x86_block::*;

/// As [`super::matmul::tile_product`].
///
/// # Safety
/// The processor has AVX-512 VNNI; the sizes agree.
pub(super) unsafe fn tile(
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    ahead: Ahead<'_>,
    out: &mut [[f32; COLS]],
) {
    let inputs = Inputs::new(acts, first);
    unsafe {
        dispatch!(
            format,
            n,
            [1, 2, 3, 4, 5, 6, 7, 8],
            wide_rows(tile, inputs, ahead, out)
        )
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn wide_rows<const F: u8, const R: usize>(
    tile: &[u8],
    inputs: Inputs<'_>,
    ahead: Ahead<'_>,
    out: &mut [[f32; COLS]],
) {
    let fetch = Fetch::new(ahead, inputs.acts.blocks);
    let (bytes, integers) = (format(F).block_bytes(), format(F).integer_bytes());
    let (low, top) = (_mm512_set1_epi8(15), _mm512_set1_epi8(-128));
    let mut acc = [_mm512_setzero_ps(); R];
    for b in 0..inputs.acts.blocks {
        // SAFETY: the caller's; offsets are those of the packed formats.
        unsafe {
            let block = tile.as_ptr().add(b * bytes);
            fetch.block(b);
            let (tail, q) = (block.add(integers), inputs.q(b));
            let four = |r: usize, at: usize| {
                _mm512_set1_epi32(q.add(r * BLOCK + at).cast::<i32>().read_unaligned())
            };
            for part in 0..parts(F) {
                let mut dots = [_mm512_setzero_si512(); R];
                if is_nibbles(F) {
                    for g in 0..4 {
                        let both = _mm512_loadu_si512(block.add(64 * g).cast());
                        let lo = _mm512_and_si512(both, low);
                        let hi = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
                        for r in 0..R {
                            dots[r] = _mm512_dpbusd_epi32(dots[r], lo, four(r, 4 * g));
                            dots[r] = _mm512_dpbusd_epi32(dots[r], hi, four(r, 16 + 4 * g));
                        }
                    }
                } else {
                    for r in 0..R {
                        dots[r] = _mm512_set1_epi32(inputs.shift(r, b, part, parts(F)));
                    }
                    for g in part * 8 / parts(F)..(part + 1) * 8 / parts(F) {
                        let w = _mm512_loadu_si512(block.add(64 * g).cast());
                        let w = _mm512_xor_si512(w, top);
                        for r in 0..R {
                            dots[r] = _mm512_dpbusd_epi32(dots[r], w, four(r, 4 * g));
                        }
                    }
                }
                let scale = wide_scales::<F>(tail, part);
                for r in 0..R {
                    let step = _mm512_mul_ps(scale, _mm512_set1_ps(inputs.scale(r, b)));
                    acc[r] = _mm512_fmadd_ps(step, _mm512_cvtepi32_ps(dots[r]), acc[r]);
                }
            }
            if has_min(F) {
                let min = wide_scales::<F>(tail, 1);
                for r in 0..R {
                    acc[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(inputs.sum(r, b)), acc[r]);
                }
            }
        }
    }
    for r in 0..R {
        // SAFETY: a row of `out` holds 16 floats.
        unsafe { _mm512_storeu_ps(out[r].as_mut_ptr(), acc[r]) };
    }
}

/// The first or second 16 of a block's scales and minimums.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn wide_scales<const F: u8>(tail: *const u8, which: usize) -> __m512 {
    unsafe {
        if F == Q4_F16 || F == Q8_F16 {
            _mm512_cvtph_ps(_mm256_loadu_si256(tail.add(32 * which).cast()))
        } else {
            _mm512_loadu_ps(tail.add(64 * which).cast())
        }
    }
}
