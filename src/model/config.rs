//! A decoder's dimensions and what its family adds (biases, head norms, RoPE's order
//! and scaling, a tied head), read from GGUF metadata or from a checkpoint's
//! `config.json`. One decoder computes them all; a new family adds its name here and
//! its differences as fields.

pub(super) mod checkpoint;
pub(super) mod metadata;

use std::path::Path;

use color_eyre::eyre::{Result, bail};

use super::kernels::elementwise::Pairs;
use super::kernels::kv::{Heads, KvType};
use super::rope::RopeScaling;

/// Architectures this decoder computes.
pub(crate) const ARCHITECTURES: [&str; 3] = ["llama", "qwen2", "qwen3"];

/// What a decoder computes: dimensions, RoPE, and what sets a family apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub(crate) architecture: String,
    /// Transformer blocks.
    pub layers: usize,
    /// Width of the residual stream.
    pub(crate) width: usize,
    /// Inner width of the feed-forward network, if given.
    pub(crate) feed_forward: Option<usize>,
    pub(crate) heads: usize,
    /// Key/value heads; each serves `heads / kv_heads` query heads.
    pub kv_heads: usize,
    /// Width of one head; `heads * head_dim` need not be `width` (Qwen3).
    pub head_dim: usize,
    /// Dimensions of a head that RoPE rotates.
    pub(crate) rope_dim: usize,
    pub(crate) rope_base: f32,
    /// Interleaved in Llama's GGUF files, whose rows the converter permutes;
    /// halves in every other GGUF file and in all checkpoints.
    pub rope_order: Pairs,
    /// How positions beyond the original context are treated.
    pub rope_scaling: RopeScaling,
    /// A bias on queries, keys and values (Qwen2).
    pub qkv_bias: bool,
    /// An RMS norm on every query and key head, before RoPE (Qwen3).
    pub qk_norm: bool,
    /// The output head is the embedding.
    pub tied: bool,
    pub(crate) norm_eps: f32,
    /// Longest context the model was trained for, in tokens.
    pub(crate) context: usize,
    /// Notes for the user on what was parsed leniently.
    pub(crate) notes: Vec<String>,
}

impl Config {
    /// Whether the dimensions fit together.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        let fits = self.kv_heads > 0
            && self.heads.is_multiple_of(self.kv_heads)
            && self.head_dim > 0
            && self.head_dim.is_multiple_of(2)
            && self.rope_dim.is_multiple_of(2)
            && self.rope_dim <= self.head_dim;
        if !fits {
            bail!(
                "{}: {} heads of {} over {} key/value heads, RoPE over {}: these do not fit together",
                path.display(),
                self.heads,
                self.head_dim,
                self.kv_heads,
                self.rope_dim
            );
        }
        self.check_rope(path)
    }

    /// Individually valid bases and factors may still not be valid together.
    fn check_rope(&self, path: &Path) -> Result<()> {
        let frequencies = self.rope_scaling.frequencies(self.rope_dim, self.rope_base);
        let finite = frequencies.iter().all(|f| f.is_finite());
        if !finite || !self.rope_scaling.amplitude().is_finite() {
            bail!(
                "{}: RoPE with base {}{} has no finite frequencies",
                path.display(),
                self.rope_base,
                self.rope_scaling.describe()
            );
        }
        Ok(())
    }

    pub(crate) fn heads(&self) -> Heads {
        Heads {
            heads: self.heads,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
        }
    }

    pub(crate) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Bytes of the KV cache for `context` tokens.
    pub(crate) fn kv_bytes(&self, context: usize, kv: KvType) -> u64 {
        let of_token = (self.layers * self.kv_width() * 2) as u64 * kv.bytes();
        of_token.saturating_mul(context as u64)
    }

    /// What the family adds to a plain decoder, for display.
    pub fn features(&self) -> Vec<String> {
        let order = match self.rope_order {
            Pairs::Interleaved => "interleaved",
            Pairs::Halves => "halves",
        };
        let mut features = vec![format!("RoPE {order}{}", self.rope_scaling.describe())];
        let named = [
            (self.qkv_bias, "query/key/value biases"),
            (self.qk_norm, "query/key norms"),
            (self.tied, "head tied to the embedding"),
        ];
        features.extend(named.iter().filter(|n| n.0).map(|n| n.1.to_string()));
        features
    }
}

/// The error for an unknown architecture, with the known ones.
fn known(architecture: &str, path: &Path) -> Result<()> {
    if !ARCHITECTURES.contains(&architecture) {
        bail!(
            "{}: architecture `{architecture}` is not supported (known: {}). \
             `laserscope model list` names models that work",
            path.display(),
            ARCHITECTURES.join(", ")
        );
    }
    Ok(())
}
