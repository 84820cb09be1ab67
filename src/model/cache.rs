//! The preallocated KV cache. Rows of a draft tree are appended after the committed ones;
//! accepted rows are kept, the others dropped.

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor, bail};

use super::kernels::Cpu;
use super::kernels::kv::{Heads, KvType, Places, TILE};
use super::kernels::kv_memory::KvMemory;
use super::layer::{Backend, Target};

/// Keys and values of every layer, in one of two layouts; slots follow one another.
pub(crate) enum Rows {
    /// The tiles that the CPU attention kernels read.
    Tiles(KvMemory),
    /// Tensors for candle.
    Heads(HeadRows),
}

/// Keys and values head by head.
pub(crate) struct HeadRows {
    /// All layers in one tensor, of which `layers` are views, so that kept rows move in all
    /// of them at once. Shape: (layers * 2 * kv_heads, rows, head_dim).
    all: Tensor,
    /// Keys and values of each layer: (kv_heads, rows, head_dim).
    layers: Vec<(Tensor, Tensor)>,
}

impl HeadRows {
    fn new(layers: usize, rows: usize, heads: Heads, device: &Device) -> Result<Self> {
        let Heads {
            kv_heads, head_dim, ..
        } = heads;
        let all = Tensor::zeros((2 * layers * kv_heads, rows, head_dim), DType::F32, device)?;
        let part = |i: usize| all.narrow(0, i * kv_heads, kv_heads);
        let layer = |i: usize| Ok((part(2 * i)?, part(2 * i + 1)?));
        let layers = (0..layers).map(layer).collect::<Result<_>>()?;
        Ok(HeadRows { all, layers })
    }

    /// The keys and the values of a layer.
    pub(crate) fn layer(&self, layer: usize) -> (&Tensor, &Tensor) {
        let (keys, values) = &self.layers[layer];
        (keys, values)
    }

    /// Writes keys and values of shape (kv_heads, n, head_dim) to cache rows.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn append(
        &self,
        layer: usize,
        both: (&Tensor, &Tensor),
        to: &Destination,
    ) -> Result<()> {
        let (keys, values) = self.layer(layer);
        match to {
            Destination::From(row) => {
                keys.slice_set(both.0, 1, *row)?;
                values.slice_set(both.1, 1, *row)
            }
            Destination::Each(rows) => {
                keys.scatter_set(rows, both.0, 1)?;
                values.scatter_set(rows, both.1, 1)
            }
        }
    }

    fn gather(&self, rows: &[usize], to: usize) -> Result<()> {
        let index: Vec<u32> = rows.iter().map(|&r| r as u32).collect();
        let index = Tensor::new(index.as_slice(), self.all.device())?;
        self.all
            .slice_set(&self.all.index_select(&index, 1)?, 1, to)
    }
}

/// Where a pass writes its rows on a device.
pub(crate) enum Destination {
    /// To consecutive cache rows from this one on.
    From(usize),
    /// Each to a given cache row. Shape: (kv_heads, n, head_dim).
    Each(Tensor),
}

impl Destination {
    /// # Errors
    /// What the device reports.
    pub(crate) fn new(at: &[usize], heads: Heads, device: &Device) -> Result<Self> {
        if at.windows(2).all(|w| w[1] == w[0] + 1) {
            return Ok(Destination::From(at.first().copied().unwrap_or(0)));
        }
        let rows: Vec<u32> = at.iter().map(|&row| row as u32).collect();
        let rows = Tensor::from_vec(rows, (1, at.len(), 1), device)?;
        let shape = (heads.kv_heads, at.len(), heads.head_dim);
        Ok(Destination::Each(rows.broadcast_as(shape)?.contiguous()?))
    }
}

/// Row counts of a slot.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// Committed rows.
    len: usize,
    /// Rows appended after the committed ones, not yet accepted or dropped.
    pending: usize,
    /// Rows ever written.
    written: usize,
}

/// Keys and values of every layer, in slots for up to `capacity` tokens each.
pub(crate) struct KvCache {
    pub(crate) heads: Heads,
    pub(crate) layers: usize,
    rows: Rows,
    slots: Vec<Slot>,
    capacity: usize,
}

