//! The tile products with the tile unit of AMX-INT8 (Sapphire Rapids and later): two
//! tile operations multiply a block of the weights with sixteen rows. The sums leave the
//! unit as integers, and what follows are the floating-point operations of
//! [`super::x86_wide`] in their order, so the bits are equal.
//!
//! It pays for bytes and many rows (`docs/forward.md`). Nibbles, which would have to be
//! unpacked into memory first, and fewer rows use the vector path.
//!
//! The intrinsics are not stable; inline assembly is. No other code uses the tile
//! registers, so only their shapes persist between statements, which every thread sets
//! before its first product.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::asm;
use std::arch::x86_64::*;
use std::cell::Cell;
use std::sync::OnceLock;

use super::activation::{Activations, Forms, GROUP, Input};
use super::blocks::BLOCK;
use super::pack::{COLS, Format, Packed};
use super::thread_pool::ThreadPool;
use super::tile::{Ahead, ROWS_AT_ONCE, TileOut, TileRows};
use super::x86_block::*;
use super::{Cpu, Isa, x86_wide};

/// Minimum rows for which the tile unit is worth its loads and stores.
const WORTH: usize = 13;

/// Whether the tile unit can be used.
///
/// # Errors
/// The processor has it, but the operating system does not grant its registers, or its
/// products are wrong.
pub(super) fn available() -> Result<bool, &'static str> {
    static AVAILABLE: OnceLock<Result<bool, &'static str>> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        if !in_processor() || !Isa::Avx512.runs_here() {
            Ok(false)
        } else if !granted() {
            Err("AMX: the operating system does not grant its registers")
        } else if !agrees(tile) {
            Err("AMX: its products differ from AVX-512's")
        } else {
            Ok(true)
        }
    })
}

/// AMX-TILE and AMX-INT8: CPUID leaf 7, EDX bits 24 and 25.
fn in_processor() -> bool {
    let has_leaf = __cpuid(0).eax >= 7;
    has_leaf && __cpuid_count(7, 0).edx >> 24 & 3 == 3
}

/// Asks Linux for the 8 KiB of tile registers in this process (`arch_prctl(2)`).
#[cfg(target_os = "linux")]
fn granted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers and touches no memory of this program.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn granted() -> bool {
    false
}

type TileFn = unsafe fn(Format, &[u8], TileRows<'_>, &mut TileOut);

/// Whether `tile` gives AVX-512's bits for a tile with a scale per block, and for one
/// with a scale per half.
fn agrees(tile: TileFn) -> bool {
    // Not `Cpu::new`, which looks for the best instructions, and so would call this.
    let Ok(pool) = ThreadPool::new(1) else {
        return false;
    };
    let isa = Isa::Avx512;
    let cpu = Cpu { pool, isa };
    [Format::Q8F32, Format::Q8Half].into_iter().all(|format| {
        let (packed, acts) = sample(format, &cpu);
        let products = |tile: TileFn| {
            let mut out = TileOut::default();
            // SAFETY: only called where AMX or AVX-512 was found; the sample's tile,
            // rows and output match.
            unsafe { tile(format, packed.tile(0), all_of(&acts), &mut out) };
            out.map(|row| row.map(f32::to_bits))
        };
        products(tile) == products(by_vectors)
    })
}

fn all_of(acts: &Activations) -> TileRows<'_> {
    TileRows {
        acts,
        first: 0,
        n: acts.rows,
        ahead: Ahead::NONE,
    }
}

