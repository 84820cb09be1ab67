//! Weights repacked once at load into tiles that a kernel reads front to back:
//! 8 output columns side by side, blocks of 32 along the input.
//!
//! 4-bit tiles (exact for Q4_0, Q4_1, Q4_K): per block 128 bytes of nibbles,
//! then 8 scales and 8 minimums. Byte `32g + 4c + j` holds, for column c, input
//! `4g + j` in its low and `16 + 4g + j` in its high nibble.
//! 8-bit tiles (exact for Q8_0; other types are requantised, at most half a
//! step of 1/127 of the block's largest weight off): per block 256 bytes, byte
//! `32g + 4c + j` holding input `4g + j` of column c, then 8 scales.
//! f32 tiles: 8 columns side by side per input.

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Result, bail};
use half::f16;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use crate::model::gguf::RawMatrix;

/// Output columns per tile.
pub const COLS: usize = 8;
/// Inputs per block.
pub const BLOCK: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nibbles, scales and minimums f16: types whose scales are f16 already.
    Q4F16,
    /// Nibbles, scales and minimums f32.
    Q4F32,
    /// Signed bytes, scales f32.
    Q8,
    F32,
}

impl Format {
    /// The format that keeps a file's type exactly, or comes nearest to it.
    pub fn of(dtype: GgmlDType) -> Self {
        match dtype {
            GgmlDType::Q4_0 | GgmlDType::Q4_1 => Format::Q4F16,
            GgmlDType::Q4K => Format::Q4F32,
            GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16 => Format::F32,
            _ => Format::Q8,
        }
    }

    /// Bytes of one block of one tile.
    pub const fn block_bytes(self) -> usize {
        match self {
            Format::Q4F16 => COLS * BLOCK / 2 + COLS * 4,
            Format::Q4F32 => COLS * BLOCK / 2 + COLS * 8,
            Format::Q8 => COLS * BLOCK + COLS * 4,
            Format::F32 => COLS * BLOCK * 4,
        }
    }
}

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [u8; 64]);

/// Bytes that begin at a cache line.
pub struct AlignedBytes {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedBytes {
    fn zeroed(len: usize) -> Self {
        AlignedBytes {
            lines: vec![Line([0; 64]); len.div_ceil(64)],
            len,
        }
    }

    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `lines` holds at least `len` initialised bytes.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// A packed weight matrix, (out_dim, in_dim).
pub struct Packed {
    pub format: Format,
    pub out_dim: usize,
    pub in_dim: usize,
    /// Blocks along the input.
    pub blocks: usize,
    data: AlignedBytes,
}

/// One block of one column: what a file's block says, unpacked.
struct Block {
    q: [i8; BLOCK],
    scale: f32,
    min: f32,
}

impl Packed {
    /// Packs a matrix as it lies in the file, in parallel over its tiles.
    ///
    /// # Errors
    /// A type that candle cannot unpack.
    pub fn pack(raw: &RawMatrix<'_>) -> Result<Self> {
        let format = Format::of(raw.dtype);
        match raw.dtype {
            GgmlDType::Q4_0 | GgmlDType::Q4_1 | GgmlDType::Q4K | GgmlDType::Q8_0 => {
                Self::from_blocks(format, raw)
            }
            _ => Self::from_floats(format, raw.rows, raw.cols, &dequantize(raw)?),
        }
    }

    fn from_blocks(format: Format, raw: &RawMatrix<'_>) -> Result<Self> {
        let row_bytes = raw.bytes.len() / raw.rows.max(1);
        let mut packed = Self::empty(format, raw.rows, raw.cols);
        packed.fill(|col, block| {
            let row = &raw.bytes[col * row_bytes..][..row_bytes];
            read_block(raw.dtype, row, block)
        });
        Ok(packed)
    }

    /// Packs plain weights, row after row: (out_dim, in_dim).
    pub fn from_floats(format: Format, out_dim: usize, in_dim: usize, w: &[f32]) -> Result<Self> {
        if w.len() != out_dim * in_dim {
            bail!(
                "{} weights do not make a {out_dim} x {in_dim} matrix",
                w.len()
            );
        }
        let mut packed = Self::empty(format, out_dim, in_dim);
        match format {
            Format::F32 => packed.fill_floats(w),
            Format::Q8 => packed.fill(|col, block| {
                let row = &w[col * in_dim..][..in_dim];
                quantize_8(&row[block * BLOCK..row.len().min((block + 1) * BLOCK)])
            }),
            _ => bail!("plain weights are not packed to 4 bits"),
        }
        Ok(packed)
    }

