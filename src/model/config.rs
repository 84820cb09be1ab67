//! A decoder's dimensions, read from the GGUF's metadata. The Llama family for
//! now (SmolLM2, Llama, Mistral, Vicuna all say `llama`); another architecture
//! adds its name here and what differs in decoder.rs.

use color_eyre::eyre::{Result, bail, eyre};

use super::gguf::Gguf;
use super::kernels::attention::Heads;

/// Architectures this decoder computes.
pub const ARCHITECTURES: [&str; 1] = ["llama"];

#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub architecture: String,
    pub layers: usize,
    /// Width of the residual stream.
    pub width: usize,
    pub heads: usize,
    /// Key/value heads; each serves `heads / kv_heads` query heads.
    pub kv_heads: usize,
    pub head_dim: usize,
    /// Dimensions of a head that RoPE turns.
    pub rope_dim: usize,
    pub rope_base: f32,
    /// Positions are divided by this (linear RoPE scaling).
    pub rope_scale: f32,
    pub norm_eps: f32,
    /// Longest context the model was trained for, in tokens.
    pub context: usize,
}

impl Config {
    /// # Errors
    /// An architecture we do not know, a missing key, dimensions that do not fit.
    pub fn read(gguf: &Gguf) -> Result<Self> {
        let architecture = gguf
            .text("general.architecture")
            .unwrap_or("unnamed")
            .to_string();
        if !ARCHITECTURES.contains(&architecture.as_str()) {
            bail!(
                "{}: architecture `{architecture}` is not supported (known: {}). \
                 `laserscope model list` names models that work",
                gguf.path.display(),
                ARCHITECTURES.join(", ")
            );
        }
        let key = |name: &str| format!("{architecture}.{name}");
        let int = |name: &str| {
            gguf.int(&key(name)).filter(|&n| n > 0).ok_or_else(|| {
                eyre!(
                    "{}: metadata `{}` is missing",
                    gguf.path.display(),
                    key(name)
                )
            })
        };
        let (width, heads) = (int("embedding_length")?, int("attention.head_count")?);
        let head_dim = gguf
            .int(&key("attention.key_length"))
            .unwrap_or(width / heads);
        let linear = gguf.text(&key("rope.scaling.type")) == Some("linear");
        let factor = gguf.float(&key("rope.scaling.factor")).filter(|_| linear);
        let config = Config {
            layers: int("block_count")?,
            width,
            heads,
            kv_heads: gguf.int(&key("attention.head_count_kv")).unwrap_or(heads),
            head_dim,
            rope_dim: gguf.int(&key("rope.dimension_count")).unwrap_or(head_dim),
            rope_base: gguf.float(&key("rope.freq_base")).unwrap_or(10_000.0),
            rope_scale: factor.unwrap_or(1.0),
            norm_eps: gguf
                .float(&key("attention.layer_norm_rms_epsilon"))
                .unwrap_or(1e-5),
            context: int("context_length")?,
            architecture,
        };
        config.check(gguf)?;
        Ok(config)
    }

    fn check(&self, gguf: &Gguf) -> Result<()> {
        let fits = self.kv_heads > 0
            && self.heads.is_multiple_of(self.kv_heads)
            && self.head_dim.is_multiple_of(2)
            && self.rope_dim.is_multiple_of(2)
            && self.rope_dim <= self.head_dim;
        if !fits {
            bail!(
                "{}: {} heads of {} over {} key/value heads, RoPE over {}: these do not fit together",
                gguf.path.display(),
                self.heads,
                self.head_dim,
                self.kv_heads,
                self.rope_dim
            );
        }
        Ok(())
    }

    pub fn heads(&self) -> Heads {
        Heads {
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
        }
    }

    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Bytes of the KV cache for `context` tokens of f32 keys and values.
    pub fn kv_bytes(&self, context: usize) -> u64 {
        (self.layers * self.kv_width() * 2 * 4) as u64 * context as u64
    }
}
