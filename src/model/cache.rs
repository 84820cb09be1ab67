//! The KV cache, preallocated. Rows of a draft tree are appended behind the
//! committed ones; the accepted rows are kept, the others forgotten.

use candle_core::{DType, Device, Result, Storage, Tensor, bail};

use super::kernels::kv::{Append, Gather, Heads, KeyOrValue, Places};
use super::kernels::slab::ask_for_huge_pages;
use super::layer::Kernels;

/// One layer's keys and values.
pub enum Layer {
    /// (capacity, 2 * kv_width), a row's keys before its values: for candle.
    Rows(Tensor),
    /// As our attention reads them ([`Places`]): parts of one tensor.
    Tiles { keys: Tensor, values: Tensor },
}

impl Layer {
    /// As candle's operations read it: (capacity, 2 * kv_width).
    pub fn rows(&self) -> Result<&Tensor> {
        match self {
            Layer::Rows(rows) => Ok(rows),
            Layer::Tiles { .. } => bail!("this cache is for our own attention"),
        }
    }
}

/// Keys and values of every layer, for up to `capacity` tokens.
pub struct KvCache {
    places: Places,
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
    pub fn new(
        layers: usize,
        capacity: usize,
        heads: Heads,
        kernels: Kernels,
        device: &Device,
    ) -> Result<Self> {
        let width = heads.kv_width();
        let places = Places::new(heads, capacity);
        let layers = match kernels {
            Kernels::Candle => (0..layers)
                .map(|_| Tensor::zeros((capacity, 2 * width), DType::F32, device).map(Layer::Rows))
                .collect::<Result<_>>()?,
            Kernels::Own => in_one_piece(layers, places.floats(), device)?,
        };
        Ok(KvCache {
            places,
            layers,
            len: 0,
            pending: 0,
            written: 0,
            capacity,
        })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn places(&self) -> Places {
        self.places
    }

    pub fn layer(&self, layer: usize) -> &Layer {
        &self.layers[layer]
    }

    /// Writes a layer's keys and values of the rows of this pass, out of qkv of
    /// shape (n, qkv_width), behind the committed rows.
    ///
    /// # Errors
    /// More rows than fit.
    pub fn append(&mut self, layer: usize, qkv: &Tensor) -> Result<()> {
        let n = qkv.dim(0)?;
        if self.len + n > self.capacity {
            bail!(
                "{} tokens and {n} more do not fit a context of {}",
                self.len,
                self.capacity
            );
        }
        self.pending = n;
        self.written = self.written.max(self.len + n);
        let (places, heads, at) = (self.places, self.places.heads, self.len);
        match &self.layers[layer] {
            Layer::Rows(rows) => {
                let kv = 2 * heads.kv_width();
                let from = heads.qkv_width() - kv;
                rows.slice_set(&qkv.narrow(1, from, kv)?.contiguous()?, 0, at)
            }
            Layer::Tiles { keys, values } => {
                let append = |what| Append { places, at, what };
                keys.inplace_op2(qkv, &append(KeyOrValue::Key))?;
                values.inplace_op2(qkv, &append(KeyOrValue::Value))
            }
        }
    }

    /// Commits the given rows of the last pass (ascending) and forgets the
    /// rest. Rows that already lie together at the front are not moved.
    ///
    /// # Errors
    /// Rows out of order, or not of the last pass.
    pub fn keep(&mut self, rows: &[usize]) -> Result<()> {
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
            self.gather(&moved, self.len + in_place)?;
        }
        self.len += rows.len();
        self.pending = 0;
        Ok(())
    }