    fn empty(format: Format, out_dim: usize, in_dim: usize) -> Self {
        let blocks = in_dim.div_ceil(BLOCK);
        let bytes = out_dim.div_ceil(COLS) * blocks * format.block_bytes();
        Packed {
            format,
            out_dim,
            in_dim,
            blocks,
            data: AlignedBytes::zeroed(bytes),
        }
    }

    /// Tiles of 8 columns, the last one padded with zeros.
    pub fn n_tiles(&self) -> usize {
        self.out_dim.div_ceil(COLS)
    }

    pub fn tile_bytes(&self) -> usize {
        self.blocks * self.format.block_bytes()
    }

    pub fn bytes(&self) -> usize {
        self.data.len
    }

    pub fn tile(&self, tile: usize) -> &[u8] {
        &self.data.as_slice()[tile * self.tile_bytes()..][..self.tile_bytes()]
    }

    fn fill(&mut self, read: impl Fn(usize, usize) -> Block + Sync) {
        let (format, blocks) = (self.format, self.blocks);
        self.fill_columns(|tile, c, col| {
            for block in 0..blocks {
                let bytes = &mut tile[block * format.block_bytes()..][..format.block_bytes()];
                write_block(format, bytes, c, &read(col, block));
            }
        });
    }

    fn fill_floats(&mut self, w: &[f32]) {
        let in_dim = self.in_dim;
        self.fill_columns(|tile, c, col| {
            for (k, value) in w[col * in_dim..][..in_dim].iter().enumerate() {
                tile[(k * COLS + c) * 4..][..4].copy_from_slice(&value.to_le_bytes());
            }
        });
    }

    /// Calls `fill(tile, c, col)` for every output column `col`, which is column
    /// `c` of its tile; in parallel over the tiles.
    fn fill_columns(&mut self, fill: impl Fn(&mut [u8], usize, usize) + Sync) {
        let out_dim = self.out_dim;
        let tile_bytes = self.tile_bytes().max(1);
        let tiles = self.data.as_mut_slice().par_chunks_mut(tile_bytes);
        tiles.enumerate().for_each(|(t, tile)| {
            (0..COLS)
                .filter(|c| t * COLS + c < out_dim)
                .for_each(|c| fill(tile, c, t * COLS + c));
        });
    }

    /// One row of the matrix, unpacked: an embedding of a tied head.
    ///
    /// Shape: (in_dim).
    pub fn row(&self, out: usize) -> Vec<f32> {
        let (tile, c) = (self.tile(out / COLS), out % COLS);
        (0..self.in_dim).map(|k| self.value(tile, c, k)).collect()
    }

