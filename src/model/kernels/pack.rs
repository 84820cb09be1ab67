//! Weights repacked once at load into tiles that a kernel reads sequentially: 16 output
//! columns interleaved, blocks of 32 along the input.
//!
//! 4-bit blocks: 256 bytes of nibbles; byte `64g + 4c + j` holds, for column c, input
//! `4g + j` in its low and `16 + 4g + j` in its high nibble. 8-bit blocks: 512 signed
//! bytes, byte `64g + 4c + j` holding input `4g + j` of column c. Then the block's
//! scales, and its minimums if the format has them, for the 16 columns each. f32 tiles:
//! 16 columns interleaved per input.

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Result, bail};
use half::f16;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::blocks::{BLOCK, Block, Reader, reader};
use super::slab::AlignedBytes;
use crate::model::raw_matrix::RawMatrix;

/// Output columns per tile.
pub(crate) const COLS: usize = 16;

/// How weights are packed: width, block and scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nibbles; a scale and a minimum per 32, f16: Q4_0 and Q4_1, exactly.
    Q4F16,
    /// Nibbles; a scale and a minimum per 32, f32: Q4_K, exactly.
    Q4F32,
    /// Bytes; a scale per 32, f16: Q8_0, exactly.
    Q8F16,
    /// Bytes; a scale per 32, f32: for requantised weights; the error is at most half a
    /// step of 1/127 of the block's largest weight.
    Q8F32,
    /// Bytes; a scale and a minimum per 32, f32: Q5_0, Q5_1 and Q5_K, exactly.
    Q8Min,
    /// Bytes; a scale per 16, f32: Q3_K and Q6_K, exactly.
    Q8Half,
    /// Not quantized.
    F32,
}

impl Format {
    /// The format that represents a file's type exactly, or the closest one.
    pub(crate) fn of(dtype: GgmlDType) -> Self {
        match dtype {
            GgmlDType::Q4_0 | GgmlDType::Q4_1 => Format::Q4F16,
            GgmlDType::Q4K => Format::Q4F32,
            GgmlDType::Q8_0 => Format::Q8F16,
            GgmlDType::Q5_0 | GgmlDType::Q5_1 | GgmlDType::Q5K => Format::Q8Min,
            GgmlDType::Q3K | GgmlDType::Q6K => Format::Q8Half,
            GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16 => Format::F32,
            _ => Format::Q8F32,
        }
    }

    /// Bytes of a block's integers, before its scales.
    pub(crate) const fn integer_bytes(self) -> usize {
        match self {
            Format::Q4F16 | Format::Q4F32 => COLS * BLOCK / 2,
            Format::F32 => COLS * BLOCK * 4,
            _ => COLS * BLOCK,
        }
    }

    /// Bytes of one block of one tile.
    pub(crate) const fn block_bytes(self) -> usize {
        let scales = match self {
            Format::Q4F16 => COLS * 4,
            Format::Q4F32 | Format::Q8Min | Format::Q8Half => COLS * 8,
            Format::Q8F16 => COLS * 2,
            Format::Q8F32 => COLS * 4,
            Format::F32 => 0,
        };
        self.integer_bytes() + scales
    }
}

/// A packed weight matrix, (out_dim, in_dim).
pub struct Packed {
    /// How the weights are stored.
    pub format: Format,
    /// Rows of the matrix: values that come out.
    pub out_dim: usize,
    /// Columns of the matrix: values that go in.
    pub in_dim: usize,
    /// Blocks along the input.
    pub(crate) blocks: usize,
    data: AlignedBytes,
}

impl Packed {
    /// Packs a matrix from its file format, in parallel over its tiles.
    ///
    /// # Errors
    /// A type that candle cannot unpack.
    pub fn pack(raw: &RawMatrix<'_>) -> Result<Self> {
        let format = Format::of(raw.dtype);
        match reader(raw.dtype) {
            Some(read) => Ok(Self::from_blocks(format, raw, read)),
            None => Self::from_floats(format, raw.rows, raw.cols, &dequantize(raw)?),
        }
    }

    fn from_blocks(format: Format, raw: &RawMatrix<'_>, read: Reader) -> Self {
        let row_bytes = raw.bytes.len() / raw.rows.max(1);
        let mut packed = Self::zeros(format, raw.rows, raw.cols);
        packed.fill(|col, block| read(&raw.bytes[col * row_bytes..][..row_bytes], block));
        packed
    }

