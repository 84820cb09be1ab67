//! A [`Config`] from a GGUF file's metadata (keys as in the GGUF
//! specification, `ARCHITECTURE.name`). What a key means follows llama.cpp.

use std::ops::RangeInclusive;

use color_eyre::eyre::{Result, bail, ensure, eyre};

use super::{Config, known};
use crate::model::gguf::Gguf;
use crate::model::kernels::elementwise::Pairs;
use crate::model::rope::{RopeScaling, YarnRamp};
use crate::model::stated;

/// Keys that change what is computed, with the value at which they do not.
const NOT_COMPUTED: [(&str, f32); 9] = [
    ("attention.scale", 0.0),
    ("attention.clamp_kqv", 0.0),
    ("attention.max_alibi_bias", 0.0),
    ("attn_logit_softcapping", 0.0),
    ("final_logit_softcapping", 0.0),
    ("logit_scale", 1.0),
    ("residual_scale", 1.0),
    ("embedding_scale", 1.0),
    ("rope.scaling.alpha", 0.0),
];

pub(crate) fn read(gguf: &Gguf) -> Result<Config> {
    let architecture = gguf.text("general.architecture").unwrap_or("unnamed");
    known(architecture, &gguf.path)?;
    ensure!(
        !gguf.is_empty(),
        "{} has no weights: it is only a vocabulary",
        gguf.path.display()
    );
    let keys = Keys { gguf, architecture };
    refuse(&keys)?;
    let width = keys.needed("embedding_length", stated::WIDTH)?;
    let heads = keys.needed("attention.head_count", stated::HEADS)?;
    let kv_heads = keys.size("attention.head_count_kv", stated::HEADS)?;
    let head_dim = head_dim(&keys, width / heads)?;
    let rope_dim = keys.size("rope.dimension_count", stated::HEAD_DIM)?;
    let context = keys.needed("context_length", stated::CONTEXT)?;
    let eps = keys.positive("attention.layer_norm_rms_epsilon")?;
    Ok(Config {
        layers: keys.needed("block_count", stated::LAYERS)?,
        width,
        feed_forward: keys.size("feed_forward_length", stated::FEED_FORWARD)?,
        heads,
        kv_heads: kv_heads.unwrap_or(heads),
        head_dim,
        rope_dim: rope_dim.unwrap_or(head_dim),
        rope_base: keys.positive("rope.freq_base")?.unwrap_or(10_000.0),
        rope_order: rope_order(architecture),
        rope_scaling: scaling(&keys, context)?,
        qkv_bias: architecture == "qwen2" || has_qkv_bias(gguf),
        qk_norm: architecture == "qwen3",
        tied: !gguf.has("output.weight"),
        norm_eps: eps.unwrap_or(1e-5),
        context,
        notes: Vec::new(),
        architecture: architecture.to_string(),
    })
}

/// The converter permutes the rows of `llama` only.
fn rope_order(architecture: &str) -> Pairs {
    match architecture {
        "llama" => Pairs::Interleaved,
        _ => Pairs::Halves,
    }
}

fn head_dim(keys: &Keys<'_>, unnamed: usize) -> Result<usize> {
    let stated = keys.size("attention.key_length", stated::HEAD_DIM)?;
    let key = stated.unwrap_or(unnamed);
    let value = keys.size("attention.value_length", stated::HEAD_DIM)?;
    let value = value.unwrap_or(key);
    if key != value {
        bail!(
            "{}: keys of {key} and values of {value} dimensions are not supported",
            keys.gguf.path.display()
        );
    }
    Ok(key)
}

