//! The tensors that a decoder with a configuration uses, and their shapes.

use std::collections::HashMap;

use color_eyre::eyre::Result;

use super::config::Config;

/// Divides RoPE's frequencies (Llama 3).
pub(crate) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// A tensor that is used, by its GGUF name.
pub(crate) struct Needed {
    pub(crate) name: String,
    pub(crate) dims: Vec<usize>,
}

/// Every tensor except RoPE's factors; `ffn`: a block's feed-forward width.
pub(crate) fn tensors(
    config: &Config,
    vocab: usize,
    ffn: impl Fn(usize) -> Result<usize>,
) -> Result<Vec<Needed>> {
    let width = config.width;
    let mut all = Vec::new();
    let mut add = |name: String, dims: Vec<usize>| all.push(Needed { name, dims });
    add("token_embd.weight".into(), vec![vocab, width]);
    add("output_norm.weight".into(), vec![width]);
    if !config.tied {
        add("output.weight".into(), vec![vocab, width]);
    }
    for block in 0..config.layers {
        for (part, dims) in block_parts(config, ffn(block)?) {
            add(format!("blk.{block}.{part}"), dims);
        }
    }
    Ok(all)
}

/// The tensors of a configuration with a given feed-forward width, by name.
pub(crate) fn dims(config: &Config, vocab: usize) -> Result<HashMap<String, Vec<usize>>> {
    let all = tensors(config, vocab, |_| Ok(config.feed_forward.unwrap_or(0)))?;
    Ok(all.into_iter().map(|t| (t.name, t.dims)).collect())
}

/// A block's tensors, after its number.
pub(crate) fn block_parts(config: &Config, ffn: usize) -> Vec<(&'static str, Vec<usize>)> {
    let (width, head, kv) = (config.width, config.head_dim, config.kv_width());
    let q = config.heads * head;
    let mut parts = vec![
        ("attn_norm.weight", vec![width]),
        ("attn_q.weight", vec![q, width]),
        ("attn_k.weight", vec![kv, width]),
        ("attn_v.weight", vec![kv, width]),
        ("attn_output.weight", vec![width, q]),
        ("ffn_norm.weight", vec![width]),
        ("ffn_gate.weight", vec![ffn, width]),
        ("ffn_up.weight", vec![ffn, width]),
        ("ffn_down.weight", vec![width, ffn]),
    ];
    if config.qkv_bias {
        parts.push(("attn_q.bias", vec![q]));
        parts.push(("attn_k.bias", vec![kv]));
        parts.push(("attn_v.bias", vec![kv]));
    }
    if config.qk_norm {
        parts.push(("attn_q_norm.weight", vec![head]));
        parts.push(("attn_k_norm.weight", vec![head]));
    }
    parts
}
