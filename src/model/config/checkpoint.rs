//! A [`Config`] from a checkpoint's `config.json`, in the names that
//! transformers gives its keys.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use serde::Deserialize;
use serde_json::Value;

use super::{Config, known};
use crate::model::kernels::elementwise::Pairs;
use crate::model::rope::{RopeScaling, YarnRamp};
use crate::model::safetensors::Checkpoint;

#[derive(Deserialize)]
struct Json {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: usize,
    rms_norm_eps: f32,
    rope_theta: Option<f32>,
    rope_scaling: Option<Rope>,
    /// Where transformers 5 writes both of them.
    rope_parameters: Option<Rope>,
    partial_rotary_factor: Option<f32>,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    hidden_act: Option<String>,
    /// Absent where the family always slides (Mistral).
    use_sliding_window: Option<bool>,
    sliding_window: Option<usize>,
    quantization_config: Option<Value>,
}

#[derive(Clone, Deserialize)]
struct Rope {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    rope_theta: Option<f32>,
    factor: Option<f32>,
    low_freq_factor: Option<f32>,
    high_freq_factor: Option<f32>,
    original_max_position_embeddings: Option<usize>,
    beta_fast: Option<f32>,
    beta_slow: Option<f32>,
    attention_factor: Option<f32>,
    /// DeepSeek's variant of YaRN, which is computed otherwise.
    mscale: Option<f32>,
}

pub fn read(checkpoint: &Checkpoint) -> Result<Config> {
    let path = checkpoint.folder.join("config.json");
    let text =
        std::fs::read_to_string(&path).wrap_err_with(|| format!("reading {}", path.display()))?;
    parse(&text, &path)
}

fn parse(text: &str, path: &Path) -> Result<Config> {
    let value: Value = serde_json::from_str(text).map_err(|e| eyre!("{}: {e}", path.display()))?;
    // Before its keys are asked for: another family may name them otherwise.
    known(architecture(value["model_type"].as_str()), path)?;
    let json: Json = serde_json::from_str(text).map_err(|e| eyre!("{}: {e}", path.display()))?;
    refuse(&json, path)?;
    let heads = json.num_attention_heads;
    ensure!(heads > 0, "{}: num_attention_heads is 0", path.display());
    let head_dim = json.head_dim.unwrap_or(json.hidden_size / heads);
    let rope = json.rope_parameters.as_ref().or(json.rope_scaling.as_ref());
    let architecture = architecture(Some(&json.model_type));
    let theta = rope.and_then(|r| r.rope_theta).or(json.rope_theta);
    Ok(Config {
        architecture: architecture.to_string(),
        layers: json.num_hidden_layers,
        width: json.hidden_size,
        heads,
        kv_heads: json.num_key_value_heads.unwrap_or(heads),
        head_dim,
        rope_dim: head_dim,
        rope_base: theta.unwrap_or(10_000.0),
        rope_order: Pairs::Halves,
        rope_scaling: scaling(rope, json.max_position_embeddings, path)?,
        qkv_bias: architecture == "qwen2",
        qk_norm: architecture == "qwen3",
        tied: json.tie_word_embeddings,
        norm_eps: json.rms_norm_eps,
        context: json.max_position_embeddings,
    })
}

/// The GGUF name of a model type: Mistral is a Llama there.
fn architecture(model_type: Option<&str>) -> &str {
    match model_type {
        Some("mistral") => "llama",
        other => other.unwrap_or("unnamed"),
    }
}

/// What this decoder does not compute is refused, never passed over.
fn refuse(json: &Json, path: &Path) -> Result<()> {
    let slides = json.use_sliding_window.unwrap_or(true)
        && json
            .sliding_window
            .is_some_and(|window| window < json.max_position_embeddings);
    let act = json.hidden_act.as_deref().unwrap_or("silu");
    let refused = [
        (act != "silu", "hidden_act other than silu"),
        (json.attention_bias, "attention_bias"),
        (json.mlp_bias, "mlp_bias"),
        (slides, "a sliding window"),
        (
            json.partial_rotary_factor.is_some_and(|f| f != 1.0),
            "partial_rotary_factor",
        ),
        (
            json.quantization_config.is_some(),
            "quantization_config (take the unquantized model, or a GGUF file)",
        ),
    ];
    match refused.iter().find(|r| r.0) {
        Some((_, what)) => bail!("{}: {what} is not supported", path.display()),
        None => Ok(()),
    }
}

