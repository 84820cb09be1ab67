//! Which tensors a decoder of a configuration reads, and of which shapes: a file
//! is held against that before any of its weights is packed. A tensor that
//! nobody reads is an error, because it would be missing from what is computed.

use std::collections::{HashMap, HashSet};

use color_eyre::eyre::{Result, bail, ensure};

use super::config::Config;
use super::stated;
use super::weights::{Source, Weights};

/// Divides RoPE's frequencies (Llama 3).
pub const ROPE_FACTORS: &str = "rope_freqs.weight";

/// Endings of tensors that older tools wrote and that are computed here: RoPE's
/// frequencies.
const HARMLESS: [&str; 2] = [".attn_rot_embd.weight", "rotary_emb.inv_freq"];
/// Names in a message.
const N_NAMED: usize = 3;

/// A tensor that is read, by its GGUF name.
struct Needed {
    name: String,
    dims: Vec<usize>,
}

/// Checks that every tensor that is read is there in its shape, that norms,
/// biases and RoPE factors are finite, and that no other tensor is there.
/// Returns the size of the vocabulary: the rows of the embedding.
///
/// # Errors
/// The first tensor at fault, by name, with the file.
pub fn check(weights: &Weights, config: &Config) -> Result<usize> {
    let vocab = vocabulary(weights, config)?;
    let needed = needed(weights, config, vocab)?;
    for tensor in &needed {
        check_one(weights, tensor)?;
    }
    refuse_unread(weights, config, &needed)?;
    Ok(vocab)
}

fn vocabulary(weights: &Weights, config: &Config) -> Result<usize> {
    let dims = weights.dims("token_embd.weight")?;
    let name = weights.own_name("token_embd.weight");
    let file = weights.path().display();
    let &[rows, cols] = dims else {
        bail!("{file}: tensor `{name}` is not two-dimensional: {dims:?}");
    };
    ensure!(
        cols == config.width,
        "{file}: tensor `{name}` is {rows} x {cols}, the configuration makes it {rows} x {}",
        config.width
    );
    let key = format!("rows of {name}");
    stated::size(file, &key, rows as i128, stated::VOCABULARY)
}

/// The inner width of a block's feed-forward network, as its tensors have it.
pub fn feed_forward(weights: &Weights, config: &Config, block: usize) -> Result<usize> {
    if let Some(stated) = config.feed_forward {
        return Ok(stated);
    }
    let name = format!("blk.{block}.ffn_gate.weight");
    let rows = weights.dims(&name)?.first().copied().unwrap_or(0);
    let key = format!("rows of {}", weights.own_name(&name));
    stated::size(
        weights.path().display(),
        &key,
        rows as i128,
        stated::FEED_FORWARD,
    )
}

fn needed(weights: &Weights, config: &Config, vocab: usize) -> Result<Vec<Needed>> {
    let mut all = tensors(config, vocab, |block| feed_forward(weights, config, block))?;
    if weights.has(ROPE_FACTORS) {
        let factors = Needed {
            name: ROPE_FACTORS.into(),
            dims: vec![config.rope_dim / 2],
        };
        // Beside the ends, before the blocks.
        let at = if config.tied { 2 } else { 3 };
        all.insert(at, factors);
    }
    Ok(all)
}

/// Every tensor but RoPE's factors; `ffn`: a block's feed-forward width.
fn tensors(
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

/// The tensors of a configuration whose feed-forward width is stated, by name.
pub fn dims(config: &Config, vocab: usize) -> Result<HashMap<String, Vec<usize>>> {
    let all = tensors(config, vocab, |_| Ok(config.feed_forward.unwrap_or(0)))?;
    Ok(all.into_iter().map(|t| (t.name, t.dims)).collect())
}

/// A block's tensors, behind its number.
pub fn block_parts(config: &Config, ffn: usize) -> Vec<(&'static str, Vec<usize>)> {
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

fn check_one(weights: &Weights, needed: &Needed) -> Result<()> {
    let Needed { name, dims } = needed;
    let (file, own) = (weights.path().display(), weights.own_name(name));
    let found = weights.dims(name)?;
    ensure!(
        found == dims,
        "{file}: tensor `{own}` is {}, the configuration makes it {}",
        shown(found),
        shown(dims)
    );
    if dims.len() == 1 {
        let values = weights.vector(name)?;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            bail!(
                "{file}: tensor `{own}` holds {} at {at}; the file is damaged",
                values[at]
            );
        }
        let zero = values.iter().position(|&v| v == 0.0);
        if let Some(at) = zero.filter(|_| name == ROPE_FACTORS) {
            bail!("{file}: tensor `{own}` holds 0 at {at}, and RoPE divides by it");
        }
    }
    Ok(())
}

/// `64 x 128`
fn shown(dims: &[usize]) -> String {
    let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
    dims.join(" x ")
}

fn refuse_unread(weights: &Weights, config: &Config, needed: &[Needed]) -> Result<()> {
    let read: HashSet<String> = needed.iter().map(|n| weights.own_name(&n.name)).collect();
    let is_checkpoint = matches!(weights.source, Source::Checkpoint(_));
    let tied_head = |name: &str| is_checkpoint && config.tied && name == "lm_head.weight";
    let harmless = |name: &str| HARMLESS.iter().any(|end| name.ends_with(end)) || tied_head(name);
    let names = weights.names().into_iter();
    let mut unread: Vec<&str> = names
        .filter(|name| !read.contains(*name) && !harmless(name))
        .collect();
    unread.sort_unstable();
    if unread.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = unread
        .iter()
        .take(N_NAMED)
        .map(|n| format!("`{n}`"))
        .collect();
    let more = match unread.len().saturating_sub(N_NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    bail!(
        "{}: nothing here computes with {}{more}: the model is not quite a `{}` and would give \
         other answers",
        weights.path().display(),
        named.join(", "),
        config.architecture
    )
}
