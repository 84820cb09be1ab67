//! The tile products with the tile unit of AMX-INT8 (Sapphire Rapids and later): one
//! tile operation multiplies a block of the weights with eight rows. The sums leave the
//! unit as integers, and what follows are the floating-point operations of
//! [`super::x86_wide`] in their order, so the bits are equal.
//!
//! The intrinsics are not stable; inline assembly is. No other code uses the tile
//! registers, so they keep nothing from one statement to the next but their shapes,
//! which every thread sets before its first product.

// Loops over registers, several arrays of them side by side.
#![allow(clippy::needless_range_loop)]

use std::arch::asm;
use std::arch::x86_64::*;
use std::cell::Cell;
use std::sync::OnceLock;

use super::activation::{Activations, GROUP, Input};
use super::blocks::BLOCK;
use super::pack::{COLS, Format, Packed};
use super::tile::{Ahead, TileOut};
use super::x86_block::*;
use super::{Cpu, Isa, x86_wide};

/// Rows of a group from which on the tile unit is worth its loads and stores; fewer
/// take the vectors' path.
const WORTH: usize = 4;

/// Blocks of nibbles that are unpacked ahead of their products: a tile cannot be loaded
/// from bytes that are still on their way to the cache.
const AHEAD: usize = 4;

/// Whether the tile unit can be used: the processor has it, the system grants its
/// registers, and its products are right. The reason if only the processor has it.
pub(super) fn available() -> Result<bool, &'static str> {
    static AVAILABLE: OnceLock<Result<bool, &'static str>> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        if !in_processor() {
            return Ok(false);
        }
        if !granted() {
            return Err("the system does not grant AMX's registers");
        }
        match is_right() {
            true => Ok(true),
            false => Err("AMX's products differ from AVX-512's"),
        }
    })
}

/// AMX-TILE and AMX-INT8: CPUID leaf 7, EDX bits 24 and 25.
fn in_processor() -> bool {
    let has_leaf = __cpuid(0).eax >= 7;
    has_leaf && __cpuid_count(7, 0).edx >> 24 & 3 == 3
}

/// Asks Linux for the 8 KiB of tile data in this process (`arch_prctl(2)`).
#[cfg(target_os = "linux")]
fn granted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn granted() -> bool {
    false
}

/// Whether one tile of every kind gives AVX-512's bits.
fn is_right() -> bool {
    let Ok(cpu) = Cpu::new(1) else { return false };
    let cpu = cpu.with_isa(Isa::Avx512);
    [Format::Q4F16, Format::Q8F32, Format::Q8Half]
        .into_iter()
        .all(|format| {
            let (packed, acts) = sample(format, &cpu);
            let products = |tile: TileFn| {
                let mut out = TileOut::default();
                let rows = (0, acts.rows);
                // SAFETY: the processor has both; the sizes agree.
                unsafe { tile(format, packed.tile(0), &acts, rows, Ahead::NONE, &mut out) };
                out.map(|row| row.map(f32::to_bits))
            };
            products(tile) == products(by_vectors)
        })
}

type TileFn = unsafe fn(Format, &[u8], &Activations, (usize, usize), Ahead<'_>, &mut TileOut);

/// Two groups of rows on AVX-512's path.
unsafe fn by_vectors(
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    ahead: Ahead<'_>,
    out: &mut TileOut,
) {
    for from in (0..n).step_by(GROUP) {
        let rows = (first + from, GROUP.min(n - from));
        // SAFETY: the caller's.
        unsafe { x86_wide::tile(format, tile, acts, rows, ahead, &mut out[from..]) };
    }
}

/// A tile of three blocks, its bytes and scales of every size and sign, with two groups
/// of rows.
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
        if matches!(format, Format::Q4F16 | Format::Q8F16) {
            for (i, bytes) in tail.chunks_exact_mut(2).enumerate() {
                bytes.copy_from_slice(&half::f16::from_f32(scale(i)).to_le_bytes());
            }
        } else {
            for (i, bytes) in tail.chunks_exact_mut(4).enumerate() {
                bytes.copy_from_slice(&scale(i).to_le_bytes());
            }
        }
    }
    let values: Vec<f32> = (0..2 * GROUP * in_dim)
        .map(|i| (i * 7919 % 1009) as f32 / 37.0 - 13.5)
        .collect();
    let acts = Activations::prepare(
        Input::Plain(&values),
        in_dim,
        super::activation::Forms {
            plain: false,
            quantized: true,
        },
        cpu,
    );
    (packed, acts)
}

