//! The inputs of attention: one head's keys and values, and the queries that use them.

use super::kv::{KeyOrValue, Places, TILE};

/// Cache rows read at a time.
pub const BLOCK: usize = 4 * TILE;

/// One key/value head of the cache.
pub struct View<'a, S> {
    pub places: Places,
    /// Committed cache rows.
    pub prefix: usize,
    pub keys: &'a [S],
    pub values: &'a [S],
    pub kv_head: usize,
}

impl<'a, S> View<'a, S> {
    /// `tiles` tiles of keys, one after another.
    #[inline(always)]
    pub fn keys(&self, tile: usize, tiles: usize) -> &'a [S] {
        let from = self.places.key_at(tile * TILE, self.kv_head);
        &self.keys[from..][..tiles * TILE * self.places.heads.head_dim]
    }

    /// Prefetches a share of the keys or values of the block that begins at cache row
    /// `first`: one of `of` shares.
    #[inline(always)]
    pub fn ask(&self, what: KeyOrValue, first: usize, (share, of): (usize, usize)) {
        if first >= self.prefix {
            return;
        }
        let rows = BLOCK.min(self.prefix - first);
        let numbers = rows * self.places.heads.head_dim;
        let (all, from) = match what {
            KeyOrValue::Key => (self.keys, self.places.key_at(first, self.kv_head)),
            KeyOrValue::Value => (self.values, self.places.value_at(first, self.kv_head)),
        };
        let part = |share: usize| from + numbers * share / of;
        prefetch(&all[part(share)..part(share + 1)]);
    }

    /// The value of a cache row.
    #[inline(always)]
    pub fn value(&self, slot: usize) -> &'a [S] {
        let from = self.places.value_at(slot, self.kv_head);
        &self.values[from..][..self.places.heads.head_dim]
    }
}

/// Prefetches numbers that are read soon.
#[inline(always)]
fn prefetch<S>(numbers: &[S]) {
    #[cfg(target_arch = "x86_64")]
    for line in numbers.chunks(64 / size_of::<S>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; it reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

/// A row's query of one head.
pub struct Query<'a> {
    /// The cache rows of its path within this pass.
    pub path: &'a [u32],
    pub q: &'a [f32],
    /// Starts at zero; weighted values are added.
    pub out: &'a mut [f32],
    /// The pending factor of its weights.
    pub scale: f32,
}
