//! A [`Config`] from a checkpoint's `config.json`, with transformers' key names.

use std::ops::RangeInclusive;
use std::path::Path;

use color_eyre::eyre::{Report, Result, bail, eyre};
use serde_json::Value;

use super::{Config, known};
use crate::model::json_file::JsonFile;
use crate::model::kernels::elementwise::Pairs;
use crate::model::rope::{RopeScaling, YarnRamp};
use crate::model::safetensors::Checkpoint;
use crate::model::stated;
use crate::text_input::SETTINGS_BYTES_MAX;

pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Config> {
    let path = checkpoint.folder.join("config.json");
    let file = JsonFile::read(&path, SETTINGS_BYTES_MAX)?;
    let mut config = parse(&file.value, &path)?;
    config.notes.splice(..0, file.notes);
    let unsaid = file
        .value
        .get("tie_word_embeddings")
        .is_none_or(Value::is_null);
    if unsaid && !checkpoint.has("output.weight") {
        config.tied = true;
        config.notes.push(format!(
            "{} does not set tie_word_embeddings, and there is no lm_head.weight: the embedding \
            is used as the output head",
            path.display()
        ));
    }
    Ok(config)
}

fn parse(value: &Value, path: &Path) -> Result<Config> {
    let keys = Keys { value, path };
    // Before reading its keys: another family may name them differently.
    let architecture = architecture(keys.text("model_type"));
    known(architecture, path)?;
    refuse(&keys)?;
    let heads = keys.needed("num_attention_heads", stated::HEADS)?;
    let width = keys.needed("hidden_size", stated::WIDTH)?;
    let head_dim = keys.size("head_dim", stated::HEAD_DIM)?;
    let head_dim = head_dim.unwrap_or(width / heads);
    let context = keys.needed("max_position_embeddings", stated::CONTEXT)?;
    let eps = keys.positive("rms_norm_eps")?;
    // transformers 5 writes both of them into `rope_parameters`.
    let rope = keys.inner("rope_parameters").or(keys.inner("rope_scaling"));
    Ok(Config {
        architecture: architecture.to_string(),
        layers: keys.needed("num_hidden_layers", stated::LAYERS)?,
        width,
        feed_forward: keys.size("intermediate_size", stated::FEED_FORWARD)?,
        heads,
        kv_heads: keys
            .size("num_key_value_heads", stated::HEADS)?
            .unwrap_or(heads),
        head_dim,
        rope_dim: head_dim,
        rope_base: rope_base(&keys, rope.as_ref())?,
        rope_order: Pairs::Halves,
        rope_scaling: scaling(rope.as_ref(), context)?,
        qkv_bias: architecture == "qwen2",
        qk_norm: architecture == "qwen3",
        tied: keys.flag("tie_word_embeddings")?.unwrap_or(false),
        norm_eps: eps.ok_or_else(|| keys.missing("rms_norm_eps"))?,
        context,
        notes: Vec::new(),
    })
}

/// The GGUF name of a model type: Mistral is a Llama there.
fn architecture(model_type: Option<&str>) -> &str {
    match model_type {
        Some("mistral") => "llama",
        other => other.unwrap_or("unnamed"),
    }
}

/// An object's keys; null counts as missing.
struct Keys<'a> {
    value: &'a Value,
    path: &'a Path,
}

impl<'a> Keys<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    fn inner(&self, key: &str) -> Option<Keys<'a>> {
        let value = self.get(key)?;
        let path = self.path;
        Some(Keys { value, path })
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    fn wrong(&self, key: &str, value: &Value, wanted: &str) -> Report {
        eyre!(
            "{}: `{key}` is {value}; it must be {wanted}",
            self.path.display()
        )
    }

    fn missing(&self, key: &str) -> Report {
        eyre!("{} has no `{key}`", self.path.display())
    }

    fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong(key, other, "true or false")),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f64>> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(key, value, "a number")),
            },
        }
    }

    /// # Errors
    /// A value that is not a whole number, or out of bounds.
    fn size(&self, key: &str, bounds: RangeInclusive<usize>) -> Result<Option<usize>> {
        let Some(number) = self.number(key)? else {
            return Ok(None);
        };
        if number.fract() != 0.0 {
            return Err(self.wrong(key, &number.into(), "a whole number"));
        }
        // A number beyond i128 saturates, and is then out of bounds.
        stated::size(self.path.display(), key, number as i128, bounds).map(Some)
    }

    fn needed(&self, key: &str, bounds: RangeInclusive<usize>) -> Result<usize> {
        self.size(key, bounds)?.ok_or_else(|| self.missing(key))
    }

    fn positive(&self, key: &str) -> Result<Option<f32>> {
        let number = self.number(key)?;
        number
            .map(|v| stated::positive(self.path.display(), key, v as f32))
            .transpose()
    }
}

