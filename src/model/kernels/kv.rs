//! Where keys and values lie on the CPU, and how they get there. Keys lie in
//! tiles of 16 cache rows, dimension by dimension, so that 16 scores are
//! computed at a time; values lie row by row.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, bail};

use super::linear::slice;

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

    /// Floats of the keys, and as many of the values.
    pub fn floats(&self) -> usize {
        self.rows * self.heads.kv_width()
    }

    /// Where a cache row's key of a head begins; its next dimension is
    /// [`TILE`] floats on.
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

/// Writes the keys or the values of a pass, out of qkv of shape (n, qkv_width),
/// into a layer's from cache row `at` on.
pub struct Append {
    pub places: Places,
    pub at: usize,
    pub what: KeyOrValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrValue {
    Key,
    Value,
}

impl InplaceOp2 for Append {
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
        let heads = self.places.heads;
        let rows = slice(qkv, qkv_layout)?.chunks_exact(heads.qkv_width());
        let cache = floats(cache, layout)?;
        let first = heads.heads
            + if self.what == KeyOrValue::Key {
                0
            } else {
                heads.kv_heads
            };
        for (i, row) in rows.enumerate() {
            for h in 0..heads.kv_heads {
                let new = &row[(first + h) * heads.head_dim..][..heads.head_dim];
                match self.what {
                    KeyOrValue::Key => {
                        let to = &mut cache[self.places.key_at(self.at + i, h)..];
                        new.iter().enumerate().for_each(|(d, x)| to[d * TILE] = *x);
                    }
                    KeyOrValue::Value => {
                        let to = self.places.value_at(self.at + i, h);
                        cache[to..to + heads.head_dim].copy_from_slice(new);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Moves keys or values of cache rows (ascending, none before `to`) together
/// at `to`.
pub struct Gather<'a> {
    pub places: Places,
    pub rows: &'a [usize],
    pub to: usize,
    pub what: KeyOrValue,
}

impl InplaceOp1 for Gather<'_> {
    fn name(&self) -> &'static str {
        "gather-in-cache"
    }

    fn cpu_fwd(&self, cache: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let cache = floats(cache, layout)?;
        let Heads {
            kv_heads, head_dim, ..
        } = self.places.heads;
        for (i, &row) in self.rows.iter().enumerate() {
            for h in 0..kv_heads {
                match self.what {
                    KeyOrValue::Key => {
                        let from = self.places.key_at(row, h);
                        let to = self.places.key_at(self.to + i, h);
                        (0..head_dim).for_each(|d| cache[to + d * TILE] = cache[from + d * TILE]);
                    }
                    KeyOrValue::Value => {
                        let from = self.places.value_at(row, h);
                        cache.copy_within(
                            from..from + head_dim,
                            self.places.value_at(self.to + i, h),
                        );
                    }
                }
            }
        }
        Ok(())
    }
}

/// The floats of a tensor that an op changes in place.
pub fn floats<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((from, to))) => Ok(&mut values[from..to]),
        _ => bail!("this op takes contiguous f32 tensors"),
    }
}
