//! A decoder block through candle's tensor operations, with a dense mask: what
//! GPUs run, and what our own kernels are tested against.

use candle_core::{Device, Result, Tensor};

use super::cache::HeadRows;
use super::config::Config;
use super::kernels::elementwise::Pairs;
use super::layer::Layer;
use super::pass::Pass;

/// What the blocks of one pass share on the device.
pub(crate) struct Shared {
    /// 0 where a row attends, minus infinity elsewhere. Shape: (heads, n, len).
    mask: Tensor,
    /// (n, half) each.
    cos: Tensor,
    sin: Tensor,
}

impl Shared {
    /// Uploads a pass's mask, cosines and sines.
    pub(crate) fn new(pass: &Pass, config: &Config, device: &Device) -> Result<Self> {
        let n = pass.paths.len();
        let table = |values: &[f32]| Tensor::from_slice(values, (n, values.len() / n), device);
        let mask = dense_mask(pass, device)?;
        let (_, len) = mask.dims2()?;
        Ok(Shared {
            // Once a pass: an addition of two plain tensors needs no upload of strides.
            mask: mask.broadcast_as((config.heads, n, len))?.contiguous()?,
            cos: table(&pass.cos)?,
            sin: table(&pass.sin)?,
        })
    }
}

/// A pass's queries, keys and values, head by head: (heads, n, head_dim).
pub(crate) struct Qkv {
    queries: Tensor,
    pub(crate) keys: Tensor,
    pub(crate) values: Tensor,
}

/// Queries, keys and values, the first two rotated. Shape: (n, width) -> [`Qkv`].
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

/// The rest of the block, once keys and values are in the cache.
/// Shapes: (n, width) -> the same.
pub(crate) fn finish(
    layer: &Layer,
    config: &Config,
    shared: &Shared,
    x: &Tensor,
    qkv: &Qkv,
    cached: &HeadRows,
) -> Result<Tensor> {
    let attended = attend(config, shared, &qkv.queries, cached)?;
    let x = (x + layer.attn_out.on_device(&attended)?)?;
    let normed = layer.ffn_norm.on_device(&x)?;
    let [gate, up] = layer.gate_up.pair_on_device(&normed)?;
    let gated = (gate.silu()? * up)?;
    &x + layer.down.on_device(&gated)?
}

/// RoPE. Shape: (heads, n, head_dim) -> the same.
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

/// Attention over the cache under the mask. Shapes: (heads, n, head_dim),
/// (kv_heads, capacity, head_dim) -> (n, heads * head_dim).
fn attend(config: &Config, shared: &Shared, queries: &Tensor, cached: &HeadRows) -> Result<Tensor> {
    let Config {
        heads,
        kv_heads,
        head_dim,
        ..
    } = *config;
    let (_, n, len) = shared.mask.dims3()?;
    // The query heads of a group lie side by side.
    let of_group = |x: Tensor| x.reshape((kv_heads, heads / kv_heads * n, ()));
    let q = of_group((queries / (head_dim as f64).sqrt())?)?;
    let scores = q.matmul(&cached.keys.narrow(1, 0, len)?.t()?)?;
    let scores = (scores.reshape((heads, n, len))? + &shared.mask)?;
    let weights = of_group(candle_nn::ops::softmax_last_dim(&scores)?)?;
    let out = weights.matmul(&cached.values.narrow(1, 0, len)?)?;
    out.reshape((heads, n, head_dim))?
        .transpose(0, 1)?
        .reshape((n, heads * head_dim))
}

fn dense_mask(pass: &Pass, device: &Device) -> Result<Tensor> {
    let n = pass.paths.len();
    let len = pass.prefix + n;
    let mut mask = vec![f32::NEG_INFINITY; n * len];
    for (row, path) in mask.chunks_exact_mut(len).zip(pass.paths.iter()) {
        row[..pass.prefix].fill(0.0);
        path.iter().for_each(|&slot| row[slot as usize] = 0.0);
    }
    Tensor::from_vec(mask, (n, len), device)
}
