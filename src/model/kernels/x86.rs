//! The tile products for x86-64: 512-bit VNNI here, AVX2 with `maddubs` and 256-bit
//! VNNI (as AVX-512 or as AVX-VNNI) in `x86_narrow.rs`. All compute the same
//! integers, and then the same fused multiply-adds in the same order, as each
//! other, so their results are equal to the bit.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::activation::{Activations, GROUP};
use super::matmul::{Ahead, ROWS_AT_ONCE, TileOut};
use super::pack::{BLOCK, Format};
use super::{Isa, x86_narrow};

/// Multiplies rows `first..first + n` with one tile of an integer format.
/// `isa` must have been detected on this processor.
pub fn tile(
    isa: Isa,
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    ahead: Ahead<'_>,
    out: &mut TileOut,
) {
    debug_assert!(first + n <= acts.rows && n <= ROWS_AT_ONCE);
    debug_assert_eq!(tile.len(), acts.blocks * format.block_bytes());
    // SAFETY: the processor has the features (`Isa::detect`); every pointer
    // stays inside `tile` and the rows of `acts`, whose sizes agree (above).
    unsafe {
        match isa {
            Isa::Avx512 => wide(format, tile, acts, (first, n), ahead, out),
            _ => x86_narrow::tile(isa, format, tile, acts, (first, n), ahead, out),
        }
    }
}

/// Calls `$kernel::<FORMAT, ROWS>` for the format and the number of rows.
macro_rules! dispatch {
    ($format:expr, $n:expr, [$($rows:literal),*], $kernel:ident $args:tt) => {
        match $format {
            Format::Q4F16 => dispatch!(@ Q4_F16, $n, [$($rows),*], $kernel $args),
            Format::Q4F32 => dispatch!(@ Q4_F32, $n, [$($rows),*], $kernel $args),
            Format::Q8F16 => dispatch!(@ Q8_F16, $n, [$($rows),*], $kernel $args),
            Format::Q8F32 => dispatch!(@ Q8_F32, $n, [$($rows),*], $kernel $args),
            Format::Q8Min => dispatch!(@ Q8_MIN, $n, [$($rows),*], $kernel $args),
            Format::Q8Half => dispatch!(@ Q8_HALF, $n, [$($rows),*], $kernel $args),
            Format::F32 => unreachable!("floats have a kernel of their own"),
        }
    };
    (@ $f:ident, $n:expr, [$($rows:literal),*], $kernel:ident $args:tt) => {
        match $n {
            $($rows => $kernel::<$f, $rows> $args,)*
            n => unreachable!("{n} rows at once"),
        }
    };
}

pub(super) use dispatch;

pub(super) const Q4_F16: u8 = 0;
pub(super) const Q4_F32: u8 = 1;
pub(super) const Q8_F16: u8 = 2;
pub(super) const Q8_F32: u8 = 3;
pub(super) const Q8_MIN: u8 = 4;
pub(super) const Q8_HALF: u8 = 5;

pub(super) const fn format(f: u8) -> Format {
    match f {
        Q4_F16 => Format::Q4F16,
        Q4_F32 => Format::Q4F32,
        Q8_F16 => Format::Q8F16,
        Q8_F32 => Format::Q8F32,
        Q8_MIN => Format::Q8Min,
        _ => Format::Q8Half,
    }
}

pub(super) const fn is_nibbles(f: u8) -> bool {
    f == Q4_F16 || f == Q4_F32
}

pub(super) const fn has_min(f: u8) -> bool {
    is_nibbles(f) || f == Q8_MIN
}

/// What the kernels read of the rows they multiply, block by block.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) acts: &'a Activations,
    /// The first row's group of rows, and its place there.
    group: usize,
    row: usize,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(acts: &'a Activations, first: usize) -> Self {
        Inputs {
            acts,
            group: first / GROUP,
            row: first % GROUP,
        }
    }

    /// Index of block `b` of the first row; the next row's is one on.
    #[inline(always)]
    fn at(&self, b: usize) -> usize {
        (self.group * self.acts.blocks + b) * GROUP + self.row
    }

    #[inline(always)]
    pub(super) unsafe fn q(&self, b: usize) -> *const i8 {
        unsafe { self.acts.q.as_ptr().add(self.at(b) * BLOCK) }
    }

    #[inline(always)]
    pub(super) unsafe fn scale(&self, r: usize, b: usize) -> f32 {
        unsafe { *self.acts.scale.get_unchecked(self.at(b) + r) }
    }

    #[inline(always)]
    pub(super) unsafe fn sum(&self, r: usize, b: usize) -> f32 {
        unsafe { *self.acts.sum.get_unchecked(self.at(b) + r) }
    }

    /// What makes up for the shift of part `part` (of `parts`) of the block's
    /// weights to unsigned bytes.
    #[inline(always)]
    pub(super) unsafe fn shift(&self, r: usize, b: usize, part: usize, parts: usize) -> i32 {
        let shift = unsafe { self.acts.shift.get_unchecked(self.at(b) + r) };
        match parts {
            1 => shift[0],
            _ => shift[1 + part],
        }
    }
}

/// Where the next tile is fetched from, block by block.
#[derive(Clone, Copy)]
pub(super) struct Fetch {
    start: *const u8,
    /// Bytes a block.
    step: usize,
    lines: usize,
}

impl Fetch {
    #[inline(always)]
    pub(super) fn new(ahead: Ahead<'_>, blocks: usize) -> Self {
        let step = ahead.next.len() / (blocks * ahead.passes).max(1);
        Fetch {
            start: ahead.next.as_ptr().wrapping_add(ahead.pass * blocks * step),
            step,
            lines: step.div_ceil(64),
        }
    }

    #[inline(always)]
    pub(super) fn block(self, b: usize) {
        let at = self.start.wrapping_add(b * self.step);
        for line in 0..self.lines {
            // SAFETY: a prefetch may point anywhere.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.wrapping_add(64 * line).cast()) };
        }
    }
}

/// Parts of a block that have a scale of their own.
pub(super) const fn parts(f: u8) -> usize {
    if f == Q8_HALF { 2 } else { 1 }
}

unsafe fn wide(
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    ahead: Ahead<'_>,
    out: &mut TileOut,
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
    out: &mut TileOut,
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
unsafe fn wide_scales<const F: u8>(tail: *const u8, which: usize) -> __m512 {
    unsafe {
        if F == Q4_F16 || F == Q8_F16 {
            _mm512_cvtph_ps(_mm256_loadu_si256(tail.add(32 * which).cast()))
        } else {
            _mm512_loadu_ps(tail.add(64 * which).cast())
        }
    }
}
