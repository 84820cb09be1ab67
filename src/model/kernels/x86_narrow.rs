//! The tile products with 256-bit vectors: `maddubs` of AVX2, and VNNI of AVX-512 or
//! AVX-VNNI.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::Isa;
use super::blocks::BLOCK;
use super::pack::{COLS, Format};
use super::tile::{TileOut, TileRows};
use super::x86_block::*;

/// Rows and halves of a tile's columns that a kernel multiplies at a time. `maddubs`
/// handles many rows per unpacking, its sums half in registers; VNNI, which needs fewer
/// instructions, handles both halves per broadcast.
const MADDUBS: (usize, usize) = (8, 1);
const VNNI: (usize, usize) = (4, 2);

/// As [`super::matmul::tile_product`].
///
/// # Safety
/// The processor has what `isa` says. Sizes as for [`super::x86_wide::tile`].
pub(super) unsafe fn tile(
    isa: Isa,
    format: Format,
    tile: &[u8],
    rows: TileRows<'_>,
    out: &mut TileOut,
) {
    let (at_once, halves) = match isa {
        Isa::Vnni | Isa::AvxVnni => VNNI,
        _ => MADDUBS,
    };
    let parts = 2 / halves * rows.n.div_ceil(at_once);
    let mut part = 0;
    for from in (0..rows.n).step_by(at_once) {
        let n = at_once.min(rows.n - from);
        for half in (0..2).step_by(halves) {
            let rows = rows.part((from, n), part, parts);
            part += 1;
            // SAFETY: as the caller vouches, for some of its rows.
            unsafe { columns(isa, format, tile, rows, &mut out[from..from + n], half) };
        }
    }
}

/// The columns of a tile from half `half` on, with the maximum number of rows.
///
/// # Safety
/// As for [`tile`].
unsafe fn columns(
    isa: Isa,
    format: Format,
    tile: &[u8],
    rows: TileRows<'_>,
    out: &mut [[f32; COLS]],
    half: usize,
) {
    let n = rows.n;
    // SAFETY: as the caller vouches; each kernel runs under the instructions it needs.
    unsafe {
        match isa {
            Isa::Vnni => dispatch!(format, n, [1, 2, 3, 4], vnni(tile, rows, out, half)),
            Isa::AvxVnni => dispatch!(format, n, [1, 2, 3, 4], avx_vnni(tile, rows, out, half)),
            _ => dispatch!(
                format,
                n,
                [1, 2, 3, 4, 5, 6, 7, 8],
                avx2(tile, rows, out, half)
            ),
        }
    }
}

/// Eight of the first or second 16 of a block's scales and minimums.
///
/// # Safety
/// `tail` is the end of a block of format `F`, which has as many.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn scales<const F: u8>(tail: *const u8, which: usize, half: usize) -> __m256 {
    let index = which * COLS + half * COLS / 2;
    // SAFETY: the eight are in the caller's tail; the loads need no alignment.
    unsafe {
        if F == Q4_F16 || F == Q8_F16 {
            _mm256_cvtph_ps(_mm_loadu_si128(tail.add(2 * index).cast()))
        } else {
            _mm256_loadu_ps(tail.add(4 * index).cast())
        }
    }
}

/// The columns of a tile from half `half` on: one half, or both. `$nibbles` and
/// `$bytes` are the macros that compute its dot products.
macro_rules! kernel {
    ($name:ident, $shape:ident, $features:literal, $nibbles:ident, $bytes:ident $(, $dot:ident)?) => {
        /// # Safety
        /// As for [`tile`], the tile in format `F`.
        #[target_feature(enable = $features)]
        unsafe fn $name<const F: u8, const R: usize>(
            tile: &[u8],
            rows: TileRows<'_>,
            out: &mut [[f32; COLS]],
            half: usize,
        ) {
            const H: usize = $shape.1;
            let inputs = Inputs::new(rows.acts, rows.first);
            let fetch = Fetch::new(rows.ahead, rows.acts.blocks);
            let (bytes, integers) = (format(F).block_bytes(), format(F).integer_bytes());
            let mut acc = [[_mm256_setzero_ps(); H]; R];
            for b in 0..inputs.acts.blocks {
                // SAFETY: block `b` is inside the tile and the rows, whose sizes the
                // caller vouches for; offsets are those of the packed formats.
                unsafe {
                    let start = tile.as_ptr().add(b * bytes);
                    fetch.block(b);
                    let (block, tail) = (start.add(32 * half), start.add(integers));
                    let q = inputs.q(b);
                    let four = |r: usize, at: usize| {
                        _mm256_set1_epi32(q.add(r * BLOCK + at).cast::<i32>().read_unaligned())
                    };
                    let weights = |g: usize| -> [__m256i; H] {
                        std::array::from_fn(|h| {
                            _mm256_loadu_si256(block.add(64 * g + 32 * h).cast())
                        })
                    };
                    let scales = |which: usize| -> [__m256; H] {
                        std::array::from_fn(|h| scales::<F>(tail, which, half + h))
                    };
                    for part in 0..parts(F) {
                        let mut dots = [[_mm256_setzero_si256(); H]; R];
                        if is_nibbles(F) {
                            $nibbles!(dots, weights, four, R, H $(, $dot)?);
                        } else {
                            let groups = part * 8 / parts(F)..(part + 1) * 8 / parts(F);
                            let shift = |r: usize| inputs.shift(r, b, part, parts(F));
                            $bytes!(dots, weights, four, R, H, groups, shift $(, $dot)?);
                        }
                        let scale = scales(part);
                        for r in 0..R {
                            let own = _mm256_set1_ps(inputs.scale(r, b));
                            for h in 0..H {
                                let step = _mm256_mul_ps(scale[h], own);
                                let dots = _mm256_cvtepi32_ps(dots[r][h]);
                                acc[r][h] = _mm256_fmadd_ps(step, dots, acc[r][h]);
                            }
                        }
                    }
                    if has_min(F) {
                        let min = scales(1);
                        for r in 0..R {
                            let own = _mm256_set1_ps(inputs.sum(r, b));
                            for h in 0..H {
                                acc[r][h] = _mm256_fmadd_ps(min[h], own, acc[r][h]);
                            }
                        }
                    }
                }
            }
            for r in 0..R {
                for h in 0..H {
                    // SAFETY: half a row of `out` holds 8 floats.
                    unsafe { _mm256_storeu_ps(out[r].as_mut_ptr().add(8 * (half + h)), acc[r][h]) };
                }
            }
        }
    };
}

