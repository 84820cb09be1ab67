//! The memory of keys and values on the CPU: rows are written as they are computed, and the
//! kept rows of a draft tree move together.

use half::vec::HalfBitsVecExt;

use super::Cpu;
use super::kv::{Heads, KeyOrValue, KvType, Numbers, Places, Stored, TILE};
use super::slab::ask_for_huge_pages;
use super::thread_pool::DisjointSlices;

/// Keys and values of every layer: layer by layer, keys before values, each laid out as
/// [`Places`] says.
pub(crate) struct KvMemory {
    pub(crate) places: Places,
    numbers: Numbers,
}

/// Fewer rows than this are written by the calling thread alone.
const ALONE: usize = 8;

impl KvMemory {
    /// Zeroed by the system, so that pages are not touched before they are used.
    pub(crate) fn new(places: Places, layers: usize, kv: KvType) -> Self {
        let n = 2 * layers * places.numbers();
        let numbers = match kv {
            KvType::F16 => Numbers::F16(vec![0u16; n].reinterpret_into()),
            KvType::F32 => Numbers::F32(vec![0f32; n]),
        };
        match &numbers {
            Numbers::F16(all) => ask_for_huge_pages(all.as_ptr().cast(), size_of_val(&all[..])),
            Numbers::F32(all) => ask_for_huge_pages(all.as_ptr().cast(), size_of_val(&all[..])),
        }
        KvMemory { places, numbers }
    }

    pub(crate) fn kv_type(&self) -> KvType {
        match self.numbers {
            Numbers::F16(_) => KvType::F16,
            Numbers::F32(_) => KvType::F32,
        }
    }

    /// The keys and the values of a layer.
    ///
    /// # Panics
    /// If the numbers have another type.
    pub(crate) fn layer<S: Stored>(&self, layer: usize) -> (&[S], &[S]) {
        let n = self.places.numbers();
        S::of(&self.numbers)[2 * layer * n..][..2 * n].split_at(n)
    }

    /// Writes a layer's keys and values of a pass, each row to its own cache row, from qkv
    /// of shape (n, qkv_width).
    pub(crate) fn append(&mut self, layer: usize, qkv: &[f32], at: &[usize], cpu: &Cpu) {
        let (places, n) = (self.places, 2 * self.places.numbers());
        let append = Append { places, at, cpu };
        match &mut self.numbers {
            Numbers::F16(all) => append.write(&mut all[layer * n..][..n], qkv),
            Numbers::F32(all) => append.write(&mut all[layer * n..][..n], qkv),
        }
    }

    /// Moves these cache rows (ascending, none before `to`) to consecutive rows from `to`
    /// on, in every layer.
    pub(crate) fn gather(&mut self, rows: &[usize], to: usize, cpu: &Cpu) {
        match &mut self.numbers {
            Numbers::F16(all) => gather(self.places, all, (rows, to), cpu),
            Numbers::F32(all) => gather(self.places, all, (rows, to), cpu),
        }
    }
}

/// The write of a pass's rows to the cache.
struct Append<'a> {
    places: Places,
    at: &'a [usize],
    cpu: &'a Cpu,
}

impl Append<'_> {
    fn write<S: Stored>(&self, cache: &mut [S], qkv: &[f32]) {
        let Heads {
            heads,
            kv_heads,
            head_dim,
        } = self.places.heads;
        let (of_head, cache) = (self.places.of_head(), DisjointSlices::new(cache));
        let write = |part: usize| {
            // SAFETY: each task has its own part.
            let to = unsafe { cache.slice(part * of_head, of_head) };
            let mut stored = vec![S::from_f64(0.0); head_dim];
            let rows = qkv.chunks_exact(self.places.heads.qkv_width());
            for (&at, row) in self.at.iter().zip(rows) {
                S::round(&row[(heads + part) * head_dim..][..head_dim], &mut stored);
                match self.places.part(part) {
                    KeyOrValue::Key => {
                        let to = to[self.places.key_at(at, 0)..].iter_mut().step_by(TILE);
                        to.zip(&stored).for_each(|(to, x)| *to = *x);
                    }
                    KeyOrValue::Value => {
                        let at = self.places.value_at(at, 0);
                        to[at..at + head_dim].copy_from_slice(&stored);
                    }
                }
            }
        };
        if self.at.len() < ALONE {
            (0..2 * kv_heads).for_each(write);
        } else {
            self.cpu.pool.run(2 * kv_heads, write);
        }
    }
}

fn gather<S: Stored>(places: Places, cache: &mut [S], (rows, to): (&[usize], usize), cpu: &Cpu) {
    let (of_head, head_dim) = (places.of_head(), places.heads.head_dim);
    let parts = cache.len() / of_head;
    let cache = DisjointSlices::new(cache);
    cpu.pool.run(parts, |part| {
        // SAFETY: each task has its own part.
        let cache = unsafe { cache.slice(part * of_head, of_head) };
        for (to, &row) in (to..).zip(rows) {
            match places.part(part) {
                KeyOrValue::Key => {
                    let (from, to) = (places.key_at(row, 0), places.key_at(to, 0));
                    (0..head_dim).for_each(|d| cache[to + d * TILE] = cache[from + d * TILE]);
                }
                KeyOrValue::Value => {
                    let from = places.value_at(row, 0);
                    cache.copy_within(from..from + head_dim, places.value_at(to, 0));
                }
            }
        }
    });
}
