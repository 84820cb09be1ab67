//! A [`Config`] from a GGUF file's metadata (keys as in the GGUF
//! specification, `ARCHITECTURE.name`).

use color_eyre::eyre::{Result, bail, eyre};

use super::{Config, known};
use crate::model::gguf::Gguf;
use crate::model::kernels::elementwise::Pairs;
use crate::model::rope::{RopeScaling, YarnRamp};

pub fn read(gguf: &Gguf) -> Result<Config> {
    let architecture = gguf.text("general.architecture").unwrap_or("unnamed");
    known(architecture, &gguf.path)?;
    let keys = Keys { gguf, architecture };
    let (width, heads) = (
        keys.needed("embedding_length")?,
        keys.needed("attention.head_count")?,
    );
    let head_dim = head_dim(&keys, width / heads)?;
    let context = keys.needed("context_length")?;
    // The converter permutes the rows of `llama` only.
    let rope_order = match architecture {
        "llama" => Pairs::Interleaved,
        _ => Pairs::Halves,
    };
    refuse_other_biases(gguf)?;
    Ok(Config {
        layers: keys.needed("block_count")?,
        width,
        heads,
        kv_heads: keys.int("attention.head_count_kv").unwrap_or(heads),
        head_dim,
        rope_dim: keys.int("rope.dimension_count").unwrap_or(head_dim),
        rope_base: keys.float("rope.freq_base").unwrap_or(10_000.0),
        rope_order,
        rope_scaling: scaling(&keys, context)?,
        qkv_bias: architecture == "qwen2" || gguf.has("blk.0.attn_q.bias"),
        qk_norm: architecture == "qwen3",
        tied: !gguf.has("output.weight"),
        norm_eps: keys
            .float("attention.layer_norm_rms_epsilon")
            .unwrap_or(1e-5),
        context,
        architecture: architecture.to_string(),
    })
}

fn head_dim(keys: &Keys<'_>, unnamed: usize) -> Result<usize> {
    let key = keys.int("attention.key_length").unwrap_or(unnamed);
    let value = keys.int("attention.value_length").unwrap_or(key);
    if key != value {
        bail!(
            "{}: keys of {key} and values of {value} dimensions are not supported",
            keys.gguf.path.display()
        );
    }
    Ok(key)
}

/// The file's keys under its architecture's name.
struct Keys<'a> {
    gguf: &'a Gguf,
    architecture: &'a str,
}

impl Keys<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn int(&self, name: &str) -> Option<usize> {
        self.gguf.int(&self.key(name))
    }

    fn float(&self, name: &str) -> Option<f32> {
        self.gguf.float(&self.key(name))
    }

    fn needed(&self, name: &str) -> Result<usize> {
        self.int(name).filter(|&n| n > 0).ok_or_else(|| {
            eyre!(
                "{}: metadata `{}` is missing",
                self.gguf.path.display(),
                self.key(name)
            )
        })
    }
}

/// Llama 3's scaling is not here: its files carry it as the tensor
/// `rope_freqs.weight`.
fn scaling(keys: &Keys<'_>, context: usize) -> Result<RopeScaling> {
    let factor = keys.float("rope.scaling.factor");
    match keys.gguf.text(&keys.key("rope.scaling.type")) {
        None | Some("none") => Ok(RopeScaling::None),
        Some("linear") => Ok(RopeScaling::Linear {
            factor: factor.unwrap_or(1.0),
        }),
        Some("yarn") => Ok(RopeScaling::Yarn {
            factor: factor.unwrap_or(1.0),
            original_context: keys
                .int("rope.scaling.original_context_length")
                .unwrap_or(context),
            ramp: YarnRamp::default(),
            attention: keys.float("rope.scaling.attn_factor"),
        }),
        Some(other) => bail!(
            "{}: RoPE scaling `{other}` is not supported (known: none, linear, yarn, and Llama 3's)",
            keys.gguf.path.display()
        ),
    }
}

fn refuse_other_biases(gguf: &Gguf) -> Result<()> {
    let others = ["attn_output", "ffn_gate", "ffn_up", "ffn_down"];
    let found = others
        .iter()
        .map(|part| format!("blk.0.{part}.bias"))
        .find(|name| gguf.has(name));
    match found {
        Some(name) => bail!(
            "{}: tensor `{name}`: biases are supported on queries, keys and values only",
            gguf.path.display()
        ),
        None => Ok(()),
    }
}