/// The low and the high nibbles of weights.
macro_rules! unpack {
    ($both:expr) => {{
        let both = $both;
        let low = _mm256_set1_epi8(15);
        (
            both.map(|both| _mm256_and_si256(both, low)),
            both.map(|both| _mm256_and_si256(_mm256_srli_epi16(both, 4), low)),
        )
    }};
}

/// Dot products of a block of nibbles: u4 x i8 sums of 8 groups fit 16 bits
/// (8 * 2 * 15 * 127 = 30480).
macro_rules! nibbles_maddubs {
    ($dots:ident, $weights:ident, $four:ident, $rows:ident, $halves:ident) => {
        for g in 0..4 {
            let (lo, hi) = unpack!($weights(g));
            for r in 0..$rows {
                for h in 0..$halves {
                    let first = _mm256_maddubs_epi16(lo[h], $four(r, 4 * g));
                    let second = _mm256_maddubs_epi16(hi[h], $four(r, 16 + 4 * g));
                    let both = _mm256_add_epi16(first, second);
                    $dots[r][h] = _mm256_add_epi16($dots[r][h], both);
                }
            }
        }
        let ones = _mm256_set1_epi16(1);
        for r in 0..$rows {
            for h in 0..$halves {
                $dots[r][h] = _mm256_madd_epi16($dots[r][h], ones);
            }
        }
    };
}

/// Dot products of signed bytes: |w| x sign(w) a, widened at once.
macro_rules! bytes_maddubs {
    ($dots:ident, $weights:ident, $four:ident, $rows:ident, $halves:ident, $groups:ident, $shift:ident) => {
        let _ = $shift;
        let ones = _mm256_set1_epi16(1);
        for g in $groups {
            let w = $weights(g);
            let magnitude = w.map(|w| _mm256_abs_epi8(w));
            for r in 0..$rows {
                for h in 0..$halves {
                    let signed = _mm256_sign_epi8($four(r, 4 * g), w[h]);
                    let pairs = _mm256_maddubs_epi16(magnitude[h], signed);
                    $dots[r][h] = _mm256_add_epi32($dots[r][h], _mm256_madd_epi16(pairs, ones));
                }
            }
        }
    };
}

macro_rules! nibbles_vnni {
    ($dots:ident, $weights:ident, $four:ident, $rows:ident, $halves:ident, $dot:ident) => {
        for g in 0..4 {
            let (lo, hi) = unpack!($weights(g));
            for r in 0..$rows {
                let (first, second) = ($four(r, 4 * g), $four(r, 16 + 4 * g));
                for h in 0..$halves {
                    $dots[r][h] = $dot($dots[r][h], lo[h], first);
                    $dots[r][h] = $dot($dots[r][h], hi[h], second);
                }
            }
        }
    };
}

/// As unsigned bytes w + 128, less 128 times the sum of the activations.
macro_rules! bytes_vnni {
    ($dots:ident, $weights:ident, $four:ident, $rows:ident, $halves:ident, $groups:ident, $shift:ident, $dot:ident) => {
        for r in 0..$rows {
            $dots[r] = [_mm256_set1_epi32($shift(r)); $halves];
        }
        let top = _mm256_set1_epi8(-128);
        for g in $groups {
            let w = $weights(g).map(|w| _mm256_xor_si256(w, top));
            for r in 0..$rows {
                let four = $four(r, 4 * g);
                for h in 0..$halves {
                    $dots[r][h] = $dot($dots[r][h], w[h], four);
                }
            }
        }
    };
}

kernel!(
    avx2,
    MADDUBS,
    "avx2,fma,f16c",
    nibbles_maddubs,
    bytes_maddubs
);
kernel!(
    vnni,
    VNNI,
    "avx2,fma,f16c,avx512vnni,avx512vl",
    nibbles_vnni,
    bytes_vnni,
    _mm256_dpbusd_epi32
);
kernel!(
    avx_vnni,
    VNNI,
    "avx2,fma,f16c,avxvnni",
    nibbles_vnni,
    bytes_vnni,
    _mm256_dpbusd_avx_epi32
);
