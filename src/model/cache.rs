//! The KV cache, preallocated. Rows of a draft tree are appended behind the
//! committed ones; the accepted rows are kept, the others forgotten.

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Result, Tensor, bail};

use super::kernels::attention::{AppendKeys, AppendValues, Heads, TILE, floats};
use super::layer::Kernels;

/// One layer's keys and values.
pub enum Layer {
    /// (capacity, 2 * kv_width), a row's keys before its values: for candle.
    Rows(Tensor),
    /// As our attention reads them: keys in tiles, values (capacity, kv_width).
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
    heads: Heads,
    layers: Vec<Layer>,
    /// Committed rows.
    len: usize,
    /// Rows appended behind them and not yet decided.
    pending: usize,
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
        let zeros = |floats: usize| Tensor::zeros(floats, DType::F32, device);
        let layer = || -> Result<Layer> {
            Ok(match kernels {
                Kernels::Candle => {
                    Layer::Rows(zeros(capacity * 2 * width)?.reshape((capacity, 2 * width))?)
                }
                Kernels::Own => Layer::Tiles {
                    keys: zeros(heads.key_floats(capacity))?,
                    values: zeros(capacity * width)?,
                },
            })
        };
        let layers = (0..layers).map(|_| layer()).collect::<Result<_>>()?;
        Ok(KvCache {
            heads,
            layers,
            len: 0,
            pending: 0,
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
        let (heads, at) = (self.heads, self.len);
        match &self.layers[layer] {
            Layer::Rows(rows) => {
                let kv = 2 * heads.kv_width();
                let from = heads.qkv_width() - kv;
                rows.slice_set(&qkv.narrow(1, from, kv)?.contiguous()?, 0, at)
            }
            Layer::Tiles { keys, values } => {
                keys.inplace_op2(qkv, &AppendKeys { heads, at })?;
                values.inplace_op2(qkv, &AppendValues { heads, at })
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
                    let (heads, rows) = (self.heads, rows);
                    keys.inplace_op1(&MoveKeys { heads, rows, to })?;
                    values.inplace_op1(&MoveValues { heads, rows, to })?;
                }
            }
        }
        Ok(())
    }

    /// Counts the first `len` rows as committed, whatever they hold.
    pub fn pretend(&mut self, len: usize) {
        self.len = len.min(self.capacity);
        self.pending = 0;
    }

    /// Forgets every row from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.pending = 0;
    }
}

struct MoveKeys<'a> {
    heads: Heads,
    rows: &'a [usize],
    to: usize,
}

impl InplaceOp1 for MoveKeys<'_> {
    fn name(&self) -> &'static str {
        "move-keys"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> Result<()> {
        let keys = floats(storage)?;
        for (i, &row) in self.rows.iter().enumerate() {
            for h in 0..self.heads.kv_heads {
                let from = self.heads.key_at(row, h);
                let to = self.heads.key_at(self.to + i, h);
                (0..self.heads.head_dim).for_each(|d| keys[to + d * TILE] = keys[from + d * TILE]);
            }
        }
        Ok(())
    }
}

struct MoveValues<'a> {
    heads: Heads,
    rows: &'a [usize],
    to: usize,
}

impl InplaceOp1 for MoveValues<'_> {
    fn name(&self) -> &'static str {
        "move-values"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> Result<()> {
        let values = floats(storage)?;
        let width = self.heads.kv_width();
        for (i, &row) in self.rows.iter().enumerate() {
            values.copy_within(row * width..(row + 1) * width, (self.to + i) * width);
        }
        Ok(())
    }
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
                let keys = (0..2).map(|h| keys[HEADS.key_at(slot, h)]);
                keys.chain(values[2 * slot..][..2].to_vec()).collect()
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