fn scaling(rope: Option<&Rope>, context: usize, path: &Path) -> Result<RopeScaling> {
    let Some(rope) = rope else {
        return Ok(RopeScaling::None);
    };
    let need = |value: Option<f32>, key: &str| {
        value.ok_or_else(|| eyre!("{}: rope_scaling has no `{key}`", path.display()))
    };
    let original_context = rope.original_max_position_embeddings.unwrap_or(context);
    match rope.rope_type.as_deref().unwrap_or("default") {
        "default" => Ok(RopeScaling::None),
        "linear" => Ok(RopeScaling::Linear {
            factor: need(rope.factor, "factor")?,
        }),
        "llama3" => Ok(RopeScaling::Llama3 {
            factor: need(rope.factor, "factor")?,
            low: need(rope.low_freq_factor, "low_freq_factor")?,
            high: need(rope.high_freq_factor, "high_freq_factor")?,
            original_context,
        }),
        "yarn" if rope.mscale.is_none() => Ok(RopeScaling::Yarn {
            factor: need(rope.factor, "factor")?,
            original_context,
            ramp: YarnRamp {
                fast: rope.beta_fast.unwrap_or(YarnRamp::default().fast),
                slow: rope.beta_slow.unwrap_or(YarnRamp::default().slow),
            },
            attention: rope.attention_factor,
        }),
        other => bail!(
            "{}: RoPE scaling `{other}` is not supported (known: default, linear, llama3, \
             yarn without mscale)",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"model_type": "qwen3", "hidden_size": 1024,
        "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
        "head_dim": 128, "max_position_embeddings": 40960, "rms_norm_eps": 1e-6,
        "rope_theta": 1000000, "tie_word_embeddings": true, "hidden_act": "silu",
        "use_sliding_window": false, "sliding_window": null, "rope_scaling": null}"#;

    fn with(from: &str, to: &str) -> Result<Config> {
        assert!(PLAIN.contains(from));
        parse(&PLAIN.replace(from, to), Path::new("some/config.json"))
    }

    #[test]
    fn reads_a_head_width_of_its_own() {
        let config = with("", "").unwrap();
        assert_eq!((config.head_dim, config.kv_width()), (128, 1024));
        assert!(config.qk_norm && config.tied && !config.qkv_bias);
        assert_eq!(config.rope_base, 1e6);
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        let refusals = [
            (
                r#""hidden_act": "silu""#,
                r#""hidden_act": "gelu""#,
                "hidden_act",
            ),
            (r#""qwen3""#, r#""gemma3""#, "`gemma3` is not supported"),
            (r#""hidden_size": 1024,"#, "", "hidden_size"),
            (
                r#""rope_theta": 1000000"#,
                r#""attention_bias": true"#,
                "attention_bias",
            ),
            (
                r#""use_sliding_window": false, "sliding_window": null"#,
                r#""use_sliding_window": true, "sliding_window": 4096"#,
                "sliding window",
            ),
            (
                r#""rope_scaling": null"#,
                r#""rope_scaling": {"rope_type": "longrope"}"#,
                "longrope",
            ),
            (
                r#""rope_scaling": null"#,
                r#""rope_scaling": {"rope_type": "llama3", "factor": 8.0}"#,
                "low_freq_factor",
            ),
            (
                r#""rope_scaling": null"#,
                r#""quantization_config": {"bits": 4}"#,
                "quantization_config",
            ),
        ];
        for (from, to, said) in refusals {
            let error = format!("{:#}", with(from, to).unwrap_err());
            assert!(error.contains(said), "{error}");
            assert!(error.contains("some/config.json"), "{error}");
        }
    }

    #[test]
    fn scalings_are_read_under_old_and_new_names() {
        let old = with(
            r#""rope_scaling": null"#,
            r#""rope_scaling": {"type": "linear", "factor": 2.0}"#,
        );
        assert_eq!(
            old.unwrap().rope_scaling,
            RopeScaling::Linear { factor: 2.0 }
        );
        let new = with(
            r#""rope_theta": 1000000"#,
            r#""rope_parameters": {"rope_type": "yarn", "rope_theta": 5e5, "factor": 4.0,
                "original_max_position_embeddings": 32768}"#,
        )
        .unwrap();
        assert_eq!(new.rope_base, 5e5);
        let RopeScaling::Yarn {
            factor,
            original_context,
            ..
        } = new.rope_scaling
        else {
            panic!("{:?}", new.rope_scaling)
        };
        assert_eq!((factor, original_context), (4.0, 32768));
    }
}