/// A tile of three blocks, with bytes and scales of every size and sign, and the
/// maximum number of rows.
fn sample(format: Format, cpu: &Cpu) -> (Packed, Activations) {
    let in_dim = 3 * BLOCK;
    let mut packed = Packed::zeros(format, COLS, in_dim);
    let mut state = 1u32;
    for block in packed.data_mut().chunks_exact_mut(format.block_bytes()) {
        let (integers, tail) = block.split_at_mut(format.integer_bytes());
        for byte in integers {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        let scale = |i: usize| (i % 7) as f32 * 0.25 - 0.5;
        if format == Format::Q8F16 {
            for (i, bytes) in tail.chunks_exact_mut(2).enumerate() {
                bytes.copy_from_slice(&half::f16::from_f32(scale(i)).to_le_bytes());
            }
        } else {
            for (i, bytes) in tail.chunks_exact_mut(4).enumerate() {
                bytes.copy_from_slice(&scale(i).to_le_bytes());
            }
        }
    }
    let values: Vec<f32> = (0..ROWS_AT_ONCE * in_dim)
        .map(|i| (i * 7919 % 1009) as f32 / 37.0 - 13.5)
        .collect();
    let forms = Forms {
        plain: false,
        quantized: true,
    };
    let acts = Activations::prepare(Input::Plain(&values), in_dim, forms, cpu);
    (packed, acts)
}

/// As [`super::matmul::tile_product`]; the first row begins a group of rows.
///
/// # Safety
/// The processor has AVX-512 VNNI, and [`available`] returned `Ok(true)`. Sizes as for
/// [`x86_wide::tile`].
pub(super) unsafe fn tile(format: Format, tile: &[u8], rows: TileRows<'_>, out: &mut TileOut) {
    debug_assert!(rows.first.is_multiple_of(GROUP));
    // SAFETY: the caller guarantees processor and sizes; the shapes are set before the
    // tile unit is used.
    unsafe {
        if rows.n < WORTH || matches!(format, Format::Q4F16 | Format::Q4F32) {
            return by_vectors(format, tile, rows, out);
        }
        set_shapes();
        bytes_with(format, tile, rows, out, &TileUnit);
    }
}

/// Both groups of rows on AVX-512's path.
///
/// # Safety
/// As for [`x86_wide::tile`].
unsafe fn by_vectors(format: Format, tile: &[u8], rows: TileRows<'_>, out: &mut TileOut) {
    let parts = rows.n.div_ceil(GROUP);
    for part in 0..parts {
        let from = part * GROUP;
        let group = rows.part((from, GROUP.min(rows.n - from)), part, parts);
        // SAFETY: a group is at most eight of the caller's rows.
        unsafe { x86_wide::tile(format, tile, group, &mut out[from..]) };
    }
}

/// Shapes of the tile registers (`LDTILECFG`).
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// Registers 0 and 1 hold the sums of a group of rows, 2 and 3 their activations of a
/// block, 4 its weights; 5 and 6 hold activations of half a block, 7 its weights.
const SHAPES: Shapes = Shapes {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 32, 32, 64, 16, 16, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [8, 8, 8, 8, 8, 8, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// Once on every thread.
fn set_shapes() {
    thread_local!(static SET: Cell<bool> = const { Cell::new(false) });
    if !SET.replace(true) {
        // SAFETY: the process may use the registers; the shapes are as the processor
        // defines them.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &SHAPES, options(nostack, preserves_flags)) };
    }
}

/// 16 columns for each row of two groups.
#[repr(C, align(64))]
struct Sums([[[i32; COLS]; GROUP]; 2]);

/// What computes the integers.
trait Multiplier {
    /// The dot products of a block, or of half of it, with two groups of rows.
    ///
    /// # Safety
    /// `weights` are 8 lines of 64 bytes (4 for half a block); `inputs` point to the
    /// rows of each group, 32 bytes apart.
    unsafe fn multiply(
        &self,
        weights: *const u8,
        inputs: [*const i8; 2],
        is_half: bool,
        sums: &mut Sums,
    );
}

/// The processor's, its shapes set.
struct TileUnit;

impl Multiplier for TileUnit {
    #[inline(always)]
    unsafe fn multiply(
        &self,
        weights: *const u8,
        inputs: [*const i8; 2],
        is_half: bool,
        sums: &mut Sums,
    ) {
        macro_rules! run {
            ($weights:literal, $first:literal, $second:literal) => {
                asm!(
                    "tilezero tmm0",
                    "tilezero tmm1",
                    concat!("tileloadd ", $weights, ", [{weights} + {line}*1]"),
                    concat!("tileloadd ", $first, ", [{first} + {row}*1]"),
                    concat!("tdpbssd tmm0, ", $first, ", ", $weights),
                    concat!("tileloadd ", $second, ", [{second} + {row}*1]"),
                    concat!("tdpbssd tmm1, ", $second, ", ", $weights),
                    "tilestored [{sums} + {line}*1], tmm0",
                    "tilestored [{sums} + {line}*1 + 512], tmm1",
                    weights = in(reg) weights,
                    first = in(reg) inputs[0],
                    second = in(reg) inputs[1],
                    sums = in(reg) &raw mut *sums,
                    line = in(reg) 64usize,
                    row = in(reg) BLOCK,
                    options(nostack, preserves_flags)
                )
            };
        }
        // SAFETY: the caller guarantees what is read; the second group's sums are 512
        // bytes after the first's, inside `sums`.
        unsafe {
            match is_half {
                false => run!("tmm4", "tmm2", "tmm3"),
                true => run!("tmm7", "tmm5", "tmm6"),
            }
        }
    }
}

/// Two groups of rows with a tile of bytes.
///
/// # Safety
/// The processor has AVX-512 and what the multiplier needs. Sizes as for
/// [`x86_wide::tile`], of a format of bytes.
unsafe fn bytes_with(
    format: Format,
    tile: &[u8],
    rows: TileRows<'_>,
    out: &mut TileOut,
    by: &impl Multiplier,
) {
    // SAFETY: as the caller vouches; the constant is the format's own.
    unsafe {
        match format {
            Format::Q8F16 => multiply_bytes::<Q8_F16>(tile, rows, out, by),
            Format::Q8F32 => multiply_bytes::<Q8_F32>(tile, rows, out, by),
            Format::Q8Min => multiply_bytes::<Q8_MIN>(tile, rows, out, by),
            Format::Q8Half => multiply_bytes::<Q8_HALF>(tile, rows, out, by),
            _ => unreachable!("nibbles and floats take other paths"),
        }
    }
}

/// A step is a block, or half of one. Its sums are scaled while the next step's are
/// computed.
///
/// # Safety
/// As for [`bytes_with`], the tile in format `F`.
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn multiply_bytes<const F: u8>(
    tile: &[u8],
    rows: TileRows<'_>,
    out: &mut TileOut,
    by: &impl Multiplier,
) {
    let blocks = rows.acts.blocks;
    let fetch = Fetch::new(rows.ahead, blocks);
    let groups = [0, GROUP].map(|from| Inputs::new(rows.acts, rows.first + from));
    let mut sums = [const { Sums([[[0; COLS]; GROUP]; 2]) }; 2];
    let mut acc = [[_mm512_setzero_ps(); GROUP]; 2];
    let steps = blocks * parts(F);
    for step in 0..=steps {
        // SAFETY: block and part are inside the tile and the rows, whose sizes the caller
        // vouches for; offsets are those of the packed formats.
        unsafe {
            if step < steps {
                let (b, part) = (step / parts(F), step % parts(F));
                if part == 0 {
                    fetch.block(b);
                }
                let from = part * BLOCK / parts(F);
                let weights = tile.as_ptr().add(b * format(F).block_bytes() + from * COLS);
                let rows = groups.map(|group| group.q(b).add(from));
                by.multiply(weights, rows, parts(F) > 1, &mut sums[step % 2]);
            }
            if let Some(before) = step.checked_sub(1) {
                scale::<F>(tile, &groups, before, &sums[before % 2], &mut acc);
            }
        }
    }
    for g in 0..2 {
        for r in 0..GROUP {
            // SAFETY: a row of `out` holds 16 floats.
            unsafe { _mm512_storeu_ps(out[g * GROUP + r].as_mut_ptr(), acc[g][r]) };
        }
    }
}

/// Adds what a step multiplied to the rows' results.
///
/// # Safety
/// The processor has AVX-512; `step` is one of the tile's, and the rows of `groups` have
/// its block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn scale<const F: u8>(
    tile: &[u8],
    groups: &[Inputs<'_>; 2],
    step: usize,
    sums: &Sums,
    acc: &mut [[__m512; GROUP]; 2],
) {
    let (b, part) = (step / parts(F), step % parts(F));
    let tail = b * format(F).block_bytes() + format(F).integer_bytes();
    // SAFETY: the caller vouches that the block is there; offsets are those of the packed
    // formats, and `Sums` is aligned for whole-register loads.
    unsafe {
        let tail = tile.as_ptr().add(tail);
        let scale = x86_wide::wide_scales::<F>(tail, part);
        for g in 0..2 {
            for r in 0..GROUP {
                let step = _mm512_mul_ps(scale, _mm512_set1_ps(groups[g].scale(r, b)));
                let dots = _mm512_load_si512(sums.0[g][r].as_ptr().cast());
                acc[g][r] = _mm512_fmadd_ps(step, _mm512_cvtepi32_ps(dots), acc[g][r]);
            }
        }
        if has_min(F) {
            let min = x86_wide::wide_scales::<F>(tail, 1);
            for g in 0..2 {
                for r in 0..GROUP {
                    let own = _mm512_set1_ps(groups[g].sum(r, b));
                    acc[g][r] = _mm512_fmadd_ps(min, own, acc[g][r]);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "x86_amx_test.rs"]
mod tests;