    /// Moves cache rows (ascending, none before `to`) together at `to`.
    fn gather(&self, rows: &[usize], to: usize) -> Result<()> {
        for layer in &self.layers {
            match layer {
                Layer::Rows(all) => {
                    let index: Vec<u32> = rows.iter().map(|&r| r as u32).collect();
                    let index = Tensor::new(index.as_slice(), all.device())?;
                    all.slice_set(&all.index_select(&index, 0)?, 0, to)?;
                }
                Layer::Tiles { keys, values } => {
                    let places = self.places;
                    let gather = |what| Gather {
                        places,
                        rows,
                        to,
                        what,
                    };
                    keys.inplace_op1(&gather(KeyOrValue::Key))?;
                    values.inplace_op1(&gather(KeyOrValue::Value))?;
                }
            }
        }
        Ok(())
    }

    /// Counts the first `len` rows as committed, whatever they hold. Memory
    /// that was never written reads quicker than what decoding will find there,
    /// so rows that are new get some value.
    ///
    /// # Errors
    /// What the device reports.
    pub fn pretend(&mut self, len: usize) -> Result<()> {
        let len = len.min(self.capacity);
        if len > self.written {
            let width = self.places.heads.qkv_width();
            let rows = Tensor::full(0.1f32, (len - self.written, width), self.device())?;
            self.truncate(self.written);
            self.len = self.written;
            (0..self.layers.len()).try_for_each(|layer| self.append(layer, &rows))?;
        }
        self.len = len;
        self.pending = 0;
        Ok(())
    }

    fn device(&self) -> &Device {
        match &self.layers[0] {
            Layer::Rows(all) => all.device(),
            Layer::Tiles { keys, .. } => keys.device(),
        }
    }

    /// Forgets every row from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.pending = 0;
    }
}

/// Every layer's keys and values, each `floats` long, as parts of one tensor:
/// large enough for huge pages.
fn in_one_piece(layers: usize, floats: usize, device: &Device) -> Result<Vec<Layer>> {
    let all = Tensor::zeros(2 * layers * floats, DType::F32, device)?;
    if let Storage::Cpu(storage) = &*all.storage_and_layout().0 {
        let values = storage.as_slice::<f32>()?;
        ask_for_huge_pages(values.as_ptr().cast(), size_of_val(values));
    }
    let part = |i: usize| all.narrow(0, i * floats, floats);
    let layer = |i: usize| -> Result<Layer> {
        Ok(Layer::Tiles {
            keys: part(2 * i)?,
            values: part(2 * i + 1)?,
        })
    };
    (0..layers).map(layer).collect()
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

    /// The keys and values of a cache row, in the order of qkv.
    fn row(cache: &KvCache, slot: usize) -> Vec<f32> {
        match cache.layer(0) {
            Layer::Rows(rows) => rows.get(slot).unwrap().to_vec1().unwrap(),
            Layer::Tiles { keys, values } => {
                let keys: Vec<f32> = keys.to_vec1().unwrap();
                let values: Vec<f32> = values.to_vec1().unwrap();
                let places = Places::new(HEADS, 40);
                let keys = (0..2).map(|h| keys[places.key_at(slot, h)]);
                let values = (0..2).map(|h| values[places.value_at(slot, h)]);
                keys.chain(values).collect()
            }
        }
    }

    #[test]
    fn keeps_the_accepted_rows_in_order() {
        for kernels in [Kernels::Own, Kernels::Candle] {
            let mut cache = KvCache::new(1, 40, HEADS, kernels, &Device::Cpu).unwrap();
            cache.append(0, &rows(0, 15)).unwrap();
            cache.keep(&(0..15).collect::<Vec<_>>()).unwrap();
            cache.append(0, &rows(15, 6)).unwrap();
            cache.keep(&[0, 2, 5]).unwrap();
            assert_eq!(cache.len(), 18);
            for (slot, number) in (0..16).zip(0..).chain([(16, 17), (17, 20)]) {
                let want: Vec<f32> = (1..5).map(|j| (number * 10 + j) as f32).collect();
                assert_eq!(row(&cache, slot), want, "{kernels:?}, row {slot}");
            }
            cache.truncate(1);
            assert_eq!(cache.len(), 1);
            assert!(cache.keep(&[0]).is_err());
            assert!(cache.append(0, &rows(0, 40)).is_err());
        }
    }
}