impl KvCache {
    /// Makes `slots` slots, each with room for `capacity` tokens.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn new(
        layers: usize,
        (slots, capacity): (usize, usize),
        heads: Heads,
        target: Target<'_>,
    ) -> Result<Self> {
        let n = slots * capacity.next_multiple_of(TILE);
        let rows = match target.backend {
            Backend::Device => Rows::Heads(HeadRows::new(layers, n, heads, target.device)?),
            Backend::Cpu => Rows::Tiles(KvMemory::new(Places::new(heads, n), layers, target.kv)),
        };
        Ok(KvCache {
            heads,
            layers,
            rows,
            slots: vec![Slot::default(); slots],
            capacity,
        })
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Committed tokens in a slot.
    pub(crate) fn len(&self, slot: usize) -> usize {
        self.slots[slot].len
    }

    /// Tokens that fit in a slot.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Cache rows per slot, a whole number of tiles.
    pub(crate) fn slot_rows(&self) -> usize {
        self.capacity.next_multiple_of(TILE)
    }

    /// The first cache row of a slot.
    pub(crate) fn first(&self, slot: usize) -> usize {
        slot * self.slot_rows()
    }

    /// The storage type of keys and values.
    pub(crate) fn kv_type(&self) -> KvType {
        match &self.rows {
            Rows::Tiles(memory) => memory.kv_type(),
            Rows::Heads(_) => KvType::F32,
        }
    }

    /// The memory that the CPU attention kernels read.
    ///
    /// # Errors
    /// A cache laid out for candle.
    pub(crate) fn tiles(&self) -> Result<&KvMemory> {
        match &self.rows {
            Rows::Tiles(memory) => Ok(memory),
            Rows::Heads(_) => bail!("this cache is for candle's operations"),
        }
    }

    /// The tensors that candle's operations read.
    ///
    /// # Errors
    /// A cache laid out for the CPU kernels.
    pub(crate) fn by_head(&self) -> Result<&HeadRows> {
        match &self.rows {
            Rows::Heads(rows) => Ok(rows),
            Rows::Tiles(_) => bail!("this cache is for our own attention"),
        }
    }

    /// Writes a layer's keys and values to the cache rows of a pass, taking them from qkv
    /// of shape (n, qkv_width).
    ///
    /// # Errors
    /// A cache laid out for candle.
    pub(crate) fn append(
        &mut self,
        layer: usize,
        qkv: &Tensor,
        at: &[usize],
        cpu: &Cpu,
    ) -> Result<()> {
        let Rows::Tiles(memory) = &mut self.rows else {
            bail!("this cache is for candle's operations");
        };
        let (storage, layout) = qkv.storage_and_layout();
        match (&*storage, layout.contiguous_offsets()) {
            (Storage::Cpu(CpuStorage::F32(qkv)), Some((from, to))) => {
                memory.append(layer, &qkv[from..to], at, cpu);
                Ok(())
            }
            _ => bail!("queries, keys and values must be contiguous floats"),
        }
    }

    /// Reserves `n` pending rows after a slot's committed ones. Returns the first one's
    /// cache row.
    ///
    /// # Errors
    /// More rows than fit.
    pub(crate) fn make_room(&mut self, slot: usize, n: usize) -> Result<usize> {
        let (first, capacity) = (self.first(slot), self.capacity);
        let slot = &mut self.slots[slot];
        if slot.len + n > capacity {
            bail!(
                "{} tokens and {n} more do not fit a context of {capacity}",
                slot.len
            );
        }
        slot.pending = n;
        slot.written = slot.written.max(slot.len + n);
        Ok(first + slot.len)
    }

    /// Commits the given rows of the last pass (ascending) and drops the rest. Rows
    /// already contiguous at the front are not moved.
    ///
    /// # Errors
    /// Rows out of order or not from the last pass.
    pub(crate) fn commit_rows(&mut self, slot: usize, rows: &[usize], cpu: &Cpu) -> Result<()> {
        let Slot { len, pending, .. } = self.slots[slot];
        if rows.windows(2).any(|w| w[0] >= w[1]) || rows.iter().any(|&r| r >= pending) {
            bail!("rows to keep must be ascending and from the last pass: {rows:?}");
        }
        let in_place = rows
            .iter()
            .enumerate()
            .take_while(|&(i, &r)| i == r)
            .count();
        let first = self.first(slot) + len;
        let moved: Vec<usize> = rows[in_place..].iter().map(|r| first + r).collect();
        if !moved.is_empty() {
            match &mut self.rows {
                Rows::Tiles(memory) => memory.gather(&moved, first + in_place, cpu),
                Rows::Heads(by_head) => by_head.gather(&moved, first + in_place)?,
            }
        }
        self.slots[slot].len += rows.len();
        self.slots[slot].pending = 0;
        Ok(())
    }

    /// Counts a slot's first `len` rows as committed, whatever they contain. Rows never
    /// written are filled first, because untouched memory reads faster than what decoding
    /// will find.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn fill_for_bench(&mut self, slot: usize, len: usize, cpu: &Cpu) -> Result<()> {
        let len = len.min(self.capacity);
        let written = self.slots[slot].written;
        if len > written {
            self.slots[slot].len = written;
            self.fill(slot, len - written, cpu)?;
        }
        self.slots[slot].len = len;
        self.slots[slot].pending = 0;
        Ok(())
    }

    /// Fills the next `n` rows of every layer with a constant.
    fn fill(&mut self, slot: usize, n: usize, cpu: &Cpu) -> Result<()> {
        let first = self.make_room(slot, n)?;
        let (heads, at) = (self.heads, (first..first + n).collect::<Vec<_>>());
        for layer in 0..self.layers {
            if let Rows::Heads(by_head) = &self.rows {
                let shape = (heads.kv_heads, n, heads.head_dim);
                let rows = Tensor::full(0.1f32, shape, by_head.all.device())?;
                by_head.append(layer, (&rows, &rows), &Destination::From(first))?;
            } else {
                let rows = Tensor::full(0.1f32, (n, heads.qkv_width()), &Device::Cpu)?;
                self.append(layer, &rows, &at, cpu)?;
            }
        }
        Ok(())
    }

    /// Drops every row of a slot from `len` on.
    pub(crate) fn truncate(&mut self, slot: usize, len: usize) {
        let slot = &mut self.slots[slot];
        slot.len = slot.len.min(len);
        slot.pending = 0;
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::super::kernels::kv::Stored;
    use super::*;

    const HEADS: Heads = Heads {
        heads: 1,
        kv_heads: 2,
        head_dim: 1,
    };

    /// Rows of qkv: 0 for the query, then keys and values counting up from `from`.
    fn rows(from: usize, n: usize) -> Tensor {
        let values = (0..n).flat_map(|i| (0..5).map(move |j| ((from + i) * 10 + j) as f32));
        Tensor::from_vec(values.collect(), (n, 5), &Device::Cpu).unwrap()
    }

    fn append(cache: &mut KvCache, slot: usize, qkv: &Tensor, cpu: &Cpu) -> Result<()> {
        let n = qkv.dim(0)?;
        let first = cache.make_room(slot, n)?;
        let at: Vec<usize> = (first..first + n).collect();
        let Ok(rows) = cache.by_head() else {
            return cache.append(0, qkv, &at, cpu);
        };
        let by_head = qkv.unsqueeze(2)?.transpose(0, 1)?.contiguous()?;
        let (keys, values) = (by_head.narrow(0, 1, 2)?, by_head.narrow(0, 3, 2)?);
        let to = Destination::new(&at, HEADS, &Device::Cpu)?;
        rows.append(0, (&keys, &values), &to)
    }

    /// The keys and values of a slot's row, in the order of qkv.
    fn row(cache: &KvCache, slot: usize, row: usize) -> Vec<f32> {
        let row = cache.first(slot) + row;
        if let Ok(rows) = cache.by_head() {
            let (keys, values) = rows.layer(0);
            let row = Tensor::cat(&[keys, values], 0).unwrap().narrow(1, row, 1);
            return row.unwrap().flatten_all().unwrap().to_vec1().unwrap();
        }
        let memory = cache.tiles().unwrap();
        match memory.kv_type() {
            KvType::F16 => numbers::<f16>(memory, row),
            KvType::F32 => numbers::<f32>(memory, row),
        }
    }

    fn numbers<S: Stored>(memory: &KvMemory, row: usize) -> Vec<f32> {
        let (keys, values) = memory.layer::<S>(0);
        let places = memory.places;
        let keys = (0..2).map(|h| keys[places.key_at(row, h)].to_f64() as f32);
        let values = (0..2).map(|h| values[places.value_at(row, h)].to_f64() as f32);
        keys.chain(values).collect()
    }

    #[test]
    fn keeps_the_accepted_rows_in_order() {
        let cpu = Cpu::new(2).unwrap();
        for (backend, kv) in [
            (Backend::Cpu, KvType::F16),
            (Backend::Cpu, KvType::F32),
            (Backend::Device, KvType::F32),
        ] {
            let target = Target {
                device: &Device::Cpu,
                backend,
                kv,
            };
            let mut cache = KvCache::new(1, (3, 40), HEADS, target).unwrap();
            assert_eq!(cache.kv_type(), kv);
            append(&mut cache, 2, &rows(70, 40), &cpu).unwrap();
            append(&mut cache, 1, &rows(0, 15), &cpu).unwrap();
            cache
                .commit_rows(1, &(0..15).collect::<Vec<_>>(), &cpu)
                .unwrap();
            append(&mut cache, 0, &rows(30, 40), &cpu).unwrap();
            append(&mut cache, 1, &rows(15, 6), &cpu).unwrap();
            cache.commit_rows(1, &[0, 2, 5], &cpu).unwrap();
            assert_eq!((cache.len(0), cache.len(1), cache.len(2)), (0, 18, 0));
            let kept = (0..16).zip(0..).chain([(16, 17), (17, 20)]);
            let beside = (0..40).map(|i| (i, 30 + i));
            let all = kept.map(|(at, number)| (1, at, number));
            let all = all.chain(beside.clone().map(|(at, number)| (0, at, number)));
            for (slot, at, number) in all.chain(beside.map(|(at, number)| (2, at, number + 40))) {
                let want: Vec<f32> = (1..5).map(|j| (number * 10 + j) as f32).collect();
                assert_eq!(
                    row(&cache, slot, at),
                    want,
                    "{backend:?}, row {at} of {slot}"
                );
            }
            cache.truncate(1, 1);
            assert_eq!(cache.len(1), 1);
            assert!(cache.commit_rows(1, &[0], &cpu).is_err());
            assert!(append(&mut cache, 1, &rows(0, 40), &cpu).is_err());
        }
    }
}