    /// Packs plain weights, row after row: (out_dim, in_dim).
    ///
    /// # Errors
    /// A number of weights that is not out_dim * in_dim; a 4-bit format.
    pub fn from_floats(format: Format, out_dim: usize, in_dim: usize, w: &[f32]) -> Result<Self> {
        if w.len() != out_dim * in_dim {
            bail!(
                "{} weights do not make a {out_dim} x {in_dim} matrix",
                w.len()
            );
        }
        let mut packed = Self::zeros(format, out_dim, in_dim);
        match format {
            Format::F32 => packed.fill_floats(w),
            Format::Q8F32 => packed.fill(|col, block| {
                let row = &w[col * in_dim..][..in_dim];
                Block::nearest(&row[block * BLOCK..row.len().min((block + 1) * BLOCK)])
            }),
            _ => bail!("plain weights are packed as f32 or as bytes with a scale per 32"),
        }
        Ok(packed)
    }

    /// A matrix of zeros.
    pub(crate) fn zeros(format: Format, out_dim: usize, in_dim: usize) -> Self {
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

    /// Tiles of 16 columns, the last one padded with zeros.
    pub(crate) fn n_tiles(&self) -> usize {
        self.out_dim.div_ceil(COLS)
    }

    pub(crate) fn tile_bytes(&self) -> usize {
        self.blocks * self.format.block_bytes()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.data.n_bytes()
    }

    /// The tiles, one after another.
    pub(crate) fn data(&self) -> &[u8] {
        self.data.as_slice()
    }

    /// The same, to be written.
    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        self.data.as_mut_slice()
    }

    pub(crate) fn tile(&self, tile: usize) -> &[u8] {
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
        let blocks = tile.chunks_exact(self.format.block_bytes());
        let mut row: Vec<f32> = blocks.flat_map(|b| unpack(self.format, b, c)).collect();
        row.truncate(self.in_dim);
        row
    }
}

/// A column of a packed block.
fn unpack(format: Format, bytes: &[u8], c: usize) -> [f32; BLOCK] {
    let (scale, min) = scale_and_min(format, bytes, c);
    std::array::from_fn(|i| match format {
        Format::F32 => f32_at(bytes, i * COLS + c),
        Format::Q4F16 | Format::Q4F32 => {
            let byte = bytes[place(i % 16, c)];
            scale[0] * f32::from(byte >> (i / 16 * 4) & 15) + min
        }
        _ => scale[i / 16] * f32::from(bytes[place(i, c)] as i8) + min,
    })
}

/// The byte of input `i` of column `c` among a block's integers.
fn place(i: usize, c: usize) -> usize {
    i / 4 * 4 * COLS + 4 * c + i % 4
}

fn f32_at(bytes: &[u8], index: usize) -> f32 {
    let b = &bytes[index * 4..index * 4 + 4];
    f32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

fn f16_at(bytes: &[u8], index: usize) -> f32 {
    f16::from_le_bytes([bytes[index * 2], bytes[index * 2 + 1]]).to_f32()
}

/// A column's scales (of the first and the last 16 inputs) and minimum in a
/// packed block.
pub(crate) fn scale_and_min(format: Format, block: &[u8], c: usize) -> ([f32; 2], f32) {
    let tail = &block[format.integer_bytes()..];
    match format {
        Format::Q4F16 => ([f16_at(tail, c); 2], f16_at(tail, COLS + c)),
        Format::Q4F32 | Format::Q8Min => ([f32_at(tail, c); 2], f32_at(tail, COLS + c)),
        Format::Q8F16 => ([f16_at(tail, c); 2], 0.0),
        Format::Q8F32 => ([f32_at(tail, c); 2], 0.0),
        Format::Q8Half => ([f32_at(tail, c), f32_at(tail, COLS + c)], 0.0),
        Format::F32 => ([1.0; 2], 0.0),
    }
}

fn write_block(format: Format, bytes: &mut [u8], c: usize, block: &Block) {
    for (i, &q) in block.q.iter().enumerate() {
        match format {
            Format::Q4F16 | Format::Q4F32 => bytes[place(i % 16, c)] |= (q as u8) << (i / 16 * 4),
            _ => bytes[place(i, c)] = q as u8,
        }
    }
    let tail = &mut bytes[format.integer_bytes()..];
    let mut put = |index: usize, value: f32| match format {
        Format::Q4F16 | Format::Q8F16 => {
            tail[2 * index..][..2].copy_from_slice(&f16::from_f32(value).to_le_bytes());
        }
        _ => tail[4 * index..][..4].copy_from_slice(&value.to_le_bytes()),
    };
    put(c, block.scale[0]);
    match format {
        Format::Q4F16 | Format::Q4F32 | Format::Q8Min => put(COLS + c, block.min),
        Format::Q8Half => put(COLS + c, block.scale[1]),
        _ => {}
    }
}

fn dequantize(raw: &RawMatrix<'_>) -> Result<Vec<f32>> {
    let storage = QStorage::from_data((&*raw.bytes).into(), &Device::Cpu, raw.dtype)?;
    QTensor::new(storage, (raw.rows, raw.cols))?
        .dequantize(&Device::Cpu)?
        .flatten_all()?
        .to_vec1()
}
