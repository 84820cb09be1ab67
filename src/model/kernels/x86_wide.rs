//! The tile products with the 512-bit dot products of AVX-512 VNNI.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::blocks::BLOCK;
use super::pack::{COLS, Format};
use super::tile::TileRows;
use super::x86_block::*;

/// As [`super::matmul::tile_product`].
///
/// # Safety
/// The processor has AVX-512 VNNI. The tile holds `rows.acts.blocks` blocks of the
/// format, `rows` are inside `rows.acts` and in one group, and `out` has a row for
/// each.
pub(super) unsafe fn tile(
    format: Format,
    tile: &[u8],
    rows: TileRows<'_>,
    out: &mut [[f32; COLS]],
) {
    // SAFETY: as the caller vouches; the constant is the format's own.
    unsafe {
        dispatch!(
            format,
            rows.n,
            [1, 2, 3, 4, 5, 6, 7, 8],
            wide_rows(tile, rows, out)
        )
    }
}

/// # Safety
/// As for [`tile`], the tile in format `F`.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn wide_rows<const F: u8, const R: usize>(
    tile: &[u8],
    rows: TileRows<'_>,
    out: &mut [[f32; COLS]],
) {
    let inputs = Inputs::new(rows.acts, rows.first);
    let fetch = Fetch::new(rows.ahead, rows.acts.blocks);
    let (bytes, integers) = (format(F).block_bytes(), format(F).integer_bytes());
    let mut acc = [_mm512_setzero_ps(); R];
    for b in 0..rows.acts.blocks {
        // SAFETY: block `b` is inside the tile and the rows, whose sizes the caller vouches
        // for; offsets are those of the packed formats.
        unsafe {
            let block = tile.as_ptr().add(b * bytes);
            fetch.block(b);
            let tail = block.add(integers);
            for part in 0..parts(F) {
                let dots = match is_nibbles(F) {
                    true => nibble_dots::<R>(block, inputs.q(b)),
                    false => byte_dots::<F, R>(block, inputs, b, part),
                };
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

/// Four activations of row `r` from `at` on, for every column.
///
/// # Safety
/// `q` points to a block of rows that has them.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn four(q: *const i8, r: usize, at: usize) -> __m512i {
    // SAFETY: the caller vouches for the four bytes; the read needs no alignment.
    unsafe { _mm512_set1_epi32(q.add(r * BLOCK + at).cast::<i32>().read_unaligned()) }
}

/// Dot products of a block of nibbles with `R` rows.
///
/// # Safety
/// `block` is a whole block of the tile, `q` the same block of `R` rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn nibble_dots<const R: usize>(block: *const u8, q: *const i8) -> [__m512i; R] {
    let low = _mm512_set1_epi8(15);
    let mut dots = [_mm512_setzero_si512(); R];
    for g in 0..4 {
        // SAFETY: a block of nibbles is four lines of 64 bytes.
        unsafe {
            let both = _mm512_loadu_si512(block.add(64 * g).cast());
            let lo = _mm512_and_si512(both, low);
            let hi = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
            for r in 0..R {
                dots[r] = _mm512_dpbusd_epi32(dots[r], lo, four(q, r, 4 * g));
                dots[r] = _mm512_dpbusd_epi32(dots[r], hi, four(q, r, 16 + 4 * g));
            }
        }
    }
    dots
}

/// Dot products of part `part` of a block of bytes with `R` rows: as unsigned bytes
/// w + 128, less 128 times the sum of the activations.
///
/// # Safety
/// `block` is a whole block of the tile, and the inputs have block `b` of `R` rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn byte_dots<const F: u8, const R: usize>(
    block: *const u8,
    inputs: Inputs<'_>,
    b: usize,
    part: usize,
) -> [__m512i; R] {
    let top = _mm512_set1_epi8(-128);
    let mut dots = [_mm512_setzero_si512(); R];
    // SAFETY: a block of bytes is eight lines of 64, a part as many of them as it has.
    unsafe {
        for r in 0..R {
            dots[r] = _mm512_set1_epi32(inputs.shift(r, b, part, parts(F)));
        }
        let q = inputs.q(b);
        for g in part * 8 / parts(F)..(part + 1) * 8 / parts(F) {
            let w = _mm512_loadu_si512(block.add(64 * g).cast());
            let w = _mm512_xor_si512(w, top);
            for r in 0..R {
                dots[r] = _mm512_dpbusd_epi32(dots[r], w, four(q, r, 4 * g));
            }
        }
    }
    dots
}

/// The first or second 16 of a block's scales and minimums.
///
/// # Safety
/// `tail` is the end of a block of format `F`, which has as many.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn wide_scales<const F: u8>(tail: *const u8, which: usize) -> __m512 {
    // SAFETY: the 16 are in the caller's tail; the loads need no alignment.
    unsafe {
        if F == Q4_F16 || F == Q8_F16 {
            _mm512_cvtph_ps(_mm256_loadu_si256(tail.add(32 * which).cast()))
        } else {
            _mm512_loadu_ps(tail.add(64 * which).cast())
        }
    }
}