/// As [`super::matmul::tile_product`], for up to two groups of rows, the first of which
/// begins with `first`.
///
/// # Safety
/// The processor has AVX-512 VNNI, [`available`] said yes; the sizes agree.
pub(super) unsafe fn tile(
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    ahead: Ahead<'_>,
    out: &mut TileOut,
) {
    debug_assert!(first % GROUP == 0 && n <= 2 * GROUP);
    let groups = n / GROUP + usize::from(n % GROUP >= WORTH);
    let by_tiles = groups * GROUP;
    let parts = usize::from(groups > 0) + usize::from(by_tiles < n);
    // SAFETY: the caller's.
    unsafe {
        if groups > 0 {
            set_shapes();
            let inputs = Inputs::new(acts, first);
            let ahead = ahead.part(0, parts);
            dispatch!(
                format,
                groups,
                [1, 2],
                groups_by(tile, inputs, ahead, out, TileUnit)
            );
        }
        if by_tiles < n {
            let rest = (first + by_tiles, n - by_tiles);
            let ahead = ahead.part(parts - 1, parts);
            x86_wide::tile(format, tile, acts, rest, ahead, &mut out[by_tiles..]);
        }
    }
}

/// Shapes of the tile registers (`LDTILECFG`): 0 and 1 take the sums of a group of rows,
/// 2 and 3 their activations of a block, 4 its weights; 5 and 6 activations of half a
/// block, 7 its weights.
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

const SHAPES: Shapes = {
    const ROWS: u8 = GROUP as u8;
    let mut shapes = Shapes {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        row_bytes: [0; 16],
        rows: [0; 16],
    };
    let all: [(u8, u16); 8] = [
        (ROWS, 64),
        (ROWS, 64),
        (ROWS, 32),
        (ROWS, 32),
        (8, 64),
        (ROWS, 16),
        (ROWS, 16),
        (4, 64),
    ];
    let mut i = 0;
    while i < all.len() {
        (shapes.rows[i], shapes.row_bytes[i]) = all[i];
        i += 1;
    }
    shapes
};

/// Once on every thread.
fn set_shapes() {
    thread_local!(static SET: Cell<bool> = const { Cell::new(false) });
    if SET.replace(true) {
        return;
    }
    // SAFETY: the process may use the registers; the shapes are as the processor
    // defines them.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &SHAPES, options(nostack, preserves_flags)) };
}

#[repr(C, align(64))]
struct Sums<const G: usize>([[[i32; COLS]; GROUP]; G]);

/// Who computes the integers.
trait Multiplier {
    /// The dot products of a block, or of half of it, with `G` groups of rows: 16
    /// columns for each row.
    ///
    /// # Safety
    /// `weights` are 8 lines of 64 bytes (4 for half a block); `inputs` point to the
    /// rows of each group, 32 bytes apart.
    unsafe fn multiply<const G: usize>(
        &self,
        weights: *const u8,
        inputs: [*const i8; G],
        is_half: bool,
        sums: &mut Sums<G>,
    );
}

/// The processor's tile unit, its shapes set.
struct TileUnit;

