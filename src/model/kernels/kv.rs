//! The layout of keys and values on the CPU, and conversion of their numbers. Keys are in
//! tiles of 16 cache rows, dimension by dimension, so that 16 scores are computed at once;
//! values are row by row.

use candle_core::WithDType;
use half::f16;
use half::slice::HalfFloatSliceExt;

/// The storage type of keys and values. Arithmetic is in f32 either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = not_a_type)]
pub enum KvType {
    /// Half the memory; each number is rounded once, when written.
    #[default]
    F16,
    /// Full precision.
    F32,
}

impl KvType {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Bytes per number.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            KvType::F16 => 2,
            KvType::F32 => 4,
        }
    }
}

fn not_a_type(text: &str) -> String {
    format!("`{text}`: must be f16 or f32")
}

/// The numbers of a cache in their storage type.
pub(crate) enum Numbers {
    F16(Vec<f16>),
    F32(Vec<f32>),
}

/// A type that a cache can store.
pub(crate) trait Stored: WithDType {
    const TYPE: KvType;

    /// Rounds to the nearest, ties to even.
    fn round(from: &[f32], to: &mut [Self]);

    /// Exact conversion.
    fn widen(from: &[Self], to: &mut [f32]);

    /// The numbers if they have this type; otherwise an empty slice.
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

/// Cache rows in a tile of keys.
pub(crate) const TILE: usize = 16;

/// Head counts and the head dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heads {
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
}

impl Heads {
    /// Width of a row of queries, keys and values together.
    pub(crate) fn qkv_width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    pub(crate) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOrValue {
    Key,
    Value,
}

/// The layout of a layer's keys and values: head by head, so that each head is read
/// sequentially.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) heads: Heads,
    /// Cache rows, a whole number of tiles.
    rows: usize,
}

impl Places {
    pub(crate) fn new(heads: Heads, capacity: usize) -> Self {
        Places {
            heads,
            rows: capacity.next_multiple_of(TILE),
        }
    }

    /// Numbers in a layer's keys, and equally in its values.
    pub(crate) fn numbers(&self) -> usize {
        self.rows * self.heads.kv_width()
    }

    /// Numbers in a head's keys, and equally in its values.
    pub(crate) fn of_head(&self) -> usize {
        self.rows * self.heads.head_dim
    }

    /// Which kind part `i` of the memory holds, where each layer has its keys before its
    /// values, head by head.
    pub(crate) fn part(&self, i: usize) -> KeyOrValue {
        match i / self.heads.kv_heads % 2 {
            0 => KeyOrValue::Key,
            _ => KeyOrValue::Value,
        }
    }

    /// Index of the first number of a cache row's key in a head; consecutive dimensions are
    /// [`TILE`] apart.
    #[inline(always)]
    pub(crate) fn key_at(&self, slot: usize, kv_head: usize) -> usize {
        (kv_head * self.rows + slot / TILE * TILE) * self.heads.head_dim + slot % TILE
    }

    /// Index of the first number of a cache row's value in a head; rows are consecutive.
    #[inline(always)]
    pub(crate) fn value_at(&self, slot: usize, kv_head: usize) -> usize {
        (kv_head * self.rows + slot) * self.heads.head_dim
    }
}
