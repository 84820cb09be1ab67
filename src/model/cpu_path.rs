//! A decoder block on the CPU kernels: five matrix products, each fused with the
//! neighbouring steps, and attention.

use candle_core::{Result, Tensor};

use super::clock::{Clock, PassPart};
use super::config::Config;
use super::kernels::Cpu;
use super::kernels::attention::{Plan, TreeAttention};
use super::kernels::elementwise::Turn;
use super::layer::{Layer, Norm};
use super::pass::Pass;
use super::sequences::Sequences;

/// What the blocks of one pass share.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) config: &'a Config,
    pub(crate) pass: &'a Pass,
    pub(crate) plan: &'a Plan,
    pub(crate) cpu: &'a Cpu,
}

fn scale(norm: &Norm) -> (&[f32], f32) {
    (&norm.values, norm.eps)
}

/// Queries, keys and values, with RoPE applied. Shape: (n, width) -> (n, qkv).
pub(crate) fn qkv(
    layer: &Layer,
    x: &Tensor,
    shared: &Shared<'_>,
    clock: &mut Clock,
) -> Result<Tensor> {
    let Shared {
        config, pass, cpu, ..
    } = *shared;
    let norm = scale(&layer.attn_norm);
    let projection = layer.qkv.packed()?;
    let qkv = clock.time(PassPart::Matmul, || {
        projection.forward_normed(x, norm, false, cpu)
    })?;
    qkv.inplace_op1(&Turn {
        heads: config.heads(),
        pairs: config.rope_order,
        bias: layer.qkv_bias.as_ref().map(|bias| bias.values.as_slice()),
        norms: layer.head_norms(),
        cos: &pass.cos,
        sin: &pass.sin,
        cpu,
    })?;
    Ok(qkv)
}

/// The rest of the block, once keys and values are in the cache.
/// Shapes: (n, width), (n, qkv) -> (n, width).
pub(crate) fn finish(
    (index, layer): (usize, &Layer),
    x: &Tensor,
    qkv: &Tensor,
    sequences: &Sequences,
    shared: &Shared<'_>,
    clock: &mut Clock,
) -> Result<Tensor> {
    let Shared {
        pass, plan, cpu, ..
    } = shared;
    let op = TreeAttention {
        layer: index,
        memory: sequences.own().tiles()?,
        shared: &sequences.prefixes()?,
        sequences: &pass.sequences,
        paths: &pass.paths,
        plan,
        cpu,
    };
    let attended = clock.time(PassPart::Attention, || qkv.apply_op1_no_bwd(&op))?;
    clock.time(PassPart::Matmul, || {
        let x = layer.attn_out.packed()?.forward_added(&attended, x, cpu)?;
        let norm = scale(&layer.ffn_norm);
        let gated = layer
            .gate_up
            .packed()?
            .forward_normed(&x, norm, true, cpu)?;
        layer.down.packed()?.forward_added(&gated, &x, cpu)
    })
}