impl Multiplier for TileUnit {
    #[inline(always)]
    unsafe fn multiply<const G: usize>(
        &self,
        weights: *const u8,
        inputs: [*const i8; G],
        is_half: bool,
        sums: &mut Sums<G>,
    ) {
        macro_rules! run {
            ([$($second:ident)?], $($line:literal),*) => {
                asm!(
                    $($line),*,
                    weights = in(reg) weights,
                    first = in(reg) inputs[0],
                    $($second = in(reg) inputs[G - 1],)?
                    out = in(reg) &raw mut *sums,
                    line = in(reg) 64usize,
                    row = in(reg) BLOCK,
                    options(nostack, preserves_flags)
                )
            };
        }
        // SAFETY: the caller's; the second group's sums lie 512 bytes on.
        unsafe {
            match (G, is_half) {
                (1, false) => run!(
                    [],
                    "tilezero tmm0",
                    "tileloadd tmm4, [{weights} + {line}*1]",
                    "tileloadd tmm2, [{first} + {row}*1]",
                    "tdpbssd tmm0, tmm2, tmm4",
                    "tilestored [{out} + {line}*1], tmm0"
                ),
                (1, true) => run!(
                    [],
                    "tilezero tmm0",
                    "tileloadd tmm7, [{weights} + {line}*1]",
                    "tileloadd tmm5, [{first} + {row}*1]",
                    "tdpbssd tmm0, tmm5, tmm7",
                    "tilestored [{out} + {line}*1], tmm0"
                ),
                (_, false) => run!(
                    [second],
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tileloadd tmm4, [{weights} + {line}*1]",
                    "tileloadd tmm2, [{first} + {row}*1]",
                    "tdpbssd tmm0, tmm2, tmm4",
                    "tileloadd tmm3, [{second} + {row}*1]",
                    "tdpbssd tmm1, tmm3, tmm4",
                    "tilestored [{out} + {line}*1], tmm0",
                    "tilestored [{out} + {line}*1 + 512], tmm1"
                ),
                (_, true) => run!(
                    [second],
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tileloadd tmm7, [{weights} + {line}*1]",
                    "tileloadd tmm5, [{first} + {row}*1]",
                    "tdpbssd tmm0, tmm5, tmm7",
                    "tileloadd tmm6, [{second} + {row}*1]",
                    "tdpbssd tmm1, tmm6, tmm7",
                    "tilestored [{out} + {line}*1], tmm0",
                    "tilestored [{out} + {line}*1 + 512], tmm1"
                ),
            }
        }
    }
}

/// Weights of one block as bytes, a line for each four inputs.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Unpacked([u8; COLS * BLOCK]);

