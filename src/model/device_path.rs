//! A decoder block built from candle's tensor operations with a dense mask: used on GPUs,
//! and as the reference for the CPU kernels.

use candle_core::{Device, Result, Tensor};

use super::cache::{Destination, KvCache};
use super::config::Config;
use super::kernels::attention::Sequence;
use super::kernels::elementwise::Pairs;
use super::layer::Layer;
use super::pass::Pass;
use super::sequences::Sequences;

/// What the blocks of one pass share on the device.
pub(crate) struct Shared {
    /// Where the pass writes its rows in the cache.
    to: Destination,
    /// Shape of each: (n, half).
    cos: Tensor,
    sin: Tensor,
    /// The rows padded to the longest sequence.
    padded: Padded,
    /// The shared prefixes to attend to, by index, and their lengths in rows.
    prefixes: Vec<(usize, usize)>,
    /// 0 where a row attends, minus infinity elsewhere. Shape: (kv_heads, sequences, rows
    /// of a group, positions), with the prefixes' positions before those of the slots.
    mask: Tensor,
}

impl Shared {
    /// Uploads the inputs of a pass.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn new(
        pass: &Pass,
        config: &Config,
        sequences: &Sequences,
        device: &Device,
    ) -> Result<Self> {
        let n = pass.paths.len();
        let table = |values: &[f32]| Tensor::from_slice(values, (n, values.len() / n), device);
        let mut read: Vec<usize> = pass.sequences.iter().filter_map(|s| s.shared).collect();
        read.sort_unstable();
        read.dedup();
        let len = |i: usize| (i, sequences.shared()[i].len(0));
        let prefixes: Vec<_> = read.into_iter().map(len).collect();
        let padded = Padded::new(pass, sequences.own(), device)?;
        let mask = padded.mask(pass, &prefixes);
        let (of_each, width) = (padded.rows, mask.len() / (padded.sequences * padded.rows));
        let mask = Tensor::from_vec(mask, (1, padded.sequences, 1, of_each, width), device)?;
        // Expanded once per pass, so that adding it needs no upload of strides.
        let group = config.heads / config.kv_heads;
        let all = (config.kv_heads, padded.sequences, group, of_each, width);
        let flat = (config.kv_heads, padded.sequences, group * of_each, width);
        Ok(Shared {
            to: Destination::new(&pass.at, config.heads(), device)?,
            mask: mask.broadcast_as(all)?.contiguous()?.reshape(flat)?,
            cos: table(&pass.cos)?,
            sin: table(&pass.sin)?,
            padded,
            prefixes,
        })
    }
}

/// The rows of a pass laid out for one batched product: one sequence, or all slots padded
/// to the longest. Padding rows are computed but never read.
struct Padded {
    sequences: usize,
    /// Rows per sequence, padding included.
    rows: usize,
    /// The first cache row of the first sequence, and how many each sequence reads.
    first: usize,
    len: usize,
    /// Distance between slots in cache rows.
    slot_rows: usize,
    /// The pass row at each padded row, and the padded row of each pass row; `None` for a
    /// single sequence, where they are the same.
    places: Option<(Tensor, Tensor)>,
    /// The padded row at which each sequence of the pass begins.
    begins: Vec<usize>,
}

impl Padded {
    fn new(pass: &Pass, own: &KvCache, device: &Device) -> Result<Self> {
        let slot_rows = own.slot_rows();
        let end = |s: &Sequence| s.committed + s.rows.len();
        let rows = pass.sequences.iter().map(|s| s.rows.len()).max();
        let padded = Padded {
            sequences: 1,
            rows: rows.unwrap_or(1),
            first: pass.sequences.first().map_or(0, |s| s.first),
            len: pass.sequences.iter().map(end).max().unwrap_or(0),
            slot_rows,
            places: None,
            begins: vec![0],
        };
        if pass.sequences.len() <= 1 {
            return Ok(padded);
        }
        let begin = |s: &Sequence| s.first / slot_rows.max(1) * padded.rows;
        let begins: Vec<usize> = pass.sequences.iter().map(begin).collect();
        let mut rows_at = vec![0u32; own.slots() * padded.rows];
        let mut places = vec![0u32; pass.paths.len()];
        for (sequence, &begin) in pass.sequences.iter().zip(&begins) {
            for (place, row) in (begin..).zip(sequence.rows.clone()) {
                rows_at[place] = row as u32;
                places[row] = place as u32;
            }
        }
        Ok(Padded {
            sequences: own.slots(),
            first: 0,
            places: Some((
                Tensor::new(rows_at.as_slice(), device)?,
                Tensor::new(places.as_slice(), device)?,
            )),
            begins,
            ..padded
        })
    }

