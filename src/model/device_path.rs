//! A decoder block through candle's tensor operations, with a dense mask: what
//! GPUs run, and what our own kernels are tested against.

use candle_core::{D, Device, Result, Tensor};

use super::cache;
use super::config::Config;
use super::kernels::elementwise::Pairs;
use super::layer::Layer;
use super::pass::Pass;

/// What the blocks of one pass share on the device.
pub struct Shared {
    /// 0 where a row attends, minus infinity elsewhere. Shape: (n, len).
    mask: Tensor,
    /// (n, half) each.
    cos: Tensor,
    sin: Tensor,
}

impl Shared {
    /// Uploads a pass's mask and angles.
    pub fn new(pass: &Pass, device: &Device) -> Result<Self> {
        let n = pass.paths.len();
        let angles = |values: &[f32]| Tensor::from_slice(values, (n, values.len() / n), device);
        Ok(Shared {
            mask: dense_mask(pass, device)?,
            cos: angles(&pass.cos)?,
            sin: angles(&pass.sin)?,
        })
    }
}

/// Queries, keys and values, turned. Shapes: (n, width) -> (n, qkv).
pub fn qkv(layer: &Layer, config: &Config, shared: &Shared, x: &Tensor) -> Result<Tensor> {
    let qkv = layer.qkv.on_device(&layer.attn_norm.on_device(x)?)?;
    rotate(config, shared, &layer.finish_qkv(qkv, config)?)
}

/// The rest of the block, once keys and values are in the cache.
/// Shapes: (n, width), (n, qkv) -> (n, width).
pub fn finish(
    layer: &Layer,
    config: &Config,
    shared: &Shared,
    x: &Tensor,
    qkv: &Tensor,
    cached: &cache::Layer,
) -> Result<Tensor> {
    let attended = attend(config, shared, qkv, cached)?;
    let x = (x + layer.attn_out.on_device(&attended)?)?;
    let gate_up = layer.gate_up.on_device(&layer.ffn_norm.on_device(&x)?)?;
    let parts = gate_up.chunk(2, D::Minus1)?;
    let gated = (candle_nn::ops::silu(&parts[0])? * &parts[1])?;
    &x + layer.down.on_device(&gated)?
}

/// RoPE on queries and keys. Shape: (n, qkv) -> the same.
fn rotate(config: &Config, shared: &Shared, qkv: &Tensor) -> Result<Tensor> {
    let heads = config.heads + config.kv_heads;
    let (n, width) = qkv.dims2()?;
    let turned_width = heads * config.head_dim;
    let by_head = qkv
        .narrow(1, 0, turned_width)?
        .reshape((n, heads, config.head_dim))?;
    let turned = by_head
        .narrow(2, 0, config.rope_dim)?
        .transpose(0, 1)?
        .unsqueeze(0)?;
    let turn = match config.rope_order {
        Pairs::Interleaved => candle_nn::rotary_emb::rope_i,
        Pairs::Halves => candle_nn::rotary_emb::rope,
    };
    let turned = turn(&turned.contiguous()?, &shared.cos, &shared.sin)?;
    let turned = turned.squeeze(0)?.transpose(0, 1)?;
    let rest = by_head.narrow(2, config.rope_dim, config.head_dim - config.rope_dim)?;
    let heads_out = if config.rope_dim == config.head_dim {
        turned.contiguous()?
    } else {
        Tensor::cat(&[turned, rest], 2)?
    };
    let values = qkv.narrow(1, turned_width, width - turned_width)?;
    Tensor::cat(
        &[heads_out.reshape((n, turned_width))?, values.contiguous()?],
        1,
    )
}

/// Attention over the cache under the mask. Shapes: (n, qkv), (capacity, kv)
/// -> (n, heads * head_dim).
fn attend(config: &Config, shared: &Shared, qkv: &Tensor, cached: &cache::Layer) -> Result<Tensor> {
    let Config {
        heads,
        kv_heads,
        head_dim,
        ..
    } = *config;
    let (n, len) = shared.mask.dims2()?;
    let cache = cached.rows()?;
    let by_head = |x: Tensor, heads: usize| -> Result<Tensor> {
        x.reshape((x.dim(0)?, heads, head_dim))?
            .transpose(0, 1)?
            .contiguous()
    };
    let repeat = heads / kv_heads;
    let kv_width = config.kv_width();
    let part = |offset: usize| -> Result<Tensor> {
        let rows = cache
            .narrow(0, 0, len)?
            .narrow(1, offset, kv_width)?
            .contiguous()?;
        by_head(rows, kv_heads)
    };
    // (kv_heads, repeat * n, head_dim): the query heads of a group side by side
    let q = by_head(qkv.narrow(1, 0, heads * head_dim)?.contiguous()?, heads)?;
    let q = q.reshape((kv_heads, repeat * n, head_dim))?;
    let scores = (q.matmul(&part(0)?.t()?.contiguous()?)? / (head_dim as f64).sqrt())?;
    let scores = scores
        .reshape((kv_heads, repeat, n, len))?
        .broadcast_add(&shared.mask)?;
    let weights = candle_nn::ops::softmax_last_dim(&scores)?;
    let out = weights
        .reshape((kv_heads, repeat * n, len))?
        .matmul(&part(kv_width)?)?;
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