/// Refuses whatever this decoder does not compute.
fn refuse(keys: &Keys<'_>) -> Result<()> {
    let window = keys.number("sliding_window")?;
    let context = keys.number("max_position_embeddings")?.unwrap_or(f64::MAX);
    // Absent if the family always uses it (Mistral).
    let slides = keys.flag("use_sliding_window")?.unwrap_or(true)
        && window.is_some_and(|window| window < context);
    let act = keys.text("hidden_act").unwrap_or("silu");
    let partial = keys.number("partial_rotary_factor")?;
    let refused = [
        (act != "silu", "hidden_act other than silu"),
        (keys.flag("attention_bias")? == Some(true), "attention_bias"),
        (keys.flag("mlp_bias")? == Some(true), "mlp_bias"),
        (slides, "a sliding window"),
        (partial.is_some_and(|f| f != 1.0), "partial_rotary_factor"),
        (
            keys.get("quantization_config").is_some(),
            "quantization_config (use the unquantized model, or a GGUF file)",
        ),
    ];
    match refused.iter().find(|r| r.0) {
        Some((_, what)) => bail!("{}: {what} is not supported", keys.path.display()),
        None => Ok(()),
    }
}

fn rope_base(keys: &Keys<'_>, rope: Option<&Keys<'_>>) -> Result<f32> {
    let theta = match rope {
        Some(rope) => rope.positive("rope_theta")?,
        None => None,
    };
    Ok(theta.or(keys.positive("rope_theta")?).unwrap_or(10_000.0))
}

fn yarn_ramp(rope: &Keys<'_>) -> Result<YarnRamp> {
    let default = YarnRamp::default();
    Ok(YarnRamp {
        fast: rope.positive("beta_fast")?.unwrap_or(default.fast),
        slow: rope.positive("beta_slow")?.unwrap_or(default.slow),
    })
}

fn scaling(rope: Option<&Keys<'_>>, context: usize) -> Result<RopeScaling> {
    let Some(rope) = rope else {
        return Ok(RopeScaling::None);
    };
    let path = rope.path.display();
    let need = |key: &str| {
        let value = rope.positive(key)?;
        value.ok_or_else(|| eyre!("{path}: rope_scaling has no `{key}`"))
    };
    let original = rope.size("original_max_position_embeddings", stated::CONTEXT)?;
    let original_context = original.unwrap_or(context);
    let ty = rope.text("rope_type").or(rope.text("type"));
    match ty.unwrap_or("default") {
        "default" => Ok(RopeScaling::None),
        "linear" => Ok(RopeScaling::Linear {
            factor: need("factor")?,
        }),
        "llama3" => Ok(RopeScaling::Llama3 {
            factor: need("factor")?,
            low: need("low_freq_factor")?,
            high: need("high_freq_factor")?,
            original_context,
        }),
        // DeepSeek's variant with mscale is computed differently.
        "yarn" if rope.get("mscale").is_none() => Ok(RopeScaling::Yarn {
            factor: need("factor")?,
            original_context,
            ramp: yarn_ramp(rope)?,
            attention: rope.positive("attention_factor")?,
        }),
        other => bail!(
            "{path}: RoPE scaling `{other}` is not supported (known: default, linear, llama3, \
             yarn without mscale)"
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
        let value = serde_json::from_str(&PLAIN.replace(from, to)).unwrap();
        parse(&value, Path::new("some/config.json"))
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
    fn sizes_and_scales_out_of_bounds_are_refused_by_name() {
        let refusals = [
            (
                r#""num_hidden_layers": 28"#,
                r#""num_hidden_layers": 4611686018427387904"#,
                "num_hidden_layers",
            ),
            ("1024", "0", "hidden_size"),
            ("1024", "1e30", "hidden_size"),
            ("1024", "10.5", "hidden_size"),
            ("16", "-1", "num_attention_heads"),
            ("128", "\"wide\"", "head_dim"),
            ("1e-6", "0", "rms_norm_eps"),
            ("1e-6", "\"NaN\"", "rms_norm_eps"),
            ("1000000", "1e300", "rope_theta"),
        ];
        for (from, to, key) in refusals {
            let error = format!("{:#}", with(from, to).unwrap_err());
            assert!(error.contains(&format!("`{key}` is")), "{error}");
            assert!(error.contains("some/config.json"), "{error}");
        }
        let scaled = with(
            r#""rope_scaling": null"#,
            r#""rope_scaling": {"type": "linear", "factor": 0}"#,
        );
        assert!(scaled.unwrap_err().to_string().contains("`factor` is 0"));
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
