//! The tile products for x86-64: AVX2 with `maddubs`, and 256-bit VNNI. Both
//! compute the same integers, and then the same fused multiply-adds, as each
//! other, so their results are equal to the bit.

use std::arch::x86_64::*;

use super::Isa;
use super::activation::Activations;
use super::matmul::{ROWS_AT_ONCE, TileOut};
use super::pack::{BLOCK, Format};

/// Multiplies up to [`ROWS_AT_ONCE`] rows with one tile of an integer format.
/// `isa` must have been detected on this processor.
pub fn tile(
    isa: Isa,
    format: Format,
    tile: &[u8],
    acts: &Activations,
    first: usize,
    n: usize,
) -> TileOut {
    debug_assert!(first + n <= acts.rows && n <= ROWS_AT_ONCE);
    debug_assert_eq!(tile.len(), acts.blocks * format.block_bytes());
    // SAFETY: the processor has the features (`Isa::detect`); every pointer
    // stays inside `tile` and the rows of `acts`, whose sizes agree (above).
    unsafe {
        match (isa, n) {
            (Isa::Vnni, 1) => vnni::<1>(format, tile, acts, first),
            (Isa::Vnni, 2) => vnni::<2>(format, tile, acts, first),
            (Isa::Vnni, 3) => vnni::<3>(format, tile, acts, first),
            (Isa::Vnni, _) => vnni::<4>(format, tile, acts, first),
            (_, 1) => avx2::<1>(format, tile, acts, first),
            (_, 2) => avx2::<2>(format, tile, acts, first),
            (_, 3) => avx2::<3>(format, tile, acts, first),
            (_, _) => avx2::<4>(format, tile, acts, first),
        }
    }
}

/// Four signed bytes of an activation row, in every lane.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn four(q: *const i8, at: usize) -> __m256i {
    unsafe { _mm256_set1_epi32(q.add(at).cast::<i32>().read_unaligned()) }
}

/// Scales and minimums of a 4-bit block: 8 columns each.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn scales(format: Format, block: *const u8) -> (__m256, __m256) {
    unsafe {
        if format == Format::Q4F16 {
            (
                _mm256_cvtph_ps(_mm_loadu_si128(block.add(128).cast())),
                _mm256_cvtph_ps(_mm_loadu_si128(block.add(144).cast())),
            )
        } else {
            (
                _mm256_loadu_ps(block.add(128).cast()),
                _mm256_loadu_ps(block.add(160).cast()),
            )
        }
    }
}

/// acc + (weight scale * activation scale) * dot + minimum * activation sum.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn scaled(acc: __m256, dot: __m256i, d: __m256, m: __m256, scale: f32, sum: f32) -> __m256 {
    let step = _mm256_mul_ps(d, _mm256_set1_ps(scale));
    let acc = _mm256_fmadd_ps(step, _mm256_cvtepi32_ps(dot), acc);
    _mm256_fmadd_ps(m, _mm256_set1_ps(sum), acc)
}

macro_rules! tile_kernel {
    ($name:ident, $features:literal, $nibbles:ident, $bytes:ident) => {
        #[target_feature(enable = $features)]
        unsafe fn $name<const R: usize>(
            format: Format,
            tile: &[u8],
            acts: &Activations,
            first: usize,
        ) -> TileOut {
            let mut acc = [_mm256_setzero_ps(); R];
            for b in 0..acts.blocks {
                // SAFETY: the caller's; offsets are those of the packed formats.
                unsafe {
                    let block = tile.as_ptr().add(b * format.block_bytes());
                    let q: [*const i8; R] = std::array::from_fn(|r| {
                        acts.q.as_ptr().add(((first + r) * acts.blocks + b) * BLOCK)
                    });
                    let (dots, d, m) = if format == Format::Q8 {
                        let shift: [i32; R] = std::array::from_fn(|r| {
                            *acts.shift.get_unchecked((first + r) * acts.blocks + b)
                        });
                        let scale = _mm256_loadu_ps(block.add(256).cast());
                        ($bytes::<R>(block, q, shift), scale, _mm256_setzero_ps())
                    } else {
                        let (d, m) = scales(format, block);
                        ($nibbles::<R>(block, q), d, m)
                    };
                    for r in 0..R {
                        let at = (first + r) * acts.blocks + b;
                        let scale = *acts.scale.get_unchecked(at);
                        acc[r] = scaled(acc[r], dots[r], d, m, scale, *acts.sum.get_unchecked(at));
                    }
                }
            }
            let mut out = TileOut::default();
            for r in 0..R {
                // SAFETY: a row of `out` holds 8 floats.
                unsafe { _mm256_storeu_ps(out[r].as_mut_ptr(), acc[r]) };
            }
            out
        }
    };
}

