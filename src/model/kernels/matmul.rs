//! The product of a few rows of activations with a packed weight matrix, tile
//! by tile. The order of operations for one output is fixed by its row and
//! column alone. This file holds the plain path and the choice between paths.

use super::Isa;
use super::activation::Activations;
use super::pack::{BLOCK, COLS, Format, Packed, scale_and_min};

/// Rows that one pass over a tile multiplies at a time.
pub const ROWS_AT_ONCE: usize = 4;

/// A tile's results for up to [`ROWS_AT_ONCE`] rows.
pub type TileOut = [[f32; COLS]; ROWS_AT_ONCE];

/// The rows to multiply: quantised for the integer formats, plain for f32.
pub struct Rows<'a> {
    /// Shape (rows, in_dim).
    pub plain: &'a [f32],
    pub in_dim: usize,
    pub quantized: &'a Activations,
}

/// Multiplies rows `first..first + n` (n at most [`ROWS_AT_ONCE`]) with a tile.
pub fn tile_product(
    isa: Isa,
    packed: &Packed,
    tile: usize,
    rows: &Rows<'_>,
    first: usize,
    n: usize,
) -> TileOut {
    let bytes = packed.tile(tile);
    match (packed.format, isa) {
        (Format::F32, _) => floats(bytes, rows, first, n),
        #[cfg(target_arch = "x86_64")]
        (_, Isa::Avx2 | Isa::Vnni) => {
            super::x86::tile(isa, packed.format, bytes, rows.quantized, first, n)
        }
        _ => portable(packed.format, bytes, rows.quantized, first, n),
    }
}

fn floats(tile: &[u8], rows: &Rows<'_>, first: usize, n: usize) -> TileOut {
    let mut out = [[0f32; COLS]; ROWS_AT_ONCE];
    for (r, out) in out.iter_mut().enumerate().take(n) {
        let x = &rows.plain[(first + r) * rows.in_dim..][..rows.in_dim];
        for (k, &value) in x.iter().enumerate() {
            let weights = &tile[k * COLS * 4..][..COLS * 4];
            for c in 0..COLS {
                let w = &weights[c * 4..c * 4 + 4];
                out[c] += value * f32::from_le_bytes([w[0], w[1], w[2], w[3]]);
            }
        }
    }
    out
}

fn portable(format: Format, tile: &[u8], acts: &Activations, first: usize, n: usize) -> TileOut {
    let mut out = [[0f32; COLS]; ROWS_AT_ONCE];
    for (b, block) in tile.chunks_exact(format.block_bytes()).enumerate() {
        for (r, out) in out.iter_mut().enumerate().take(n) {
            let at = (first + r) * acts.blocks + b;
            let dots = block_dots(format, block, &acts.q[at * BLOCK..][..BLOCK]);
            for (c, dot) in dots.iter().enumerate() {
                let (scale, min) = scale_and_min(format, block, c);
                out[c] += (scale * acts.scale[at]) * *dot as f32;
                out[c] += min * acts.sum[at];
            }
        }
    }
    out
}

fn block_dots(format: Format, block: &[u8], q: &[i8]) -> [i32; COLS] {
    let mut dots = [0i32; COLS];
    for (i, bytes) in block.chunks_exact(4).enumerate() {
        let (g, c) = (i / COLS, i % COLS);
        match format {
            Format::Q8 if g < 8 => {
                for j in 0..4 {
                    dots[c] += i32::from(bytes[j] as i8) * i32::from(q[4 * g + j]);
                }
            }
            Format::Q4F16 | Format::Q4F32 if g < 4 => {
                for j in 0..4 {
                    dots[c] += i32::from(bytes[j] & 15) * i32::from(q[4 * g + j]);
                    dots[c] += i32::from(bytes[j] >> 4) * i32::from(q[16 + 4 * g + j]);
                }
            }
            _ => break,
        }
    }
    dots
}
