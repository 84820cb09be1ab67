//! Where keys and values lie on the CPU, and how they get there. Keys lie in
//! tiles of 16 cache rows, dimension by dimension, so that 16 scores are
//! computed at a time; values lie row by row.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, WithDType, bail};
use half::f16;
use half::slice::HalfFloatSliceExt;

use super::Cpu;
use super::storage::slice;
use super::thread_pool::DisjointSlices;

/// The type that keys and values are stored as. Arithmetic is in f32 either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = not_a_type)]
pub enum KvType {
    /// Half the memory; each number is rounded once, when it is written.
    #[default]
    F16,
    /// Full precision.
    F32,
}

impl KvType {
    /// As the command line spells it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Bytes of a number.
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

/// A number of the cache.
pub(crate) trait Stored: WithDType {
    const TYPE: KvType;

    /// Rounds to the nearest, ties to even.
    fn round(from: &[f32], to: &mut [Self]);

    /// Exact.
    fn widen(from: &[Self], to: &mut [f32]);
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
}

impl Stored for f16 {
    const TYPE: KvType = KvType::F16;

    fn round(from: &[f32], to: &mut [Self]) {
        to.convert_from_f32_slice(from);
    }

    fn widen(from: &[Self], to: &mut [f32]) {
        from.convert_to_f32_slice(to);
    }
}

/// Cache rows of a tile of keys.
pub(crate) const TILE: usize = 16;

/// The heads of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heads {
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
}

impl Heads {
    /// Of a row of queries, keys and values side by side.
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

/// Where the keys and values of a layer lie: head by head, so that each is read
/// front to back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) heads: Heads,
    /// Cache rows, whole tiles of them.
    rows: usize,
}

impl Places {
    pub(crate) fn new(heads: Heads, capacity: usize) -> Self {
        Places {
            heads,
            rows: capacity.next_multiple_of(TILE),
        }
    }

    /// Numbers of the keys, and as many of the values.
    pub(crate) fn numbers(&self) -> usize {
        self.rows * self.heads.kv_width()
    }

    /// Numbers of a head's keys, and as many of its values.
    fn of_head(&self) -> usize {
        self.rows * self.heads.head_dim
    }

    /// What part `i` holds of keys and values that lie layer by layer, of each layer the
    /// keys before the values, and head by head.
    fn part(&self, i: usize) -> KeyOrValue {
        match i / self.heads.kv_heads % 2 {
            0 => KeyOrValue::Key,
            _ => KeyOrValue::Value,
        }
    }

    /// Where a cache row's key of a head begins; its next dimension is
    /// [`TILE`] numbers on.
    #[inline(always)]
    pub(crate) fn key_at(&self, slot: usize, kv_head: usize) -> usize {
        (kv_head * self.rows + slot / TILE * TILE) * self.heads.head_dim + slot % TILE
    }

    /// Where a cache row's value of a head begins; the next row's follows.
    #[inline(always)]
    pub(crate) fn value_at(&self, slot: usize, kv_head: usize) -> usize {
        (kv_head * self.rows + slot) * self.heads.head_dim
    }
}

/// Writes keys and values of a pass, out of qkv of shape (n, qkv_width), into a
/// layer's, keys before values, from cache row `at` on.
pub(crate) struct Append<'a> {
    pub(crate) places: Places,
    pub(crate) at: usize,
    pub(crate) cpu: &'a Cpu,
}

impl InplaceOp2 for Append<'_> {
    fn name(&self) -> &'static str {
        "append-to-cache"
    }

    fn cpu_fwd(
        &self,
        cache: &mut CpuStorage,
        layout: &Layout,
        qkv: &CpuStorage,
        qkv_layout: &Layout,
    ) -> Result<()> {
        let qkv = slice(qkv, qkv_layout)?;
        match numbers(cache, layout)? {
            Numbers::F16(cache) => self.write(cache, qkv),
            Numbers::F32(cache) => self.write(cache, qkv),
        }
        Ok(())
    }
}

/// Rows below this number are written by the caller alone.
const ALONE: usize = 8;

impl Append<'_> {
    fn write<S: Stored>(&self, cache: &mut [S], qkv: &[f32]) {
        let Heads {
            heads,
            kv_heads,
            head_dim,
        } = self.places.heads;
        let (of_head, cache) = (self.places.of_head(), DisjointSlices::new(cache));
        let write = |part: usize| {
            // SAFETY: each task has a part of its own.
            let to = unsafe { cache.slice(part * of_head, of_head) };
            let mut stored = vec![S::from_f64(0.0); head_dim];
            let rows = qkv.chunks_exact(self.places.heads.qkv_width());
            for (slot, row) in (self.at..).zip(rows) {
                S::round(&row[(heads + part) * head_dim..][..head_dim], &mut stored);
                match self.places.part(part) {
                    KeyOrValue::Key => {
                        let to = to[self.places.key_at(slot, 0)..].iter_mut().step_by(TILE);
                        to.zip(&stored).for_each(|(to, x)| *to = *x);
                    }
                    KeyOrValue::Value => {
                        let at = self.places.value_at(slot, 0);
                        to[at..at + head_dim].copy_from_slice(&stored);
                    }
                }
            }
        };
        if qkv.len() < ALONE * self.places.heads.qkv_width() {
            (0..2 * kv_heads).for_each(write);
        } else {
            self.cpu.pool.run(2 * kv_heads, write);
        }
    }
}

/// Moves cache rows (ascending, none before `to`) of every layer together at `to`.
pub(crate) struct Gather<'a> {
    pub(crate) places: Places,
    pub(crate) rows: &'a [usize],
    pub(crate) to: usize,
    pub(crate) cpu: &'a Cpu,
}

impl InplaceOp1 for Gather<'_> {
    fn name(&self) -> &'static str {
        "gather-in-cache"
    }

    fn cpu_fwd(&self, cache: &mut CpuStorage, layout: &Layout) -> Result<()> {
        match numbers(cache, layout)? {
            Numbers::F16(cache) => self.shift(cache),
            Numbers::F32(cache) => self.shift(cache),
        }
        Ok(())
    }
}

impl Gather<'_> {
    fn shift<S: Stored>(&self, cache: &mut [S]) {
        let (of_head, head_dim) = (self.places.of_head(), self.places.heads.head_dim);
        let parts = cache.len() / of_head;
        let cache = DisjointSlices::new(cache);
        self.cpu.pool.run(parts, |part| {
            // SAFETY: each task has a part of its own.
            let cache = unsafe { cache.slice(part * of_head, of_head) };
            for (to, &row) in (self.to..).zip(self.rows) {
                match self.places.part(part) {
                    KeyOrValue::Key => {
                        let (from, to) = (self.places.key_at(row, 0), self.places.key_at(to, 0));
                        (0..head_dim).for_each(|d| cache[to + d * TILE] = cache[from + d * TILE]);
                    }
                    KeyOrValue::Value => {
                        let from = self.places.value_at(row, 0);
                        cache.copy_within(from..from + head_dim, self.places.value_at(to, 0));
                    }
                }
            }
        });
    }
}

/// Keys or values that an op changes in place.
enum Numbers<'a> {
    F16(&'a mut [f16]),
    F32(&'a mut [f32]),
}

fn numbers<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<Numbers<'a>> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F16(all), Some((from, to))) => Ok(Numbers::F16(&mut all[from..to])),
        (CpuStorage::F32(all), Some((from, to))) => Ok(Numbers::F32(&mut all[from..to])),
        _ => bail!("keys and values are contiguous, of f16 or f32"),
    }
}
