//! What attention reads and for whom: ranges of one head's keys and values, and the queries
//! over them.

use std::ops::Range;

use super::kv::{KeyOrValue, Places, TILE};

/// Cache rows read at a time.
pub(crate) const BLOCK: usize = 4 * TILE;

/// A sequence in a pass: its rows, and what all of them read before their own paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// Rows of the pass.
    pub(crate) rows: Range<usize>,
    /// The shared prefix that its text begins with.
    pub(crate) shared: Option<usize>,
    /// The first of its own cache rows, at a tile boundary.
    pub(crate) first: usize,
    /// Its own committed cache rows, which every row attends to.
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
    /// The cache rows from `first`, a tile boundary, on; all queries attend to the first
    /// `committed` of them.
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

/// Consecutive cache rows of one head.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'a, S> {
    keys: &'a [S],
    values: &'a [S],
    pub(crate) head_dim: usize,
    pub(crate) committed: usize,
}

impl<'a, S> Stretch<'a, S> {
    /// An empty stretch.
    pub(crate) fn none(head_dim: usize) -> Self {
        Stretch {
            keys: &[],
            values: &[],
            head_dim,
            committed: 0,
        }
    }

    /// `tiles` consecutive tiles of keys.
    #[inline(always)]
    pub(crate) fn keys(&self, tile: usize, tiles: usize) -> &'a [S] {
        &self.keys[tile * TILE * self.head_dim..][..tiles * TILE * self.head_dim]
    }

    /// The value of a row.
    #[inline(always)]
    pub(crate) fn value(&self, row: usize) -> &'a [S] {
        &self.values[row * self.head_dim..][..self.head_dim]
    }

    /// Prefetches one of `of` shares of the committed keys or values of the block that
    /// begins at row `first`.
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

/// Prefetches numbers that will be read soon.
#[inline(always)]
fn prefetch<S>(numbers: &[S]) {
    #[cfg(target_arch = "x86_64")]
    for line in numbers.chunks(64 / size_of::<S>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint and reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

/// The query of one row and head.
pub(crate) struct Query<'a> {
    pub(crate) sequence: &'a Sequence,
    /// The row's path within this pass, in the sequence's own cache rows.
    pub(crate) path: &'a [u32],
    pub(crate) q: &'a [f32],
    /// Starts at zero; weighted values are added to it.
    pub(crate) out: &'a mut [f32],
    /// The factor that its weights still have to be multiplied by.
    pub(crate) scale: f32,
}

impl Query<'_> {
    /// The sequence's own cache rows up to the end of the path.
    #[inline(always)]
    pub(crate) fn own_rows(&self) -> usize {
        let end = |&row: &u32| row as usize + 1;
        self.path.last().map_or(self.sequence.committed, end)
    }
}