    /// Shape: (sequences, rows, positions).
    fn mask(&self, pass: &Pass, prefixes: &[(usize, usize)]) -> Vec<f32> {
        let before: usize = prefixes.iter().map(|prefix| prefix.1).sum();
        let width = before + self.len;
        let mut mask = vec![f32::NEG_INFINITY; self.sequences * self.rows * width];
        // Padding rows are never read, but need one finite entry to avoid NaN.
        mask.chunks_exact_mut(width)
            .for_each(|row| row[before] = 0.0);
        for (sequence, &begin) in pass.sequences.iter().zip(&self.begins) {
            for (place, row) in (begin..).zip(sequence.rows.clone()) {
                let mask = &mut mask[place * width..][..width];
                mask.fill(f32::NEG_INFINITY);
                let mut from = 0;
                for &(prefix, len) in prefixes {
                    if sequence.shared == Some(prefix) {
                        mask[from..from + len].fill(0.0);
                    }
                    from += len;
                }
                let own = &mut mask[before..];
                own[..sequence.committed].fill(0.0);
                pass.paths[row]
                    .iter()
                    .for_each(|&row| own[row as usize] = 0.0);
            }
        }
        mask
    }

    /// The slots' own keys or values in a layer. Shape: (kv_heads, rows, head_dim) ->
    /// (kv_heads, sequences, positions, head_dim).
    fn own(&self, rows: &Tensor) -> Result<Tensor> {
        if self.sequences == 1 {
            return rows.narrow(1, self.first, self.len)?.unsqueeze(1);
        }
        let (kv_heads, _, head_dim) = rows.dims3()?;
        rows.reshape((kv_heads, self.sequences, self.slot_rows, head_dim))?
            .narrow(2, 0, self.len)
    }

    /// Groups the query heads by key/value head and pads the rows. Shape: (heads, n,
    /// head_dim) -> (kv_heads, sequences, group * rows, head_dim).
    fn spread(&self, queries: &Tensor, kv_heads: usize) -> Result<Tensor> {
        let (heads, _, head_dim) = queries.dims3()?;
        let (group, n) = (heads / kv_heads, self.rows);
        let to = (kv_heads, self.sequences, group * n, head_dim);
        let Some((rows_at, _)) = &self.places else {
            return queries.reshape(to);
        };
        let all = (kv_heads, group, self.sequences, n * head_dim);
        let placed = queries.contiguous()?.index_select(rows_at, 1)?;
        placed
            .reshape(all)?
            .transpose(1, 2)?
            .contiguous()?
            .reshape(to)
    }

    /// The inverse. Shape: (kv_heads, sequences, group * rows, head_dim) -> (n, heads *
    /// head_dim).
    fn gather(&self, out: &Tensor, heads: usize) -> Result<Tensor> {
        let (kv_heads, sequences, _, head_dim) = out.dims4()?;
        let (group, width) = (heads / kv_heads, heads * head_dim);
        let Some((_, places)) = &self.places else {
            let by_head = out.reshape((heads, self.rows, head_dim))?;
            return by_head.transpose(0, 1)?.reshape((self.rows, width));
        };
        out.reshape((kv_heads, sequences, group, self.rows, head_dim))?
            .permute((1, 3, 0, 2, 4))?
            .reshape((sequences * self.rows, width))?
            .index_select(places, 0)
    }
}

/// The queries, keys and values of a pass by head: (heads, n, head_dim).
pub(crate) struct Qkv {
    queries: Tensor,
    pub(crate) keys: Tensor,
    pub(crate) values: Tensor,
}

/// Queries and keys with RoPE applied, and values. Shape: (n, width) -> [`Qkv`].
pub(crate) fn qkv(layer: &Layer, config: &Config, shared: &Shared, x: &Tensor) -> Result<Qkv> {
    let Config {
        heads,
        kv_heads,
        head_dim,
        ..
    } = *config;
    let rows = layer.qkv.on_device(&layer.attn_norm.on_device(x)?)?;
    let rows = match &layer.qkv_bias {
        Some(bias) => bias.on_device(&rows)?,
        None => rows,
    };
    let by_head = (rows.dim(0)?, heads + 2 * kv_heads, head_dim);
    let by_head = rows.reshape(by_head)?.transpose(0, 1)?.contiguous()?;
    let rotated = match (&layer.q_norm, &layer.k_norm) {
        (Some(q_norm), Some(k_norm)) => {
            let q = q_norm.on_device(&by_head.narrow(0, 0, heads)?)?;
            let k = k_norm.on_device(&by_head.narrow(0, heads, kv_heads)?)?;
            Tensor::cat(&[q, k], 0)?
        }
        _ => by_head.narrow(0, 0, heads + kv_heads)?,
    };
    let rotated = rotate(config, shared, &rotated)?;
    Ok(Qkv {
        queries: rotated.narrow(0, 0, heads)?,
        keys: rotated.narrow(0, heads, kv_heads)?,
        values: by_head.narrow(0, heads + kv_heads, kv_heads)?,
    })
}

