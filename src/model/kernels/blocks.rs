//! Blocks of 32 weights in ggml's file types (ggml-common.h), read into integers and
//! scales. Does not know the kernels' layouts.

use candle_core::quantized::GgmlDType;
use half::f16;

/// Inputs per block.
pub(crate) const BLOCK: usize = 32;

/// 32 weights of one row: weight i is `scale[i / 16] * q[i] + min`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) q: [i8; BLOCK],
    pub(crate) scale: [f32; 2],
    pub(crate) min: f32,
}

impl Block {
    fn uniform(q: [i8; BLOCK], scale: f32, min: f32) -> Self {
        Block {
            q,
            scale: [scale; 2],
            min,
        }
    }

    /// Signed bytes nearest to plain weights: the error is at most half of 1/127 of the
    /// largest one.
    pub(crate) fn nearest(values: &[f32]) -> Self {
        let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
        let scale = largest / 127.0;
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let mut q = [0i8; BLOCK];
        q.iter_mut()
            .zip(values)
            .for_each(|(q, v)| *q = (v * inverse).round() as i8);
        Block::uniform(q, scale, 0.0)
    }
}

/// Reads block `index` of a row.
pub(crate) type Reader = fn(row: &[u8], index: usize) -> Block;

/// How to read a type's blocks; `None` for types that have to be unpacked to
/// floats first.
pub(crate) fn reader(dtype: GgmlDType) -> Option<Reader> {
    Some(match dtype {
        GgmlDType::Q4_0 => q4_0,
        GgmlDType::Q4_1 => q4_1,
        GgmlDType::Q5_0 => q5_0,
        GgmlDType::Q5_1 => q5_1,
        GgmlDType::Q8_0 => q8_0,
        GgmlDType::Q3K => q3_k,
        GgmlDType::Q4K => q4_k,
        GgmlDType::Q5K => q5_k,
        GgmlDType::Q6K => q6_k,
        _ => return None,
    })
}

fn f16_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32()
}

/// Bytes to integers: `read(i)` for each weight.
fn integers(read: impl Fn(usize) -> u8) -> [i8; BLOCK] {
    std::array::from_fn(|i| read(i) as i8)
}

/// Low nibbles first, then the high ones.
fn nibble(bytes: &[u8], i: usize) -> u8 {
    bytes[i % 16] >> (i / 16 * 4) & 15
}

fn q4_0(row: &[u8], index: usize) -> Block {
    let b = &row[index * 18..][..18];
    let scale = f16_at(b, 0);
    Block::uniform(integers(|i| nibble(&b[2..], i)), scale, -8.0 * scale)
}

fn q4_1(row: &[u8], index: usize) -> Block {
    let b = &row[index * 20..][..20];
    Block::uniform(integers(|i| nibble(&b[4..], i)), f16_at(b, 0), f16_at(b, 2))
}

/// Bit `i` of four bytes, as the fifth bit of a weight.
fn fifth(bytes: &[u8], i: usize) -> u8 {
    (bytes[i / 8] >> (i % 8) & 1) << 4
}

fn q5_0(row: &[u8], index: usize) -> Block {
    let b = &row[index * 22..][..22];
    let scale = f16_at(b, 0);
    let q = integers(|i| nibble(&b[6..], i) | fifth(&b[2..6], i));
    Block::uniform(q, scale, -16.0 * scale)
}

fn q5_1(row: &[u8], index: usize) -> Block {
    let b = &row[index * 24..][..24];
    let q = integers(|i| nibble(&b[8..], i) | fifth(&b[4..8], i));
    Block::uniform(q, f16_at(b, 0), f16_at(b, 2))
}

fn q8_0(row: &[u8], index: usize) -> Block {
    let b = &row[index * 34..][..34];
    Block::uniform(integers(|i| b[2 + i]), f16_at(b, 0), 0.0)
}

/// The 6-bit scale and minimum of sub-block `sub` (of 8) of Q4_K and Q5_K.
fn scale_and_min_k(packed: &[u8], sub: usize) -> (f32, f32) {
    let (scale, min) = if sub < 4 {
        (packed[sub] & 63, packed[sub + 4] & 63)
    } else {
        let low = packed[sub + 4];
        (
            (low & 15) | (packed[sub - 4] >> 6 << 4),
            (low >> 4) | (packed[sub] >> 6 << 4),
        )
    };
    (f32::from(scale), f32::from(min))
}

/// Super-blocks of 256: two f16, 12 bytes of scales, 128 bytes of nibbles.
fn q4_k(row: &[u8], index: usize) -> Block {
    let (b, sub) = (&row[index / 8 * 144..][..144], index % 8);
    let (scale, min) = scale_and_min_k(&b[4..16], sub);
    let q = integers(|i| b[16 + sub / 2 * 32 + i] >> (sub % 2 * 4) & 15);
    Block::uniform(q, f16_at(b, 0) * scale, -(f16_at(b, 2) * min))
}

/// As Q4_K, with 32 bytes of fifth bits before the nibbles.
fn q5_k(row: &[u8], index: usize) -> Block {
    let (b, sub) = (&row[index / 8 * 176..][..176], index % 8);
    let (scale, min) = scale_and_min_k(&b[4..16], sub);
    let q = integers(|i| {
        let low = b[48 + sub / 2 * 32 + i] >> (sub % 2 * 4) & 15;
        low | (b[16 + i] >> sub & 1) << 4
    });
    Block::uniform(q, f16_at(b, 0) * scale, -(f16_at(b, 2) * min))
}

/// Super-blocks of 256: 128 bytes of low nibbles, 64 of high pairs, 16 signed
/// scales of 16 weights each, one f16.
fn q6_k(row: &[u8], index: usize) -> Block {
    let (b, sub) = (&row[index / 8 * 210..][..210], index % 8);
    let (half, part) = (sub / 4, sub % 4);
    let (low, high) = (half * 64 + part % 2 * 32, 128 + half * 32);
    let q = std::array::from_fn(|i| {
        let value = (b[low + i] >> (part / 2 * 4) & 15) | (b[high + i] >> (2 * part) & 3) << 4;
        value as i8 - 32
    });
    let scale = |i: usize| f16_at(b, 208) * f32::from(b[192 + 2 * sub + i] as i8);
    Block {
        q,
        scale: [scale(0), scale(1)],
        min: 0.0,
    }
}

/// Super-blocks of 256: 32 bytes of high bits, 64 of low pairs, 12 of 6-bit
/// scales of 16 weights each, one f16.
fn q3_k(row: &[u8], index: usize) -> Block {
    let (b, sub) = (&row[index / 8 * 110..][..110], index % 8);
    let (half, part) = (sub / 4, sub % 4);
    let q = std::array::from_fn(|i| {
        let low = b[32 + half * 32 + i] >> (2 * part) & 3;
        low as i8 - if b[i] >> sub & 1 == 1 { 0 } else { 4 }
    });
    let packed = &b[96..108];
    let scale = |i: usize| {
        let low = packed[i % 8] >> (i / 8 * 4) & 15;
        let high = packed[8 + i % 4] >> (i / 4 * 2) & 3;
        f16_at(b, 108) * f32::from((low | high << 4) as i8 - 32)
    };
    Block {
        q,
        scale: [scale(2 * sub), scale(2 * sub + 1)],
        min: 0.0,
    }
}
