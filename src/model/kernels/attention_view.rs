//! What attention reads and for whom: stretches of one head's keys and values, and
//! the queries that go over them.

use std::ops::Range;

use super::kv::{KeyOrValue, Places, TILE};

/// Cache rows read at a time.
pub(crate) const BLOCK: usize = 4 * TILE;

/// A sequence of a pass: its rows, and what they all read before their own paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Of the pass.
    pub(crate) rows: Range<usize>,
    /// Which of the shared prefixes its text begins with.
    pub(crate) shared: Option<usize>,
    /// Where its own cache rows begin: at a tile's beginning.
    pub(crate) first: usize,
    /// Own cache rows, all attended to.
    pub(crate) committed: usize,
}

/// One key/value head of a layer's memory.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, S> {
    pub(crate) places: Places,
    pub(crate) keys: &'a [S],
    pub(crate) values: &'a [S],
    pub(crate) kv_head: usize,
}

impl<'a, S> View<'a, S> {
    /// The cache rows from `first` on, which a tile begins with; `committed` of them
    /// are attended to by all.
    #[inline(always)]
    pub(crate) fn stretch(&self, first: usize, committed: usize) -> Stretch<'a, S> {
        Stretch {
            keys: &self.keys[self.places.key_at(first, self.kv_head)..],
            values: &self.values[self.places.value_at(first, self.kv_head)..],
            head_dim: self.places.heads.head_dim,
            committed,
        }
    }
}

/// Cache rows of one head, one after another.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'a, S> {
    keys: &'a [S],
    values: &'a [S],
    pub(crate) head_dim: usize,
    pub(crate) committed: usize,
}

impl<'a, S> Stretch<'a, S> {
    /// No rows.
    pub(crate) fn none(head_dim: usize) -> Self {
        Stretch {
            keys: &[],
            values: &[],
            head_dim,
            committed: 0,
        }
    }

    /// `tiles` tiles of keys, one after another.
    #[inline(always)]
    pub(crate) fn keys(&self, tile: usize, tiles: usize) -> &'a [S] {
        &self.keys[tile * TILE * self.head_dim..][..tiles * TILE * self.head_dim]
    }

    /// The value of a row.
    #[inline(always)]
    pub(crate) fn value(&self, row: usize) -> &'a [S] {
        &self.values[row * self.head_dim..][..self.head_dim]
    }

    /// Asks for a share of the committed keys or values of the block that begins at row
    /// `first`: one of `of` shares.
    #[inline(always)]
    pub(crate) fn ask(&self, what: KeyOrValue, first: usize, (share, of): (usize, usize)) {
        if first >= self.committed {
            return;
        }
        let rows = BLOCK.min(self.committed - first);
        let (from, numbers) = (first * self.head_dim, rows * self.head_dim);
        let all = match what {
            KeyOrValue::Key => self.keys,
            KeyOrValue::Value => self.values,
        };
        let part = |share: usize| from + numbers * share / of;
        prefetch(&all[part(share)..part(share + 1)]);
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
pub(crate) struct Query<'a> {
    pub(crate) sequence: &'a Sequence,
    /// Its path within this pass, of the sequence's own cache rows.
    pub(crate) path: &'a [u32],
    pub(crate) q: &'a [f32],
    /// Starts at zero; weighted values are added.
    pub(crate) out: &'a mut [f32],
    /// The pending factor of its weights.
    pub(crate) scale: f32,
}

impl Query<'_> {
    /// Own cache rows up to the end of its path.
    #[inline(always)]
    pub(crate) fn own_rows(&self) -> usize {
        let end = |&row: &u32| row as usize + 1;
        self.path.last().map_or(self.sequence.committed, end)
    }
}
