//! Sequences decoded together, each with its own KV cache slot behind a prefix that it may
//! share with others. Does not know what computes the rows.

use color_eyre::eyre::{Result, bail};

use super::cache::KvCache;
use super::config::Config;
use super::kernels::Cpu;
use super::kernels::attention::Prefix;
use super::layer::Target;

/// Sequences of one decoder. Only the decoder that made them can compute them.
pub struct Sequences {
    own: KvCache,
    /// The shared prefixes, each a cache with one slot.
    shared: Vec<KvCache>,
    /// Per slot: the prefix it begins with.
    begins: Vec<Option<PrefixId>>,
}

/// A prefix that several sequences share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrefixId(pub(in crate::model) usize);

impl Sequences {
    /// Makes `slots` slots, each with room for `capacity` tokens after its prefix.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn new(
        config: &Config,
        slots: usize,
        capacity: usize,
        target: Target<'_>,
    ) -> Result<Self> {
        let of_each = (slots, capacity);
        Ok(Sequences {
            own: KvCache::new(config.layers, of_each, config.heads(), target)?,
            shared: Vec::new(),
            begins: vec![None; slots],
        })
    }

    pub(crate) fn slots(&self) -> usize {
        self.own.slots()
    }

    /// Tokens that fit in a slot, its prefix excluded.
    pub(crate) fn capacity(&self) -> usize {
        self.own.capacity()
    }

    /// Committed tokens in a slot, including its prefix.
    pub fn len(&self, slot: usize) -> usize {
        self.prefix_len(slot) + self.own.len(slot)
    }

    /// Whether every slot is empty.
    pub fn is_empty(&self) -> bool {
        (0..self.slots()).all(|slot| self.len(slot) == 0)
    }

    /// Rows that still fit in a slot.
    pub fn room(&self, slot: usize) -> usize {
        self.own.capacity() - self.own.len(slot)
    }

    /// Length of a slot's prefix in tokens.
    pub(crate) fn prefix_len(&self, slot: usize) -> usize {
        self.begins[slot].map_or(0, |PrefixId(i)| self.shared[i].len(0))
    }

    pub(crate) fn prefix(&self, slot: usize) -> Option<PrefixId> {
        self.begins[slot]
    }

    /// Empties a slot and sets the prefix of its next text.
    ///
    /// # Panics
    /// If the prefix or the slot does not belong to these sequences.
    pub fn begin(&mut self, slot: usize, prefix: Option<PrefixId>) {
        assert!(prefix.is_none_or(|PrefixId(i)| i < self.shared.len()));
        self.own.truncate(slot, 0);
        self.begins[slot] = prefix;
    }

    /// Forgets a slot's tokens from `len` on, but never its prefix.
    pub fn truncate(&mut self, slot: usize, len: usize) {
        let own = len.saturating_sub(self.prefix_len(slot));
        self.own.truncate(slot, own);
    }

    /// Commits the given rows of a slot's last pass (ascending) and drops the rest.
    pub(in crate::model) fn commit(
        &mut self,
        slot: usize,
        rows: &[usize],
        cpu: &Cpu,
    ) -> Result<()> {
        Ok(self.own.commit_rows(slot, rows, cpu)?)
    }

    /// Counts a slot's first tokens as committed; see [`KvCache::fill_for_bench`].
    pub(in crate::model) fn fill_for_bench(
        &mut self,
        slot: usize,
        len: usize,
        cpu: &Cpu,
    ) -> Result<()> {
        let own = len.saturating_sub(self.prefix_len(slot));
        Ok(self.own.fill_for_bench(slot, own, cpu)?)
    }

    /// Keeps the only slot of `one` as a shared prefix.
    pub(in crate::model) fn keep(&mut self, one: Sequences) -> PrefixId {
        self.shared.push(one.own);
        PrefixId(self.shared.len() - 1)
    }

    pub(in crate::model) fn own(&self) -> &KvCache {
        &self.own
    }

    pub(in crate::model) fn own_mut(&mut self) -> &mut KvCache {
        &mut self.own
    }

    pub(in crate::model) fn shared(&self) -> &[KvCache] {
        &self.shared
    }

    /// The shared prefixes, for the CPU attention kernels.
    ///
    /// # Errors
    /// Caches laid out for candle.
    pub(in crate::model) fn prefixes(&self) -> candle_core::Result<Vec<Prefix<'_>>> {
        self.shared.iter().map(as_prefix).collect()
    }

    /// # Errors
    /// Sequences made by a decoder with other dimensions.
    pub(in crate::model) fn check(&self, config: &Config) -> Result<()> {
        if self.own.heads != config.heads() || self.own.layers != config.layers {
            bail!("these sequences belong to another decoder");
        }
        Ok(())
    }
}

fn as_prefix(cache: &KvCache) -> candle_core::Result<Prefix<'_>> {
    Ok(Prefix {
        memory: cache.tiles()?,
        rows: cache.len(0),
    })
}