tile_kernel!(avx2, "avx2,fma,f16c", nibbles_avx2, bytes_avx2);
tile_kernel!(
    vnni,
    "avx2,fma,f16c,avx512vnni,avx512vl",
    nibbles_vnni,
    bytes_vnni
);

/// Dot products of a block of nibbles: u4 x i8 sums of 8 groups fit 16 bits
/// (8 * 2 * 15 * 127 = 30480).
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn nibbles_avx2<const R: usize>(block: *const u8, q: [*const i8; R]) -> [__m256i; R] {
    let low = _mm256_set1_epi8(15);
    let mut sums = [_mm256_setzero_si256(); R];
    for g in 0..4 {
        // SAFETY: the caller's.
        unsafe {
            let both = _mm256_loadu_si256(block.add(32 * g).cast());
            let lo = _mm256_and_si256(both, low);
            let hi = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            for r in 0..R {
                let a = _mm256_maddubs_epi16(lo, four(q[r], 4 * g));
                let b = _mm256_maddubs_epi16(hi, four(q[r], 16 + 4 * g));
                sums[r] = _mm256_add_epi16(sums[r], _mm256_add_epi16(a, b));
            }
        }
    }
    let ones = _mm256_set1_epi16(1);
    sums.map(|s| _mm256_madd_epi16(s, ones))
}

/// Dot products of a block of signed bytes: |w| x sign(w) a, widened at once.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn bytes_avx2<const R: usize>(
    block: *const u8,
    q: [*const i8; R],
    _shift: [i32; R],
) -> [__m256i; R] {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_si256(); R];
    for g in 0..8 {
        // SAFETY: the caller's.
        unsafe {
            let w = _mm256_loadu_si256(block.add(32 * g).cast());
            let magnitude = _mm256_abs_epi8(w);
            for r in 0..R {
                let signed = _mm256_sign_epi8(four(q[r], 4 * g), w);
                let pairs = _mm256_maddubs_epi16(magnitude, signed);
                sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx2,avx512vnni,avx512vl")]
unsafe fn nibbles_vnni<const R: usize>(block: *const u8, q: [*const i8; R]) -> [__m256i; R] {
    let low = _mm256_set1_epi8(15);
    let mut sums = [_mm256_setzero_si256(); R];
    for g in 0..4 {
        // SAFETY: the caller's.
        unsafe {
            let both = _mm256_loadu_si256(block.add(32 * g).cast());
            let lo = _mm256_and_si256(both, low);
            let hi = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            for r in 0..R {
                sums[r] = _mm256_dpbusd_epi32(sums[r], lo, four(q[r], 4 * g));
                sums[r] = _mm256_dpbusd_epi32(sums[r], hi, four(q[r], 16 + 4 * g));
            }
        }
    }
    sums
}

/// As unsigned bytes w + 128, less 128 times the sum of the activations.
#[inline]
#[target_feature(enable = "avx2,avx512vnni,avx512vl")]
unsafe fn bytes_vnni<const R: usize>(
    block: *const u8,
    q: [*const i8; R],
    shift: [i32; R],
) -> [__m256i; R] {
    let top = _mm256_set1_epi8(-128);
    let mut sums: [__m256i; R] = shift.map(|s| _mm256_set1_epi32(-s));
    for g in 0..8 {
        // SAFETY: the caller's.
        unsafe {
            let w = _mm256_xor_si256(_mm256_loadu_si256(block.add(32 * g).cast()), top);
            for r in 0..R {
                sums[r] = _mm256_dpbusd_epi32(sums[r], w, four(q[r], 4 * g));
            }
        }
    }
    sums
}

/// The dot product of two equally long vectors, in 16 lanes by index.
///
/// # Safety
/// The processor has AVX2 and FMA.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub unsafe fn dot(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let mut sums = [_mm256_setzero_ps(); 2];
    let mut i = 0;
    while i + 16 <= n {
        for (half, sum) in sums.iter_mut().enumerate() {
            // SAFETY: i + 16 <= n.
            unsafe {
                let x = _mm256_loadu_ps(a.as_ptr().add(i + 8 * half));
                let y = _mm256_loadu_ps(b.as_ptr().add(i + 8 * half));
                *sum = _mm256_fmadd_ps(x, y, *sum);
            }
        }
        i += 16;
    }
    let rest: f32 = a[i..n].iter().zip(&b[i..n]).map(|(x, y)| x * y).sum();
    let sum = _mm256_add_ps(sums[0], sums[1]);
    let four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two))) + rest
}