/// `G` groups of rows with a tile; the multiplier computes the integers.
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn groups_by<const F: u8, const G: usize>(
    tile: &[u8],
    inputs: Inputs<'_>,
    ahead: Ahead<'_>,
    out: &mut TileOut,
    multiplier: impl Multiplier,
) {
    let blocks = inputs.acts.blocks;
    let fetch = Fetch::new(ahead, blocks);
    let (bytes, integers) = (format(F).block_bytes(), format(F).integer_bytes());
    let mut unpacked = [Unpacked([0; COLS * BLOCK]); 2 * AHEAD];
    let mut sums = [const { Sums::<G>([[[0; COLS]; GROUP]; G]) }; 2];
    let mut acc = [[_mm512_setzero_ps(); GROUP]; G];
    let groups: [Inputs<'_>; G] = std::array::from_fn(|g| inputs.group(g));
    let unpack_from = |unpacked: &mut [Unpacked], from: usize| {
        for b in from..blocks.min(from + AHEAD) {
            // SAFETY: the caller's.
            unsafe { unpack(tile.as_ptr().add(b * bytes), &mut unpacked[b % (2 * AHEAD)]) };
        }
    };
    if is_nibbles(F) {
        unpack_from(&mut unpacked, 0);
    }
    for b in 0..blocks {
        if is_nibbles(F) && b % AHEAD == 0 {
            unpack_from(&mut unpacked, b + AHEAD);
        }
        // SAFETY: the caller's; offsets are those of the packed formats.
        unsafe {
            let block = tile.as_ptr().add(b * bytes);
            fetch.block(b);
            let tail = block.add(integers);
            let weights = match is_nibbles(F) {
                true => unpacked[b % (2 * AHEAD)].0.as_ptr(),
                false => block,
            };
            for part in 0..parts(F) {
                let sums = &mut sums[(b + part) % 2];
                let from = part * BLOCK / parts(F);
                let rows = groups.map(|group| group.q(b).add(from));
                multiplier.multiply(weights.add(from * COLS), rows, parts(F) > 1, sums);
                let scale = x86_wide::wide_scales::<F>(tail, part);
                for g in 0..G {
                    for r in 0..GROUP {
                        let own = _mm512_set1_ps(groups[g].scale(r, b));
                        let step = _mm512_mul_ps(scale, own);
                        let dots = _mm512_load_si512(sums.0[g][r].as_ptr().cast());
                        acc[g][r] = _mm512_fmadd_ps(step, _mm512_cvtepi32_ps(dots), acc[g][r]);
                    }
                }
            }
            if has_min(F) {
                let min = x86_wide::wide_scales::<F>(tail, 1);
                for g in 0..G {
                    for r in 0..GROUP {
                        let own = _mm512_set1_ps(groups[g].sum(r, b));
                        acc[g][r] = _mm512_fmadd_ps(min, own, acc[g][r]);
                    }
                }
            }
        }
    }
    for g in 0..G {
        for r in 0..GROUP {
            // SAFETY: a row of `out` holds 16 floats.
            unsafe { _mm512_storeu_ps(out[g * GROUP + r].as_mut_ptr(), acc[g][r]) };
        }
    }
}

/// A block of nibbles as bytes: those of its first 16 inputs, then of its last.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn unpack(block: *const u8, to: &mut Unpacked) {
    let low = _mm512_set1_epi8(15);
    for g in 0..4 {
        // SAFETY: a block of nibbles is 256 bytes, its bytes 512.
        unsafe {
            let both = _mm512_loadu_si512(block.add(64 * g).cast());
            let high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
            let to = to.0.as_mut_ptr().add(64 * g);
            _mm512_store_si512(to.cast(), _mm512_and_si512(both, low));
            _mm512_store_si512(to.add(256).cast(), high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the tile unit computes, one number after another.
    struct Plain;

    impl Multiplier for Plain {
        unsafe fn multiply<const G: usize>(
            &self,
            weights: *const u8,
            inputs: [*const i8; G],
            is_half: bool,
            sums: &mut Sums<G>,
        ) {
            let lines = if is_half { 4 } else { 8 };
            for (sums, rows) in sums.0.iter_mut().zip(inputs) {
                for (r, sums) in sums.iter_mut().enumerate() {
                    for (c, sum) in sums.iter_mut().enumerate() {
                        let products = (0..4 * lines).map(|i| unsafe {
                            let weight = *weights.add(i / 4 * 64 + 4 * c + i % 4) as i8;
                            i32::from(weight) * i32::from(*rows.add(r * BLOCK + i))
                        });
                        *sum = products.sum();
                    }
                }
            }
        }
    }

    /// Everything but the assembly, where there is AVX-512; the assembly itself is
    /// compared with AVX-512 before its first use ([`available`]).
    #[test]
    fn groups_of_rows_have_the_bits_of_the_vectors() {
        if !Isa::available().contains(&Isa::Avx512) {
            eprintln!("skipped: this processor has no AVX-512 VNNI");
            return;
        }
        let cpu = Cpu::new(1).unwrap().with_isa(Isa::Avx512);
        let formats = [
            Format::Q4F16,
            Format::Q4F32,
            Format::Q8F16,
            Format::Q8F32,
            Format::Q8Min,
            Format::Q8Half,
        ];
        for format in formats {
            let (packed, acts) = sample(format, &cpu);
            let tile = packed.tile(0);
            let mut by_vector = TileOut::default();
            unsafe {
                by_vectors(format, tile, &acts, (0, 16), Ahead::NONE, &mut by_vector);
            }
            for groups in 1..=2 {
                let mut out = TileOut::default();
                let inputs = Inputs::new(&acts, 0);
                unsafe {
                    let out = &mut out;
                    dispatch!(
                        format,
                        groups,
                        [1, 2],
                        groups_by(tile, inputs, Ahead::NONE, out, Plain)
                    );
                }
                let n = groups * GROUP;
                assert_eq!(out[..n], by_vector[..n], "{format:?}, {groups} groups");
                assert!(by_vector.iter().flatten().any(|v| *v != 0.0));
            }
        }
    }

    #[test]
    fn the_tile_unit_is_used_or_said_to_be_missing() {
        match available() {
            Ok(true) => assert!(Isa::available().contains(&Isa::Amx)),
            Ok(false) => eprintln!("skipped: this processor has no AMX"),
            Err(why) => panic!("{why}"),
        }
    }
}