/// In any block: one without them is reported as lacking a tensor.
fn has_qkv_bias(gguf: &Gguf) -> bool {
    let biases = [".attn_q.bias", ".attn_k.bias", ".attn_v.bias"];
    gguf.names()
        .any(|name| biases.iter().any(|end| name.ends_with(end)))
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

    fn size(&self, name: &str, bounds: RangeInclusive<usize>) -> Result<Option<usize>> {
        self.gguf.size(&self.key(name), bounds)
    }

    fn positive(&self, name: &str) -> Result<Option<f32>> {
        self.gguf.positive(&self.key(name))
    }

    fn needed(&self, name: &str, bounds: RangeInclusive<usize>) -> Result<usize> {
        self.size(name, bounds)?.ok_or_else(|| {
            eyre!(
                "{}: metadata `{}` is missing",
                self.gguf.path.display(),
                self.key(name)
            )
        })
    }
}

/// Refuses whatever this decoder does not compute.
fn refuse(keys: &Keys<'_>) -> Result<()> {
    let file = keys.gguf.path.display();
    let experts = keys.size("expert_count", stated::COUNT)?.unwrap_or(0);
    ensure!(
        experts == 0,
        "{file} is a mixture of {experts} experts (`{}`), which is not supported: use a dense \
        model (`laserscope model list`)",
        keys.key("expert_count")
    );
    for (name, neutral) in NOT_COMPUTED {
        let key = keys.key(name);
        if let Some(value) = keys.gguf.float(&key)?.filter(|&v| v != neutral) {
            bail!("{file}: `{key}` is {value}, which is not supported");
        }
    }
    Ok(())
}

/// Llama 3's scaling is not here: its files have it as the tensor `rope_freqs.weight`.
/// A factor without a type is linear; older files name it `rope.scale_linear`.
fn scaling(keys: &Keys<'_>, context: usize) -> Result<RopeScaling> {
    let file = keys.gguf.path.display();
    let factor = match keys.positive("rope.scaling.factor")? {
        None => keys.positive("rope.scale_linear")?,
        factor => factor,
    };
    let factor = factor.unwrap_or(1.0);
    let amplitude = keys.positive("rope.scaling.attn_factor")?;
    let ty = keys.gguf.text(&keys.key("rope.scaling.type"));
    if let Some(amplitude) = amplitude.filter(|&a| a != 1.0 && ty != Some("yarn")) {
        bail!(
            "{file}: `{}` is {amplitude}, which is only supported with YaRN",
            keys.key("rope.scaling.attn_factor")
        );
    }
    match ty {
        Some("none") => Ok(RopeScaling::None),
        None if factor == 1.0 => Ok(RopeScaling::None),
        None | Some("linear") => Ok(RopeScaling::Linear { factor }),
        Some("yarn") => yarn(keys, context, factor, amplitude),
        Some(other) => bail!(
            "{file}: RoPE scaling `{other}` is not supported (known: none, linear, yarn, and \
             Llama 3's)"
        ),
    }
}

/// llama.cpp multiplies its own amplitude by `attn_factor`, whereas transformers'
/// `attention_factor` replaces it.
fn yarn(
    keys: &Keys<'_>,
    context: usize,
    factor: f32,
    attn_factor: Option<f32>,
) -> Result<RopeScaling> {
    for (name, neutral) in [("yarn_ext_factor", 1.0), ("yarn_log_multiplier", 0.0)] {
        let key = keys.key(&format!("rope.scaling.{name}"));
        if let Some(value) = keys.gguf.float(&key)?.filter(|&v| v != neutral) {
            bail!(
                "{}: `{key}` is {value}, which is not supported",
                keys.gguf.path.display()
            );
        }
    }
    let original = keys.size("rope.scaling.original_context_length", stated::CONTEXT)?;
    let plain = YarnRamp::default();
    Ok(RopeScaling::Yarn {
        factor,
        original_context: original.unwrap_or(context),
        ramp: YarnRamp {
            fast: keys
                .positive("rope.scaling.yarn_beta_fast")?
                .unwrap_or(plain.fast),
            slow: keys
                .positive("rope.scaling.yarn_beta_slow")?
                .unwrap_or(plain.slow),
        },
        attention: attn_factor.map(|by| by * (0.1 * factor.ln() + 1.0)),
    })
}
