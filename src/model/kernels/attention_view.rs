//! What attention reads and for whom: one head's keys and values, and the queries
//! that go over them.

use super::kv::{KeyOrValue, Places, TILE};

/// Cache rows that are read at a time.
pub(crate) const BLOCK: usize = 4 * TILE;

/// One key/value head of the cache.
pub(crate) struct View<'a, S> {
    pub(crate) places: Places,
    /// Committed cache rows.
    pub(crate) prefix: usize,
    pub(crate) keys: &'a [S],
    pub(crate) values: &'a [S],
    pub(crate) kv_head: usize,
}

impl<'a, S> View<'a, S> {
    /// `tiles` tiles of keys, one after another.
    #[inline(always)]
    pub(crate) fn keys(&self, tile: usize, tiles: usize) -> &'a [S] {
        let from = self.places.key_at(tile * TILE, self.kv_head);
        &self.keys[from..][..tiles * TILE * self.places.heads.head_dim]
    }

    /// Asks for a share of the keys or values of the block that begins at cache row
    /// `first`: one of `of` shares.
    #[inline(always)]
    pub(crate) fn ask(&self, what: KeyOrValue, first: usize, (share, of): (usize, usize)) {
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
    pub(crate) fn value(&self, slot: usize) -> &'a [S] {
        let from = self.places.value_at(slot, self.kv_head);
        &self.values[from..][..self.places.heads.head_dim]
    }
}

/// Asks for numbers that are read soon.
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
pub(crate) struct Query<'a> {
    /// The cache rows of its path within this pass.
    pub(crate) path: &'a [u32],
    pub(crate) q: &'a [f32],
    /// Zero to begin with; what is attended to is added.
    pub(crate) out: &'a mut [f32],
    /// What its weights are still to be multiplied by.
    pub(crate) scale: f32,
}