    fn value(&self, tile: &[u8], c: usize, k: usize) -> f32 {
        let (block, i) = (k / BLOCK, k % BLOCK);
        let bytes = &tile[block * self.format.block_bytes()..][..self.format.block_bytes()];
        let (scale, min) = scale_and_min(self.format, bytes, c);
        let at = (i % 16) / 4 * 32 + 4 * c + i % 4;
        match self.format {
            Format::Q4F16 | Format::Q4F32 => {
                let nibble = if i < 16 {
                    bytes[at] & 15
                } else {
                    bytes[at] >> 4
                };
                scale * f32::from(nibble) + min
            }
            Format::Q8 => scale * f32::from(bytes[i / 4 * 32 + 4 * c + i % 4] as i8),
            Format::F32 => f32_at(bytes, i * COLS + c),
        }
    }
}

fn f32_at(bytes: &[u8], index: usize) -> f32 {
    let b = &bytes[index * 4..index * 4 + 4];
    f32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

fn f16_at(bytes: &[u8], index: usize) -> f32 {
    f16::from_le_bytes([bytes[index * 2], bytes[index * 2 + 1]]).to_f32()
}

/// A column's (scale, minimum) in a packed block.
pub fn scale_and_min(format: Format, block: &[u8], c: usize) -> (f32, f32) {
    match format {
        Format::Q4F16 => (f16_at(&block[128..], c), f16_at(&block[144..], c)),
        Format::Q4F32 => (f32_at(&block[128..], c), f32_at(&block[160..], c)),
        Format::Q8 => (f32_at(&block[256..], c), 0.0),
        Format::F32 => (1.0, 0.0),
    }
}

fn write_block(format: Format, bytes: &mut [u8], c: usize, block: &Block) {
    let f16_bytes = |x: f32| f16::from_f32(x).to_le_bytes();
    for i in 0..BLOCK {
        match format {
            Format::Q8 => bytes[i / 4 * 32 + 4 * c + i % 4] = block.q[i] as u8,
            _ => {
                let shift = if i < 16 { 0 } else { 4 };
                bytes[i % 16 / 4 * 32 + 4 * c + i % 4] |= (block.q[i] as u8) << shift;
            }
        }
    }
    match format {
        Format::Q4F16 => {
            bytes[128 + 2 * c..][..2].copy_from_slice(&f16_bytes(block.scale));
            bytes[144 + 2 * c..][..2].copy_from_slice(&f16_bytes(block.min));
        }
        Format::Q4F32 => {
            bytes[128 + 4 * c..][..4].copy_from_slice(&block.scale.to_le_bytes());
            bytes[160 + 4 * c..][..4].copy_from_slice(&block.min.to_le_bytes());
        }
        _ => bytes[256 + 4 * c..][..4].copy_from_slice(&block.scale.to_le_bytes()),
    }
}

/// Block `block` (of 32) of a row in one of ggml's layouts (ggml-common.h).
fn read_block(dtype: GgmlDType, row: &[u8], block: usize) -> Block {
    match dtype {
        GgmlDType::Q4_0 => {
            let b = &row[block * 18..][..18];
            let scale = f16_at(b, 0);
            Block {
                q: nibbles(&b[2..18]),
                scale,
                min: -8.0 * scale,
            }
        }
        GgmlDType::Q4_1 => {
            let b = &row[block * 20..][..20];
            Block {
                q: nibbles(&b[4..20]),
                scale: f16_at(b, 0),
                min: f16_at(b, 1),
            }
        }
        GgmlDType::Q4K => read_q4k(&row[block / 8 * 144..][..144], block % 8),
        _ => {
            let b = &row[block * 34..][..34];
            let mut q = [0i8; BLOCK];
            q.iter_mut()
                .zip(&b[2..34])
                .for_each(|(q, &byte)| *q = byte as i8);
            Block {
                q,
                scale: f16_at(b, 0),
                min: 0.0,
            }
        }
    }
}

fn nibbles(bytes: &[u8]) -> [i8; BLOCK] {
    let mut q = [0i8; BLOCK];
    for (i, &byte) in bytes.iter().enumerate() {
        q[i] = (byte & 15) as i8;
        q[i + 16] = (byte >> 4) as i8;
    }
    q
}

/// Sub-block `sub` (of 8) of a Q4_K super-block of 256: two f16, 12 bytes of
/// 6-bit scales and minimums, 128 bytes of nibbles.
fn read_q4k(b: &[u8], sub: usize) -> Block {
    let packed = &b[4..16];
    let (scale, min) = if sub < 4 {
        (packed[sub] & 63, packed[sub + 4] & 63)
    } else {
        let low = packed[sub + 4];
        (
            (low & 15) | (packed[sub - 4] >> 6 << 4),
            (low >> 4) | (packed[sub] >> 6 << 4),
        )
    };
    let shift = if sub.is_multiple_of(2) { 0 } else { 4 };
    let mut q = [0i8; BLOCK];
    let nibble_bytes = &b[16 + sub / 2 * 32..][..32];
    q.iter_mut()
        .zip(nibble_bytes)
        .for_each(|(q, &byte)| *q = (byte >> shift & 15) as i8);
    Block {
        q,
        scale: f16_at(b, 0) * f32::from(scale),
        min: -(f16_at(b, 1) * f32::from(min)),
    }
}

fn quantize_8(values: &[f32]) -> Block {
    let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut q = [0i8; BLOCK];
    q.iter_mut()
        .zip(values)
        .for_each(|(q, v)| *q = (v * inverse).round() as i8);
    Block { q, scale, min: 0.0 }
}

fn dequantize(raw: &RawMatrix<'_>) -> Result<Vec<f32>> {
    let storage = QStorage::from_data(raw.bytes.into(), &Device::Cpu, raw.dtype)?;
    QTensor::new(storage, (raw.rows, raw.cols))?
        .dequantize(&Device::Cpu)?
        .flatten_all()?
        .to_vec1()
}
