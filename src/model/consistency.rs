//! Checks a model's weights against its configuration before packing. An unused tensor
//! is an error, because the computation would lack it.

use std::collections::HashSet;
use std::path::Path;

use color_eyre::eyre::{Result, bail, ensure};

use super::config::{Config, checkpoint, metadata};
use super::layout::{Needed, ROPE_FACTORS, tensors};
use super::shape::Shape;
use super::stated;
use super::weights::{FloatWeights, Weights, WeightsSource};

/// Name endings of tensors from older tools that are computed here: RoPE's frequencies.
const HARMLESS: [&str; 2] = [".attn_rot_embd.weight", "rotary_emb.inv_freq"];
/// Maximum names in a message.
const N_NAMED: usize = 3;

impl Config {
    /// # Errors
    /// An unknown architecture, a missing key, an unsupported feature, inconsistent
    /// dimensions.
    pub fn read(weights: &Weights) -> Result<Self> {
        let config = match &weights.source {
            WeightsSource::Gguf(gguf) => metadata::read(gguf)?,
            WeightsSource::Checkpoint(checkpoint) => checkpoint::read(checkpoint)?,
            WeightsSource::MadeUp(made) => made.shape.config.clone(),
        };
        config.check(weights.path())?;
        Ok(config)
    }
}

impl Shape {
    /// A known name, or the dimensions of a GGUF file or a checkpoint's folder, whose
    /// weights are not read.
    ///
    /// # Errors
    /// Neither; whatever prevents loading such a file.
    pub fn named(name: &str) -> Result<Self> {
        if let Some(known) = Shape::known(name) {
            return Ok(known);
        }
        let path = Path::new(name);
        if !path.exists() {
            bail!(
                "--shape {name}: no such file, and none of {}",
                Shape::known_names().join(", ")
            );
        }
        let weights = Weights::open(path, FloatWeights::Exact)?;
        let config = Config::read(&weights)?;
        let vocab = check(&weights, &config)?;
        let feed_forward = feed_forward(&weights, &config, 0)?;
        Ok(Shape {
            name: weights.name(),
            config: Config {
                feed_forward: Some(feed_forward),
                ..config
            },
            vocab,
        })
    }
}

/// Checks that every tensor used exists with its shape, that norms, biases and RoPE
/// factors are finite, and that there are no other tensors. Returns the size of the
/// vocabulary: the rows of the embedding.
///
/// # Errors
/// The first bad tensor, by name, with the file.
pub(crate) fn check(weights: &Weights, config: &Config) -> Result<usize> {
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
        "{file}: tensor `{name}` is {rows} x {cols}, but the configuration says {rows} x {}",
        config.width
    );
    let key = format!("rows of {name}");
    stated::size(file, &key, rows as i128, stated::VOCABULARY)
}

/// The inner width of a block's feed-forward network, from its tensors.
pub(crate) fn feed_forward(weights: &Weights, config: &Config, block: usize) -> Result<usize> {
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
        // Next to embedding and head, before the blocks.
        let at = if config.tied { 2 } else { 3 };
        all.insert(at, factors);
    }
    Ok(all)
}

fn check_one(weights: &Weights, needed: &Needed) -> Result<()> {
    let Needed { name, dims } = needed;
    let (file, own) = (weights.path().display(), weights.own_name(name));
    let found = weights.dims(name)?;
    ensure!(
        found == dims,
        "{file}: tensor `{own}` is {}, but the configuration says {}",
        shown(found),
        shown(dims)
    );
    if dims.len() == 1 {
        let values = weights.vector(name)?;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            bail!(
                "{file}: tensor `{own}` has {} at index {at}: the file is damaged",
                values[at]
            );
        }
        let zero = values.iter().position(|&v| v == 0.0);
        if let Some(at) = zero.filter(|_| name == ROPE_FACTORS) {
            bail!("{file}: tensor `{own}` has 0 at index {at}, and RoPE divides by it");
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
    let is_checkpoint = matches!(weights.source, WeightsSource::Checkpoint(_));
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
        "{}: {}{more} would be ignored: the model is not a plain `{}`, and its answers would be \
        wrong",
        weights.path().display(),
        named.join(", "),
        config.architecture
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layout;

    #[test]
    fn the_known_shapes_have_their_published_sizes() {
        for (name, billions) in [
            ("smollm2-135m", 0.135),
            ("qwen2.5-1.5b", 1.54),
            ("qwen2.5-7b", 7.6),
            ("llama-3.2-1b", 1.24),
            ("llama-3.1-8b", 8.03),
            ("vicuna-7b", 6.7),
        ] {
            let shape = Shape::named(name).unwrap();
            let dims = layout::dims(&shape.config, shape.vocab).unwrap();
            let n: usize = dims.values().map(|d| d.iter().product::<usize>()).sum();
            let off = n as f64 / 1e9 / billions - 1.0;
            assert!(off.abs() < 0.02, "{name}: {n} parameters");
        }
        let why = Shape::named("gpt-9").unwrap_err().to_string();
        assert!(why.contains("qwen2.5-7b"), "{why}");
    }
}
