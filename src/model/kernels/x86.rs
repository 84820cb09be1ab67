//! The tile products for x86-64: AVX2 with `maddubs`, 256-bit VNNI (as AVX-512
//! or as AVX-VNNI) and 512-bit VNNI. All compute the same integers, and then
//! the same fused multiply-adds in the same order, as each other, so their
//! results are equal to the bit.

use std::arch::x86_64::*;

use super::Isa;
use super::activation::Activations;
use super::matmul::{ROWS_AT_ONCE, TileOut};
use super::pack::{BLOCK, COLS, Format};

/// Bytes of the tile's memory that are asked for ahead of their use.
const AHEAD: usize = 2048;

/// Multiplies rows `first..first + n` with one tile of an integer format.
/// `isa` must have been detected on this processor.
pub fn tile(
    isa: Isa,
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    out: &mut TileOut,
) {
    debug_assert!(first + n <= acts.rows && n <= ROWS_AT_ONCE);
    debug_assert_eq!(tile.len(), acts.blocks * format.block_bytes());
    // SAFETY: the processor has the features (`Isa::detect`); every pointer
    // stays inside `tile` and the rows of `acts`, whose sizes agree (above).
    unsafe {
        match isa {
            Isa::Avx512 => wide(format, tile, acts, (first, n), out),
            _ => narrow(isa, format, tile, acts, (first, n), out),
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

const Q4_F16: u8 = 0;
const Q4_F32: u8 = 1;
const Q8_F16: u8 = 2;
const Q8_F32: u8 = 3;
const Q8_MIN: u8 = 4;
const Q8_HALF: u8 = 5;

const fn format(f: u8) -> Format {
    match f {
        Q4_F16 => Format::Q4F16,
        Q4_F32 => Format::Q4F32,
        Q8_F16 => Format::Q8F16,
        Q8_F32 => Format::Q8F32,
        Q8_MIN => Format::Q8Min,
        _ => Format::Q8Half,
    }
}

const fn is_nibbles(f: u8) -> bool {
    f == Q4_F16 || f == Q4_F32
}

const fn has_min(f: u8) -> bool {
    is_nibbles(f) || f == Q8_MIN
}

/// What the kernels read of the rows they multiply, block by block.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    acts: &'a Activations,
    first: usize,
}

impl Inputs<'_> {
    /// Index of block `b` of row `r`.
    #[inline(always)]
    fn at(&self, r: usize, b: usize) -> usize {
        (self.first + r) * self.acts.blocks + b
    }

    #[inline(always)]
    unsafe fn q(&self, r: usize, b: usize) -> *const i8 {
        unsafe { self.acts.q.as_ptr().add(self.at(r, b) * BLOCK) }
    }

    #[inline(always)]
    unsafe fn scale(&self, r: usize, b: usize) -> f32 {
        unsafe { *self.acts.scale.get_unchecked(self.at(r, b)) }
    }

    #[inline(always)]
    unsafe fn sum(&self, r: usize, b: usize) -> f32 {
        unsafe { *self.acts.sum.get_unchecked(self.at(r, b)) }
    }

    /// 128 times the sums of the two halves of the block.
    #[inline(always)]
    unsafe fn shift(&self, r: usize, b: usize) -> [i32; 2] {
        unsafe { *self.acts.shift.get_unchecked(self.at(r, b)) }
    }
}

unsafe fn wide(
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    out: &mut TileOut,
) {
    let inputs = Inputs { acts, first };
    unsafe { dispatch!(format, n, [1, 2, 3, 4, 5, 6, 7, 8], wide_rows(tile, inputs, out)) }
}

/// Four activations in every lane.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn four_512(q: *const i8, at: usize) -> __m512i {
    unsafe { _mm512_set1_epi32(q.add(at).cast::<i32>().read_unaligned()) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn wide_rows<const F: u8, const R: usize>(
    tile: &[u8],
    inputs: Inputs<'_>,
    out: &mut TileOut,
) {
    let (bytes, integers) = (format(F).block_bytes(), format(F).integer_bytes());
    let mut acc = [_mm512_setzero_ps(); R];
    for b in 0..inputs.acts.blocks {
        // SAFETY: the caller's; offsets are those of the packed formats, and
        // a prefetch may point anywhere.
        unsafe {
            let block = tile.as_ptr().add(b * bytes);
            for line in 0..bytes.div_ceil(64) {
                _mm_prefetch::<_MM_HINT_T0>(block.wrapping_add(AHEAD + 64 * line).cast());
            }
            let tail = block.add(integers);
            if is_nibbles(F) {
                let dots = wide_nibbles::<R>(block, inputs, b);
                wide_scaled::<F, R>(&mut acc, dots, wide_scales::<F>(tail, 0), inputs, b);
            } else if F == Q8_HALF {
                let low = wide_bytes::<R, 0, 4>(block, inputs, b);
                wide_scaled::<F, R>(&mut acc, low, wide_scales::<F>(tail, 0), inputs, b);
                let high = wide_bytes::<R, 4, 8>(block, inputs, b);
                wide_scaled::<F, R>(&mut acc, high, wide_scales::<F>(tail, 1), inputs, b);
            } else {
                let dots = wide_bytes::<R, 0, 8>(block, inputs, b);
                wide_scaled::<F, R>(&mut acc, dots, wide_scales::<F>(tail, 0), inputs, b);
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

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn wide_scaled<const F: u8, const R: usize>(
    acc: &mut [__m512; R],
    dots: [__m512i; R],
    scale: __m512,
    inputs: Inputs<'_>,
    b: usize,
) {
    for r in 0..R {
        let step = unsafe { _mm512_mul_ps(scale, _mm512_set1_ps(inputs.scale(r, b))) };
        acc[r] = _mm512_fmadd_ps(step, _mm512_cvtepi32_ps(dots[r]), acc[r]);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn wide_nibbles<const R: usize>(
    block: *const u8,
    inputs: Inputs<'_>,
    b: usize,
) -> [__m512i; R] {
    let low = _mm512_set1_epi8(15);
    let mut dots = [_mm512_setzero_si512(); R];
    for g in 0..4 {
        // SAFETY: the caller's.
        unsafe {
            let both = _mm512_loadu_si512(block.add(64 * g).cast());
            let lo = _mm512_and_si512(both, low);
            let hi = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
            for r in 0..R {
                let q = inputs.q(r, b);
                dots[r] = _mm512_dpbusd_epi32(dots[r], lo, four_512(q, 4 * g));
                dots[r] = _mm512_dpbusd_epi32(dots[r], hi, four_512(q, 16 + 4 * g));
            }
        }
    }
    dots
}

/// Groups `FROM..TO` of a block of signed bytes: as unsigned bytes w + 128,
/// less 128 times the sum of the activations.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn wide_bytes<const R: usize, const FROM: usize, const TO: usize>(
    block: *const u8,
    inputs: Inputs<'_>,
    b: usize,
) -> [__m512i; R] {
    let top = _mm512_set1_epi8(-128);
    let mut dots = [_mm512_setzero_si512(); R];
    // SAFETY: the caller's.
    unsafe {
        for r in 0..R {
            dots[r] = _mm512_set1_epi32(-shifted::<FROM, TO>(inputs.shift(r, b)));
        }
        for g in FROM..TO {
            let w = _mm512_xor_si512(_mm512_loadu_si512(block.add(64 * g).cast()), top);
            for r in 0..R {
                dots[r] = _mm512_dpbusd_epi32(dots[r], w, four_512(inputs.q(r, b), 4 * g));
            }
        }
    }
    dots
}

/// What the shift to unsigned bytes added over groups `FROM..TO`.
#[inline(always)]
fn shifted<const FROM: usize, const TO: usize>(halves: [i32; 2]) -> i32 {
    match (FROM, TO) {
        (0, 8) => halves[0] + halves[1],
        (0, _) => halves[0],
        _ => halves[1],
    }
}

/// Rows that the 256-bit kernels multiply at a time: what 16 registers hold.
const NARROW_ROWS: usize = 4;

unsafe fn narrow(
    isa: Isa,
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    out: &mut TileOut,
) {
    for from in (0..n).step_by(NARROW_ROWS) {
        let rows = NARROW_ROWS.min(n - from);
        let first = first + from;
        let inputs = Inputs { acts, first };
        let out = &mut out[from..from + rows];
        for half in 0..2 {
            unsafe {
                match isa {
                    Isa::Vnni => {
                        dispatch!(format, rows, [1, 2, 3, 4], vnni(tile, inputs, out, half))
                    }
                    Isa::AvxVnni => {
                        dispatch!(
                            format,
                            rows,
                            [1, 2, 3, 4],
                            avx_vnni(tile, inputs, out, half)
                        )
                    }
                    _ => dispatch!(format, rows, [1, 2, 3, 4], avx2(tile, inputs, out, half)),
                }
            }
        }
    }
}

/// Four activations in every lane.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn four(q: *const i8, at: usize) -> __m256i {
    unsafe { _mm256_set1_epi32(q.add(at).cast::<i32>().read_unaligned()) }
}

/// Eight of the first or second 16 of a block's scales and minimums.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn scales<const F: u8>(tail: *const u8, which: usize, half: usize) -> __m256 {
    let index = which * COLS + half * COLS / 2;
    unsafe {
        if F == Q4_F16 || F == Q8_F16 {
            _mm256_cvtph_ps(_mm_loadu_si128(tail.add(2 * index).cast()))
        } else {
            _mm256_loadu_ps(tail.add(4 * index).cast())
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn scaled<const R: usize>(
    acc: &mut [__m256; R],
    dots: [__m256i; R],
    scale: __m256,
    inputs: Inputs<'_>,
    b: usize,
) {
    for r in 0..R {
        let step = unsafe { _mm256_mul_ps(scale, _mm256_set1_ps(inputs.scale(r, b))) };
        acc[r] = _mm256_fmadd_ps(step, _mm256_cvtepi32_ps(dots[r]), acc[r]);
    }
}

/// A kernel over one half (8 columns) of a tile.
macro_rules! narrow_kernel {
    ($name:ident, $features:literal, $nibbles:ident, $bytes:ident) => {
        #[target_feature(enable = $features)]
        unsafe fn $name<const F: u8, const R: usize>(
            tile: &[u8],
            inputs: Inputs<'_>,
            out: &mut [[f32; COLS]],
            half: usize,
        ) {
            let (bytes, integers) = (format(F).block_bytes(), format(F).integer_bytes());
            let mut acc = [_mm256_setzero_ps(); R];
            for b in 0..inputs.acts.blocks {
                // SAFETY: the caller's; offsets are those of the packed
                // formats, and a prefetch may point anywhere.
                unsafe {
                    let start = tile.as_ptr().add(b * bytes);
                    for line in (0..bytes.div_ceil(64)).filter(|_| half == 0) {
                        _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(AHEAD + 64 * line).cast());
                    }
                    let (block, tail) = (start.add(32 * half), start.add(integers));
                    if is_nibbles(F) {
                        let dots = $nibbles::<R>(block, inputs, b);
                        scaled(&mut acc, dots, scales::<F>(tail, 0, half), inputs, b);
                    } else if F == Q8_HALF {
                        let low = $bytes::<R, 0, 4>(block, inputs, b);
                        scaled(&mut acc, low, scales::<F>(tail, 0, half), inputs, b);
                        let high = $bytes::<R, 4, 8>(block, inputs, b);
                        scaled(&mut acc, high, scales::<F>(tail, 1, half), inputs, b);
                    } else {
                        let dots = $bytes::<R, 0, 8>(block, inputs, b);
                        scaled(&mut acc, dots, scales::<F>(tail, 0, half), inputs, b);
                    }
                    if has_min(F) {
                        let min = scales::<F>(tail, 1, half);
                        for r in 0..R {
                            acc[r] = _mm256_fmadd_ps(min, _mm256_set1_ps(inputs.sum(r, b)), acc[r]);
                        }
                    }
                }
            }
            for r in 0..R {
                // SAFETY: half a row of `out` holds 8 floats.
                unsafe { _mm256_storeu_ps(out[r].as_mut_ptr().add(8 * half), acc[r]) };
            }
        }
    };
}

narrow_kernel!(avx2, "avx2,fma,f16c", nibbles_avx2, bytes_avx2);

/// Dot products of a block of nibbles: u4 x i8 sums of 8 groups fit 16 bits
/// (8 * 2 * 15 * 127 = 30480).
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn nibbles_avx2<const R: usize>(
    block: *const u8,
    inputs: Inputs<'_>,
    b: usize,
) -> [__m256i; R] {
    let low = _mm256_set1_epi8(15);
    let mut sums = [_mm256_setzero_si256(); R];
    for g in 0..4 {
        // SAFETY: the caller's.
        unsafe {
            let both = _mm256_loadu_si256(block.add(64 * g).cast());
            let lo = _mm256_and_si256(both, low);
            let hi = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            for r in 0..R {
                let q = inputs.q(r, b);
                let first = _mm256_maddubs_epi16(lo, four(q, 4 * g));
                let second = _mm256_maddubs_epi16(hi, four(q, 16 + 4 * g));
                sums[r] = _mm256_add_epi16(sums[r], _mm256_add_epi16(first, second));
            }
        }
    }
    let ones = _mm256_set1_epi16(1);
    sums.map(|s| _mm256_madd_epi16(s, ones))
}

/// Dot products of signed bytes: |w| x sign(w) a, widened at once.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn bytes_avx2<const R: usize, const FROM: usize, const TO: usize>(
    block: *const u8,
    inputs: Inputs<'_>,
    b: usize,
) -> [__m256i; R] {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_si256(); R];
    for g in FROM..TO {
        // SAFETY: the caller's.
        unsafe {
            let w = _mm256_loadu_si256(block.add(64 * g).cast());
            let magnitude = _mm256_abs_epi8(w);
            for r in 0..R {
                let signed = _mm256_sign_epi8(four(inputs.q(r, b), 4 * g), w);
                let pairs = _mm256_maddubs_epi16(magnitude, signed);
                sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    sums
}

/// The 256-bit dot products with VNNI, whose instruction has two encodings.
macro_rules! vnni_kernels {
    ($name:ident, $features:literal, $nibbles:ident, $bytes:ident, $dpbusd:ident) => {
        narrow_kernel!($name, $features, $nibbles, $bytes);

        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn $nibbles<const R: usize>(
            block: *const u8,
            inputs: Inputs<'_>,
            b: usize,
        ) -> [__m256i; R] {
            let low = _mm256_set1_epi8(15);
            let mut sums = [_mm256_setzero_si256(); R];
            for g in 0..4 {
                // SAFETY: the caller's.
                unsafe {
                    let both = _mm256_loadu_si256(block.add(64 * g).cast());
                    let lo = _mm256_and_si256(both, low);
                    let hi = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
                    for r in 0..R {
                        let q = inputs.q(r, b);
                        sums[r] = $dpbusd(sums[r], lo, four(q, 4 * g));
                        sums[r] = $dpbusd(sums[r], hi, four(q, 16 + 4 * g));
                    }
                }
            }
            sums
        }

        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn $bytes<const R: usize, const FROM: usize, const TO: usize>(
            block: *const u8,
            inputs: Inputs<'_>,
            b: usize,
        ) -> [__m256i; R] {
            let top = _mm256_set1_epi8(-128);
            let mut sums = [_mm256_setzero_si256(); R];
            // SAFETY: the caller's.
            unsafe {
                for r in 0..R {
                    sums[r] = _mm256_set1_epi32(-shifted::<FROM, TO>(inputs.shift(r, b)));
                }
                for g in FROM..TO {
                    let w = _mm256_xor_si256(_mm256_loadu_si256(block.add(64 * g).cast()), top);
                    for r in 0..R {
                        sums[r] = $dpbusd(sums[r], w, four(inputs.q(r, b), 4 * g));
                    }
                }
            }
            sums
        }
    };
}

vnni_kernels!(
    vnni,
    "avx2,fma,f16c,avx512vnni,avx512vl",
    nibbles_vnni,
    bytes_vnni,
    _mm256_dpbusd_epi32
);
vnni_kernels!(
    avx_vnni,
    "avx2,fma,f16c,avxvnni",
    nibbles_avx_vnni,
    bytes_avx_vnni,
    _mm256_dpbusd_avx_epi32
);
