//! The product of a few rows of activations with a packed weight matrix, tile by tile.
//! The order of operations for an output depends only on its row and column. This file
//! has the plain paths and the choice between paths.

use super::Isa;
use super::activation::index;
use super::blocks::BLOCK;
use super::pack::{COLS, Format, Packed, scale_and_min};
use super::tile::{TileOut, TileRows};
#[cfg(target_arch = "x86_64")]
use super::{x86_amx, x86_narrow, x86_wide};

/// Multiplies rows (at most [`Isa::rows_at_once`]) with a tile.
pub(crate) fn tile_product(
    isa: Isa,
    packed: &Packed,
    tile: usize,
    rows: TileRows<'_>,
    out: &mut TileOut,
) {
    let bytes = packed.tile(tile);
    let TileRows { acts, first, n, .. } = rows;
    debug_assert!(first + n <= acts.rows && n <= isa.rows_at_once());
    debug_assert!(
        packed.format == Format::F32 || bytes.len() == acts.blocks * packed.format.block_bytes()
    );
    match (packed.format, isa) {
        (Format::F32, Isa::Portable) => floats::<false>(bytes, rows, out),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX2 and FMA (`Isa::detect`).
        (Format::F32, _) => unsafe { floats_avx2(bytes, rows, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has them; every pointer stays inside the tile and the
        // rows, whose sizes agree (above).
        (format, Isa::Avx512) => unsafe {
            x86_wide::tile(format, bytes, rows, out);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (format, Isa::Amx) => unsafe { x86_amx::tile(format, bytes, rows, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (format, Isa::Avx2 | Isa::AvxVnni | Isa::Vnni) => unsafe {
            x86_narrow::tile(isa, format, bytes, rows, out);
        },
        (format, _) => portable(format, bytes, rows, out),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn floats_avx2(tile: &[u8], rows: TileRows<'_>, out: &mut TileOut) {
    floats::<true>(tile, rows, out);
}

#[inline(always)]
fn floats<const FMA: bool>(tile: &[u8], rows: TileRows<'_>, out: &mut TileOut) {
    let TileRows { acts, first, n, .. } = rows;
    for (r, out) in out.iter_mut().enumerate().take(n) {
        let x = &acts.plain[(first + r) * acts.in_dim..][..acts.in_dim];
        let mut sums = [0f32; COLS];
        for (value, weights) in x.iter().zip(tile.chunks_exact(COLS * 4)) {
            for (sum, w) in sums.iter_mut().zip(weights.chunks_exact(4)) {
                let weight = f32::from_le_bytes([w[0], w[1], w[2], w[3]]);
                *sum = if FMA {
                    value.mul_add(weight, *sum)
                } else {
                    *sum + value * weight
                };
            }
        }
        *out = sums;
    }
}

fn portable(format: Format, tile: &[u8], rows: TileRows<'_>, out: &mut TileOut) {
    let TileRows { acts, first, n, .. } = rows;
    out[..n].fill([0.0; COLS]);
    for (b, block) in tile.chunks_exact(format.block_bytes()).enumerate() {
        let mut scales = [[0f32; COLS]; 2];
        let mut mins = [0f32; COLS];
        for c in 0..COLS {
            let (scale, min) = scale_and_min(format, block, c);
            (scales[0][c], scales[1][c], mins[c]) = (scale[0], scale[1], min);
        }
        for (r, out) in out.iter_mut().enumerate().take(n) {
            let at = index(first + r, b, acts.blocks);
            let dots = block_dots(format, block, &acts.q[at * BLOCK..][..BLOCK]);
            let (scale, sum) = (acts.scale[at], acts.sum[at]);
            for c in 0..COLS {
                out[c] += scales[0][c] * scale * dots[0][c] as f32;
                out[c] += scales[1][c] * scale * dots[1][c] as f32;
                out[c] += mins[c] * sum;
            }
        }
    }
}

/// Dot products of the first and the last 16 inputs; formats with one scale
/// have it all in the first.
#[inline(always)]
fn block_dots(format: Format, block: &[u8], q: &[i8]) -> [[i32; COLS]; 2] {
    let mut dots = [[0i32; COLS]; 2];
    let groups = block[..format.integer_bytes()].chunks_exact(4 * COLS);
    for (g, bytes) in groups.enumerate() {
        match format {
            Format::Q4F16 | Format::Q4F32 => {
                add_group(&mut dots[0], bytes, &q[4 * g..], |b| i32::from(b & 15));
                add_group(&mut dots[0], bytes, &q[16 + 4 * g..], |b| i32::from(b >> 4));
            }
            _ => {
                let half = usize::from(format == Format::Q8Half && g >= 4);
                add_group(&mut dots[half], bytes, &q[4 * g..], |b| i32::from(b as i8));
            }
        }
    }
    dots
}

#[inline(always)]
fn add_group(dots: &mut [i32; COLS], bytes: &[u8], q: &[i8], weight: impl Fn(u8) -> i32) {
    for (dot, bytes) in dots.iter_mut().zip(bytes.chunks_exact(4)) {
        for j in 0..4 {
            *dot += weight(bytes[j]) * i32::from(q[j]);
        }
    }
}