/// The rest of the block, after appending keys and values to the cache.
/// Shape: (n, width) -> (n, width).
pub(crate) fn finish(
    (index, layer): (usize, &Layer),
    config: &Config,
    shared: &Shared,
    x: &Tensor,
    qkv: &Qkv,
    sequences: &Sequences,
) -> Result<Tensor> {
    let rows = sequences.own().by_head()?;
    rows.append(index, (&qkv.keys, &qkv.values), &shared.to)?;
    let attended = attend(config, shared, &qkv.queries, (index, sequences))?;
    let x = (x + layer.attn_out.on_device(&attended)?)?;
    let normed = layer.ffn_norm.on_device(&x)?;
    let [gate, up] = layer.gate_up.pair_on_device(&normed)?;
    let gated = (gate.silu()? * up)?;
    &x + layer.down.on_device(&gated)?
}

/// RoPE. Shape: (heads, n, head_dim), unchanged.
fn rotate(config: &Config, shared: &Shared, by_head: &Tensor) -> Result<Tensor> {
    let turn = match config.rope_order {
        Pairs::Interleaved => candle_nn::rotary_emb::rope_i,
        Pairs::Halves => candle_nn::rotary_emb::rope,
    };
    let part = by_head.narrow(2, 0, config.rope_dim)?.contiguous()?;
    let rotated = turn(&part.unsqueeze(0)?, &shared.cos, &shared.sin)?.squeeze(0)?;
    if config.rope_dim == config.head_dim {
        return Ok(rotated);
    }
    let rest = by_head.narrow(2, config.rope_dim, config.head_dim - config.rope_dim)?;
    Tensor::cat(&[rotated, rest.contiguous()?], 2)
}

/// Masked attention over prefixes and slots: one product per shared prefix, and one for all
/// slots. Shape: (heads, n, head_dim) -> (n, heads * head_dim).
fn attend(
    config: &Config,
    shared: &Shared,
    queries: &Tensor,
    (layer, sequences): (usize, &Sequences),
) -> Result<Tensor> {
    let padded = &shared.padded;
    let q = (queries / (config.head_dim as f64).sqrt())?;
    let q = padded.spread(&q, config.kv_heads)?;
    let (keys, values) = sequences.own().by_head()?.layer(layer);
    let own = q.matmul(&padded.own(keys)?.t()?)?;
    let scores = shared.prefixes.iter().map(|&(prefix, len)| {
        let (keys, _) = sequences.shared()[prefix].by_head()?.layer(layer);
        of_all(&q, &keys.narrow(1, 0, len)?.t()?)
    });
    let mut scores = scores.collect::<Result<Vec<_>>>()?;
    scores.push(own);
    let scores = match scores.len() {
        1 => scores.remove(0),
        _ => Tensor::cat(&scores, 3)?,
    };
    let weights = candle_nn::ops::softmax_last_dim(&(scores + &shared.mask)?)?;
    let before: usize = shared.prefixes.iter().map(|prefix| prefix.1).sum();
    let of_own = weights.narrow(3, before, padded.len)?.contiguous()?;
    let mut out = of_own.matmul(&padded.own(values)?)?;
    let mut from = 0;
    for &(prefix, len) in &shared.prefixes {
        let (_, values) = sequences.shared()[prefix].by_head()?.layer(layer);
        let of_prefix = weights.narrow(3, from, len)?.contiguous()?;
        out = (out + of_all(&of_prefix, &values.narrow(1, 0, len)?)?)?;
        from += len;
    }
    padded.gather(&out, config.heads)
}

/// One product of every sequence with a shared prefix. Shapes: (kv_heads, sequences, rows,
/// a), (kv_heads, a, b) -> (kv_heads, sequences, rows, b).
fn of_all(x: &Tensor, with: &Tensor) -> Result<Tensor> {
    let (kv_heads, sequences, rows, a) = x.dims4()?;
    let flat = x.reshape((kv_heads, sequences * rows, a))?;
    flat.matmul(with)?.reshape((kv_heads, sequences, rows, ()))
}
