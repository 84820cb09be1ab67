//! Where keys and values lie on the CPU. Keys lie in tiles of 16 cache rows,
//! dimension by dimension, so that 16 scores are computed at a time; values lie
//! row by row.

use candle_core::WithDType;
use half::f16;
use half::slice::HalfFloatSliceExt;

/// The type that keys and values are stored as. Arithmetic is in f32 either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = not_a_type)]
pub enum KvType {
    /// Half the memory; each number is rounded once, when it is written.
    #[default]
    F16,
    F32,
}

impl KvType {
    /// As the command line spells it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Bytes of a number.
    pub fn bytes(self) -> u64 {
        match self {
            KvType::F16 => 2,
            KvType::F32 => 4,
        }
    }
}

fn not_a_type(text: &str) -> String {
    format!("`{text}`: must be f16 or f32")
}

/// Numbers of a cache.
pub enum Numbers {
    F16(Vec<f16>),
    F32(Vec<f32>),
}

/// A number of the cache.
pub trait Stored: WithDType {
    const TYPE: KvType;

    /// Rounds to the nearest, ties to even.
    fn round(from: &[f32], to: &mut [Self]);

    /// Exact.
    fn widen(from: &[Self], to: &mut [f32]);

    /// The numbers where they are of this type; otherwise none.
    fn of(numbers: &Numbers) -> &[Self];
}

impl Stored for f32 {
    const TYPE: KvType = KvType::F32;

    #[inline(always)]
    fn round(from: &[f32], to: &mut [Self]) {
        to.copy_from_slice(from);
    }

    #[inline(always)]
    fn widen(from: &[Self], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    fn of(numbers: &Numbers) -> &[Self] {
        match numbers {
            Numbers::F32(all) => all,
            Numbers::F16(_) => &[],
        }
    }
}

impl Stored for f16 {
    const TYPE: KvType = KvType::F16;

    fn round(from: &[f32], to: &mut [Self]) {
        to.convert_from_f32_slice(from);
    }

    fn widen(from: &[Self], to: &mut [f32]) {
        from.convert_to_f32_slice(to);
    }

    fn of(numbers: &Numbers) -> &[Self] {
        match numbers {
            Numbers::F16(all) => all,
            Numbers::F32(_) => &[],
        }
    }
}

/// Cache rows of a tile of keys.
pub const TILE: usize = 16;

/// The heads of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
}

impl Heads {
    /// Of a row of queries, keys and values side by side.
    pub fn qkv_width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrValue {
    Key,
    Value,
}

/// Where the keys and values of a layer lie: head by head, so that each is read
/// front to back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub heads: Heads,
    /// Cache rows, whole tiles of them.
    rows: usize,
}

impl Places {
    pub fn new(heads: Heads, capacity: usize) -> Self {
        Places {
            heads,
            rows: capacity.next_multiple_of(TILE),
        }
    }

    /// Numbers of the keys, and as many of the values.
    pub fn numbers(&self) -> usize {
        self.rows * self.heads.kv_width()
    }

    /// Numbers of a head's keys, and as many of its values.
    pub fn of_head(&self) -> usize {
        self.rows * self.heads.head_dim
    }

    /// What part `i` holds of keys and values that lie layer by layer, of each layer the
    /// keys before the values, and head by head.
    pub fn part(&self, i: usize) -> KeyOrValue {
        match i / self.heads.kv_heads % 2 {
            0 => KeyOrValue::Key,
            _ => KeyOrValue::Value,
        }
    }

    /// Where a cache row's key of a head begins; its next dimension is
    /// [`TILE`] numbers on.
    #[inline(always)]
    pub fn key_at(&self, slot: usize, kv_head: usize) -> usize {
        (kv_head * self.rows + slot / TILE * TILE) * self.heads.head_dim + slot % TILE
    }

    /// Where a cache row's value of a head begins; the next row's follows.
    #[inline(always)]
    pub fn value_at(&self, slot: usize, kv_head: usize) -> usize {
        (kv_head * self.rows + slot) * self.heads.head_dim
    }
}
