//! The KV cache: preallocated, one tensor a layer. Rows of a draft tree are
//! appended behind the committed ones; the accepted rows are kept, the others
//! forgotten.

use candle_core::{DType, Device, Result, Tensor, bail};

/// Keys and values of every layer, for up to `capacity` tokens.
pub struct KvCache {
    /// Per layer: (capacity, 2 * kv_width), keys before values.
    layers: Vec<Tensor>,
    /// Committed rows.
    len: usize,
    /// Rows appended behind them and not yet decided.
    pending: usize,
    capacity: usize,
}

impl KvCache {
    pub fn new(layers: usize, capacity: usize, kv_width: usize, device: &Device) -> Result<Self> {
        let layer = || Tensor::zeros((capacity, 2 * kv_width), DType::F32, device);
        let layers = (0..layers).map(|_| layer()).collect::<Result<_>>()?;
        Ok(KvCache {
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

    pub fn layer(&self, layer: usize) -> &Tensor {
        &self.layers[layer]
    }

    /// Writes a layer's keys and values of the rows of this pass, shape
    /// (n, 2 * kv_width), behind the committed rows.
    pub fn append(&mut self, layer: usize, kv: &Tensor) -> Result<()> {
        let n = kv.dim(0)?;
        if self.len + n > self.capacity {
            bail!(
                "{} tokens and {n} more do not fit a context of {}",
                self.len,
                self.capacity
            );
        }
        self.pending = n;
        self.layers[layer].slice_set(kv, 0, self.len)
    }

    /// Commits the given rows of the last pass (ascending) and forgets the
    /// rest. Rows that already lie together at the front are not moved.
    pub fn keep(&mut self, rows: &[usize]) -> Result<()> {
        if rows.windows(2).any(|w| w[0] >= w[1]) || rows.iter().any(|&r| r >= self.pending) {
            bail!("rows to keep must be ascending and of the last pass: {rows:?}");
        }
        let in_place = rows
            .iter()
            .enumerate()
            .take_while(|&(i, &r)| i == r)
            .count();
        let moved = &rows[in_place..];
        if !moved.is_empty() {
            let index: Vec<u32> = moved.iter().map(|&r| (self.len + r) as u32).collect();
            for layer in &self.layers {
                let index = Tensor::new(index.as_slice(), layer.device())?;
                let kept = layer.index_select(&index, 0)?;
                layer.slice_set(&kept, 0, self.len + in_place)?;
            }
        }
        self.len += rows.len();
        self.pending = 0;
        Ok(())
    }

    /// Forgets every row from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.pending = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_accepted_rows_in_order() {
        let mut cache = KvCache::new(1, 8, 1, &Device::Cpu).unwrap();
        let rows = |from: usize, n: usize| {
            let values: Vec<f32> = (0..2 * n).map(|i| (from * 10 + i) as f32).collect();
            Tensor::from_vec(values, (n, 2), &Device::Cpu).unwrap()
        };
        cache.append(0, &rows(1, 2)).unwrap();
        cache.keep(&[0, 1]).unwrap();
        cache.append(0, &rows(5, 4)).unwrap();
        cache.keep(&[0, 2, 3]).unwrap();
        assert_eq!(cache.len(), 5);
        let got: Vec<Vec<f32>> = cache.layer(0).narrow(0, 0, 5).unwrap().to_vec2().unwrap();
        let want = [[10., 11.], [12., 13.], [50., 51.], [54., 55.], [56., 57.]];
        assert_eq!(got, want.map(|r| r.to_vec()));
        cache.truncate(1);
        assert_eq!(cache.len(), 1);
        assert!(cache.keep(&[0]).is_err());
        assert!(cache.append(0, &rows(0, 8)).is_err());
    }
}
