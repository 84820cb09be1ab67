//! A model's dimensions without its weights, and random weights for them: the cost of a
//! model's passes can be measured before fetching it. The computed values are
//! meaningless.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::quantized::GgmlDType;
use color_eyre::eyre::{Result, bail, eyre};
use half::f16;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::config::Config;
use super::kernels::elementwise::Pairs;
use super::layout;
use super::raw_matrix::RawMatrix;
use super::rope::RopeScaling;

/// The type of the random weights.
pub(crate) const DTYPE: GgmlDType = GgmlDType::Q4_0;

/// Dimensions of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub(crate) name: String,
    /// What is computed; the weights are random.
    pub config: Config,
    /// Rows of the embedding.
    pub vocab: usize,
}

/// Name and architecture; blocks, width and feed-forward width; heads, key/value heads
/// and their width; rows of the embedding, and whether the head is tied to it.
type KnownShape = (
    &'static str,
    &'static str,
    [usize; 3],
    [usize; 3],
    usize,
    bool,
);

/// Published dimensions (the `config.json` of each model's repository).
const KNOWN: [KnownShape; 9] = [
    (
        "smollm2-135m",
        "llama",
        [30, 576, 1536],
        [9, 3, 64],
        49_152,
        true,
    ),
    (
        "smollm2-360m",
        "llama",
        [32, 960, 2560],
        [15, 5, 64],
        49_152,
        true,
    ),
    (
        "smollm2-1.7b",
        "llama",
        [24, 2048, 8192],
        [32, 32, 64],
        49_152,
        true,
    ),
    (
        "qwen2.5-0.5b",
        "qwen2",
        [24, 896, 4864],
        [14, 2, 64],
        151_936,
        true,
    ),
    (
        "qwen2.5-1.5b",
        "qwen2",
        [28, 1536, 8960],
        [12, 2, 128],
        151_936,
        true,
    ),
    (
        "qwen2.5-7b",
        "qwen2",
        [28, 3584, 18_944],
        [28, 4, 128],
        152_064,
        false,
    ),
    (
        "llama-3.2-1b",
        "llama",
        [16, 2048, 8192],
        [32, 8, 64],
        128_256,
        true,
    ),
    (
        "llama-3.1-8b",
        "llama",
        [32, 4096, 14_336],
        [32, 8, 128],
        128_256,
        false,
    ),
    (
        "vicuna-7b",
        "llama",
        [32, 4096, 11_008],
        [32, 32, 128],
        32_000,
        false,
    ),
];

impl Shape {
    /// One of the models whose dimensions are known.
    pub(crate) fn known(name: &str) -> Option<Self> {
        KNOWN.iter().find(|known| known.0 == name).map(Shape::of)
    }

    /// The names of those models.
    pub(crate) fn known_names() -> Vec<&'static str> {
        KNOWN.iter().map(|known| known.0).collect()
    }

    fn of(known: &KnownShape) -> Self {
        let &(name, architecture, [layers, width, feed_forward], heads_of, vocab, tied) = known;
        let [heads, kv_heads, head_dim] = heads_of;
        Shape {
            name: name.to_owned(),
            config: Config {
                architecture: architecture.to_owned(),
                layers,
                width,
                feed_forward: Some(feed_forward),
                heads,
                kv_heads,
                head_dim,
                rope_dim: head_dim,
                rope_base: 10_000.0,
                rope_order: Pairs::Halves,
                rope_scaling: RopeScaling::None,
                qkv_bias: architecture == "qwen2",
                qk_norm: architecture == "qwen3",
                tied,
                norm_eps: 1e-5,
                context: 32_768,
                notes: Vec::new(),
            },
            vocab,
        }
    }

    /// Approximate bytes of a block's packed weights.
    pub(crate) fn block_bytes(&self) -> u64 {
        let feed_forward = self.config.feed_forward.unwrap_or(0);
        let parts = layout::block_parts(&self.config, feed_forward);
        parts.iter().map(|(_, dims)| packed_bytes(dims)).sum()
    }

    /// The same for embedding and head.
    pub(crate) fn end_bytes(&self) -> u64 {
        let matrix = packed_bytes(&[self.vocab, self.config.width]);
        if self.config.tied { matrix } else { 2 * matrix }
    }
}

/// 4 bits and their share of a scale, with packing overhead.
fn packed_bytes(dims: &[usize]) -> u64 {
    let n: u64 = dims.iter().map(|&n| n as u64).product();
    match dims {
        [_] => 4 * n,
        _ => n * 3 / 4,
    }
}

/// Random weights of a shape's first blocks.
pub(crate) struct MadeUp {
    pub(crate) shape: Shape,
    /// In place of a file's name.
    pub(crate) path: PathBuf,
    dims: HashMap<String, Vec<usize>>,
}

impl MadeUp {
    /// `blocks`: how many to create, at most all.
    ///
    /// # Errors
    /// None for a shape with a given feed-forward width, which all have.
    pub(crate) fn new(mut shape: Shape, blocks: usize) -> Result<Self> {
        shape.config.layers = blocks.min(shape.config.layers);
        Ok(MadeUp {
            path: PathBuf::from(&shape.name),
            dims: layout::dims(&shape.config, shape.vocab)?,
            shape,
        })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.dims.contains_key(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.dims.keys().map(String::as_str)
    }

    /// A tensor's dimensions.
    ///
    /// # Errors
    /// A tensor that the shape does not have.
    pub(crate) fn dims(&self, name: &str) -> Result<&[usize]> {
        let dims = self.dims.get(name).map(Vec::as_slice);
        dims.ok_or_else(|| eyre!("{}: there is no tensor `{name}`", self.path.display()))
    }

    /// Random blocks. Scales are small enough for finite activations.
    ///
    /// # Errors
    /// A tensor that is not a matrix, or whose rows are not whole blocks.
    pub(crate) fn matrix(&self, name: &str) -> Result<RawMatrix<'_>> {
        let &[rows, cols] = self.dims(name)? else {
            bail!("{}: `{name}` is not two-dimensional", self.path.display());
        };
        let (block, size) = (DTYPE.block_size(), DTYPE.type_size());
        if !cols.is_multiple_of(block) {
            bail!(
                "{}: `{name}` has rows of {cols}, which {DTYPE:?} cannot hold",
                self.path.display()
            );
        }
        let mut bytes = vec![0u8; rows * cols / block * size];
        let row = cols / block * size;
        bytes.par_chunks_mut(row).enumerate().for_each(|(i, row)| {
            let mut state = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            for block in row.chunks_exact_mut(size) {
                for byte in block.iter_mut().skip(2) {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    *byte = (state >> 40) as u8;
                }
                block[..2].copy_from_slice(&f16::from_f32(0.004).to_le_bytes());
            }
        });
        Ok(RawMatrix {
            dtype: DTYPE,
            rows,
            cols,
            bytes: Cow::Owned(bytes),
        })
    }

    /// Scales of 1, biases of 0.
    ///
    /// # Errors
    /// A tensor that the shape does not have.
    pub(crate) fn vector(&self, name: &str) -> Result<Vec<f32>> {
        let n = self.dims(name)?.iter().product();
        let value = if name.ends_with(".bias") { 0.0 } else { 1.0 };
        Ok(vec![value; n])
    }

    pub(crate) fn bytes(&self) -> u64 {
        let blocks = self.shape.config.layers as u64 * self.shape.block_bytes();
        blocks + self.shape.end_bytes()
    }
}
