//! The KV cache, preallocated. Rows of a draft tree are appended behind the
//! committed ones; the accepted rows are kept, the others forgotten.

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor, bail};
use half::f16;
use half::vec::HalfBitsVecExt;

use super::kernels::Cpu;
use super::kernels::kv::{Append, Gather, Heads, KvType, Places, Stored};
use super::kernels::slab::ask_for_huge_pages;
use super::layer::{Backend, Target};

/// One layer's keys and values, parts of one tensor.
pub(crate) enum Layer {
    /// For candle.
    Heads(HeadRows),
    /// As our attention reads them ([`Places`]); `both` are the keys, then the values.
    Tiles {
        both: Tensor,
        keys: Tensor,
        values: Tensor,
    },
}

/// Keys and values head by head: (kv_heads, capacity, head_dim) each.
pub(crate) struct HeadRows {
    pub(crate) keys: Tensor,
    pub(crate) values: Tensor,
}

impl Layer {
    /// As candle's operations read it.
    pub(crate) fn heads(&self) -> Result<&HeadRows> {
        match self {
            Layer::Heads(rows) => Ok(rows),
            Layer::Tiles { .. } => bail!("this cache is for our own attention"),
        }
    }
}

/// Keys and values of every layer, for up to `capacity` tokens.
pub(crate) struct KvCache {
    places: Places,
    /// What the layers are parts of.
    all: Tensor,
    layers: Vec<Layer>,
    /// Committed rows.
    len: usize,
    /// Rows appended behind them and not yet decided.
    pending: usize,
    /// Rows that were ever written.
    written: usize,
    capacity: usize,
}

impl KvCache {
    pub(crate) fn new(
        layers: usize,
        capacity: usize,
        heads: Heads,
        target: Target<'_>,
    ) -> Result<Self> {
        let places = Places::new(heads, capacity);
        let (all, layers) = match target.backend {
            Backend::Device => head_by_head(layers, capacity, heads, target.device)?,
            Backend::Cpu => in_tiles(layers, places.numbers(), target.kv)?,
        };
        Ok(KvCache {
            places,
            all,
            layers,
            len: 0,
            pending: 0,
            written: 0,
            capacity,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The type of its numbers.
    pub(crate) fn kv_type(&self) -> KvType {
        match self.all.dtype() {
            DType::F16 => KvType::F16,
            _ => KvType::F32,
        }
    }

    pub(crate) fn places(&self) -> Places {
        self.places
    }

    pub(crate) fn layer(&self, layer: usize) -> &Layer {
        &self.layers[layer]
    }

    /// Writes a layer's keys and values of the rows of this pass, out of qkv of
    /// shape (n, qkv_width), behind the committed rows.
    ///
    /// # Errors
    /// More rows than fit; a cache for candle.
    pub(crate) fn append(&mut self, layer: usize, qkv: &Tensor, cpu: &Cpu) -> Result<()> {
        let at = self.make_room(qkv.dim(0)?)?;
        let places = self.places;
        match &self.layers[layer] {
            Layer::Tiles { both, .. } => both.inplace_op2(qkv, &Append { places, at, cpu }),
            Layer::Heads(_) => bail!("this cache is for candle's operations"),
        }
    }

    /// The same out of keys and values of shape (kv_heads, n, head_dim).
    ///
    /// # Errors
    /// More rows than fit; a cache for our own kernels.
    pub(crate) fn append_heads(
        &mut self,
        layer: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> Result<()> {
        let at = self.make_room(keys.dim(1)?)?;
        let rows = self.layers[layer].heads()?;
        rows.keys.slice_set(keys, 1, at)?;
        rows.values.slice_set(values, 1, at)
    }

    /// Where the `n` rows of this pass begin.
    fn make_room(&mut self, n: usize) -> Result<usize> {
        if self.len + n > self.capacity {
            bail!(
                "{} tokens and {n} more do not fit a context of {}",
                self.len,
                self.capacity
            );
        }
        self.pending = n;
        self.written = self.written.max(self.len + n);
        Ok(self.len)
    }

    /// Commits the given rows of the last pass (ascending) and forgets the
    /// rest. Rows that already lie together at the front are not moved.
    ///
    /// # Errors
    /// Rows out of order, or not of the last pass.
    pub(crate) fn commit_rows(&mut self, rows: &[usize], cpu: &Cpu) -> Result<()> {
        if rows.windows(2).any(|w| w[0] >= w[1]) || rows.iter().any(|&r| r >= self.pending) {
            bail!("rows to keep must be ascending and of the last pass: {rows:?}");
        }
        let in_place = rows
            .iter()
            .enumerate()
            .take_while(|&(i, &r)| i == r)
            .count();
        let moved: Vec<usize> = rows[in_place..].iter().map(|r| self.len + r).collect();
        if !moved.is_empty() {
            self.gather(&moved, self.len + in_place, cpu)?;
        }
        self.len += rows.len();
        self.pending = 0;
        Ok(())
    }

    /// Moves cache rows (ascending, none before `to`) together at `to`.
    fn gather(&self, rows: &[usize], to: usize, cpu: &Cpu) -> Result<()> {
        if let Some(Layer::Heads(_)) = self.layers.first() {
            let index: Vec<u32> = rows.iter().map(|&r| r as u32).collect();
            let index = Tensor::new(index.as_slice(), self.all.device())?;
            return self
                .all
                .slice_set(&self.all.index_select(&index, 1)?, 1, to);
        }
        self.all.inplace_op1(&Gather {
            places: self.places,
            rows,
            to,
            cpu,
        })
    }

    /// Counts the first `len` rows as committed, whatever they hold. Memory
    /// that was never written reads quicker than what decoding will find there,
    /// so rows that are new get some value.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn fill_for_bench(&mut self, len: usize, cpu: &Cpu) -> Result<()> {
        let len = len.min(self.capacity);
        if len > self.written {
            self.truncate(self.written);
            self.len = self.written;
            self.fill(len - self.written, cpu)?;
        }
        self.len = len;
        self.pending = 0;
        Ok(())
    }

    /// Writes some value to the next `n` rows of every layer.
    fn fill(&mut self, n: usize, cpu: &Cpu) -> Result<()> {
        let device = self.all.device().clone();
        let heads = self.places.heads;
        for layer in 0..self.layers.len() {
            match &self.layers[layer] {
                Layer::Heads(_) => {
                    let shape = (heads.kv_heads, n, heads.head_dim);
                    let rows = Tensor::full(0.1f32, shape, &device)?;
                    self.append_heads(layer, &rows, &rows)?;
                }
                Layer::Tiles { .. } => {
                    let rows = Tensor::full(0.1f32, (n, heads.qkv_width()), &device)?;
                    self.append(layer, &rows, cpu)?;
                }
            }
        }
        Ok(())
    }

    /// Forgets every row from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.pending = 0;
    }
}

/// Every layer's keys and values of shape (kv_heads, capacity, head_dim), as parts
/// of one tensor, so that kept rows of all layers move together.
fn head_by_head(
    layers: usize,
    capacity: usize,
    heads: Heads,
    device: &Device,
) -> Result<(Tensor, Vec<Layer>)> {
    let Heads {
        kv_heads, head_dim, ..
    } = heads;
    let shape = (2 * layers * kv_heads, capacity, head_dim);
    let all = Tensor::zeros(shape, DType::F32, device)?;
    let part = |i: usize| all.narrow(0, i * kv_heads, kv_heads);
    let layer = |i: usize| -> Result<Layer> {
        Ok(Layer::Heads(HeadRows {
            keys: part(2 * i)?,
            values: part(2 * i + 1)?,
        }))
    };
    let layers = (0..layers).map(layer).collect::<Result<_>>()?;
    Ok((all, layers))
}

/// Every layer's keys and values, each of `numbers` numbers, as parts of one tensor:
/// large enough for huge pages.
fn in_tiles(layers: usize, numbers: usize, kv: KvType) -> Result<(Tensor, Vec<Layer>)> {
    let n = 2 * layers * numbers;
    let all = match kv {
        // Memory that the system hands out as zeros, so that none is used before its time.
        KvType::F16 => {
            let zeros: Vec<f16> = vec![0u16; n].reinterpret_into();
            Tensor::from_vec(zeros, n, &Device::Cpu)?
        }
        KvType::F32 => Tensor::zeros(n, DType::F32, &Device::Cpu)?,
    };
    match &*all.storage_and_layout().0 {
        Storage::Cpu(CpuStorage::F16(all)) => ask(all),
        Storage::Cpu(CpuStorage::F32(all)) => ask(all),
        _ => {}
    }
    let part = |i: usize| all.narrow(0, i * numbers, numbers);
    let layer = |i: usize| -> Result<Layer> {
        Ok(Layer::Tiles {
            both: all.narrow(0, 2 * i * numbers, 2 * numbers)?,
            keys: part(2 * i)?,
            values: part(2 * i + 1)?,
        })
    };
    let layers = (0..layers).map(layer).collect::<Result<_>>()?;
    Ok((all, layers))
}

fn ask<S: Stored>(all: &[S]) {
    ask_for_huge_pages(all.as_ptr().cast(), size_of_val(all));
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: Heads = Heads {
        heads: 1,
        kv_heads: 2,
        head_dim: 1,
    };

    /// Rows of qkv: 0 for the query, then keys and values from `from` on.
    fn rows(from: usize, n: usize) -> Tensor {
        let values = (0..n).flat_map(|i| (0..5).map(move |j| ((from + i) * 10 + j) as f32));
        Tensor::from_vec(values.collect(), (n, 5), &Device::Cpu).unwrap()
    }

    fn append(cache: &mut KvCache, qkv: &Tensor, cpu: &Cpu) -> Result<()> {
        if let Layer::Tiles { .. } = cache.layer(0) {
            return cache.append(0, qkv, cpu);
        }
        let by_head = qkv.unsqueeze(2)?.transpose(0, 1)?.contiguous()?;
        cache.append_heads(0, &by_head.narrow(0, 1, 2)?, &by_head.narrow(0, 3, 2)?)
    }

    /// The keys and values of a cache row, in the order of qkv.
    fn row(cache: &KvCache, slot: usize) -> Vec<f32> {
        match cache.layer(0) {
            Layer::Heads(HeadRows { keys, values }) => {
                let both = Tensor::cat(&[keys, values], 0).unwrap();
                let row = both.narrow(1, slot, 1).unwrap();
                row.flatten_all().unwrap().to_vec1().unwrap()
            }
            Layer::Tiles { keys, values, .. } => {
                let numbers =
                    |all: &Tensor| all.to_dtype(DType::F32).unwrap().to_vec1::<f32>().unwrap();
                let (keys, values) = (numbers(keys), numbers(values));
                let places = Places::new(HEADS, 40);
                let keys = (0..2).map(|h| keys[places.key_at(slot, h)]);
                let values = (0..2).map(|h| values[places.value_at(slot, h)]);
                keys.chain(values).collect()
            }
        }
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
            let mut cache = KvCache::new(1, 40, HEADS, target).unwrap();
            assert_eq!(cache.kv_type(), kv);
            append(&mut cache, &rows(0, 15), &cpu).unwrap();
            cache
                .commit_rows(&(0..15).collect::<Vec<_>>(), &cpu)
                .unwrap();
            append(&mut cache, &rows(15, 6), &cpu).unwrap();
            cache.commit_rows(&[0, 2, 5], &cpu).unwrap();
            assert_eq!(cache.len(), 18);
            for (slot, number) in (0..16).zip(0..).chain([(16, 17), (17, 20)]) {
                let want: Vec<f32> = (1..5).map(|j| (number * 10 + j) as f32).collect();
                assert_eq!(row(&cache, slot), want, "{backend:?}, row {slot}");
            }
            cache.truncate(1);
            assert_eq!(cache.len(), 1);
            assert!(cache.commit_rows(&[0], &cpu).is_err());
            assert!(append(&mut cache, &rows(0, 40), &cpu).is_err());
        }
    }
}
