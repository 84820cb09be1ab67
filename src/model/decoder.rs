//! The target model's forward pass over a draft tree: a logits row for every
//! node, over a KV cache that can append, keep the accepted rows and roll back.
//! Knows nothing of drafts' origins or of verdicts.

use std::sync::Arc;

use candle_core::{D, Device, Result as CandleResult, Tensor};
use color_eyre::eyre::{Result, bail};
use rayon::ThreadPool;

use super::cache::KvCache;
use super::config::{Config, RopeOrder};
use super::kernels::attention::TreeAttention;
use super::kernels::elementwise::{Rope, SwiGlu};
use super::layer::{Embedding, Kernels, Layer, Linear, Norm, Target};
use super::weights::Weights;
use crate::speculate::TokenId;

/// Rows of one forward pass while a prompt is processed.
pub const PROMPT_CHUNK: usize = 64;

/// A tree of rows to compute: node i's parent is an earlier node of the tree,
/// or `None` for a child of the last committed token.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub tokens: &'a [TokenId],
    pub parents: &'a [Option<usize>],
}

/// A loaded model with its cache.
pub struct Decoder {
    pub config: Config,
    device: Device,
    kernels: Kernels,
    embedding: Embedding,
    layers: Vec<Layer>,
    norm: Norm,
    head: Linear,
    vocab: usize,
    cache: KvCache,
    rope: RopeTable,
    pool: ThreadPool,
}

impl Decoder {
    /// Loads every weight onto the target; `context` tokens of KV cache are
    /// allocated. `progress(done, of)` is told of every layer.
    ///
    /// # Errors
    /// A missing or misshapen tensor, a type candle cannot read.
    pub fn load(
        weights: &Weights,
        target: Target<'_>,
        context: usize,
        threads: usize,
        mut progress: impl FnMut(usize, usize) + Send,
    ) -> Result<Self> {
        let config = Config::read(weights)?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let load = || -> Result<_> {
            let mut layers = Vec::with_capacity(config.layers);
            for i in 0..config.layers {
                layers.push(Layer::load(weights, i, &config, target)?);
                progress(i + 1, config.layers + 1);
            }
            let norm = Norm::load(
                weights,
                "output_norm.weight",
                config.norm_eps,
                target.device,
            )?;
            Ok((layers, norm, load_ends(weights, config.tied, target)?))
        };
        let (layers, norm, (embedding, head)) = pool.install(load)?;
        let cache = KvCache::new(config.layers, context, config.kv_width(), target.device)?;
        let vocab = weights.matrix("token_embd.weight")?.rows;
        let factors = if weights.has("rope_freqs.weight") {
            weights.vector("rope_freqs.weight")?
        } else {
            Vec::new()
        };
        let rope = RopeTable::new(&config, context, &factors);
        let Target { device, kernels } = target;
        let device = device.clone();
        Ok(Decoder {
            config,
            device,
            kernels,
            embedding,
            layers,
            norm,
            head,
            vocab,
            cache,
            rope,
            pool,
        })
    }

    /// Tokens of the vocabulary: the width of a logits row.
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// Committed tokens in the cache.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Tokens that fit the cache.
    pub fn capacity(&self) -> usize {
        self.cache.capacity()
    }

    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` on the decoder's own threads.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Logits of every row of a tree. Shape: (rows * vocab), row after row.
    /// The rows wait in the cache for [`Decoder::keep`].
    pub fn forward(&mut self, rows: Rows<'_>) -> Result<Vec<f32>> {
        let hidden = self.hidden(rows)?;
        let logits = self.pool.install(|| -> CandleResult<Vec<f32>> {
            let normed = self.norm.forward(&hidden)?;
            match &self.head {
                Linear::Packed(head) => Ok(head.product(&normed.flatten_all()?.to_vec1()?)),
                head => head.forward(&normed)?.flatten_all()?.to_vec1(),
            }
        })?;
        Ok(logits)
    }

    /// Commits a chain of tokens without computing logits: a prompt.
    pub fn extend(&mut self, tokens: &[TokenId]) -> Result<()> {
        for chunk in tokens.chunks(PROMPT_CHUNK) {
            let parents: Vec<_> = (0..chunk.len()).map(|i| i.checked_sub(1)).collect();
            self.hidden(Rows {
                tokens: chunk,
                parents: &parents,
            })?;
            self.keep(&(0..chunk.len()).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Commits these rows of the last forward pass (ascending), forgets the rest.
    pub fn keep(&mut self, rows: &[usize]) -> Result<()> {
        Ok(self.pool.install(|| self.cache.keep(rows))?)
    }

    /// Rolls the cache back to its first `len` tokens.
    pub fn truncate(&mut self, len: usize) {
        self.cache.truncate(len);
    }

    /// The last block's output. Shape: (rows, width).
    fn hidden(&mut self, rows: Rows<'_>) -> Result<Tensor> {
        let pass = Pass::new(rows, self.cache.len(), self.cache.capacity())?;
        if let Some(id) = rows.tokens.iter().find(|&&id| id as usize >= self.vocab) {
            bail!("token {id} is outside the vocabulary of {}", self.vocab);
        }
        let (cos, sin) = self.rope.at(&pass.positions);
        let angles = Angles {
            cos: Arc::new(cos),
            sin: Arc::new(sin),
        };
        let Decoder {
            pool,
            config,
            device,
            kernels,
            embedding,
            layers,
            cache,
            ..
        } = self;
        let hidden = pool.install(|| -> CandleResult<Tensor> {
            let mut x = embedding.forward(rows.tokens, device)?;
            for (i, layer) in layers.iter().enumerate() {
                let qkv = layer.qkv.forward(&layer.attn_norm.forward(&x)?)?;
                let qkv = layer.finish_qkv(qkv, config)?;
                let qkv = rotate(*kernels, config, &angles, &qkv)?;
                let q_width = config.heads * config.head_dim;
                let kv = qkv
                    .narrow(1, q_width, 2 * config.kv_width())?
                    .contiguous()?;
                cache.append(i, &kv)?;
                let attended = attend(*kernels, config, &pass, &qkv, cache.layer(i))?;
                x = (x + layer.attn_out.forward(&attended)?)?;
                let gate_up = layer.gate_up.forward(&layer.ffn_norm.forward(&x)?)?;
                x = (x + layer.down.forward(&swiglu(*kernels, &gate_up)?)?)?;
            }
            Ok(x)
        })?;
        Ok(hidden)
    }
}

/// The embedding and the head; one matrix where the file ties them.
fn load_ends(weights: &Weights, tied: bool, target: Target<'_>) -> Result<(Embedding, Linear)> {
    let device = target.device;
    let embed = "token_embd.weight".to_string();
    let untied = (!tied).then(|| "output.weight".to_string());
    let head = Linear::load(weights, &[untied.clone().unwrap_or(embed.clone())], target)?;
    let embedding = match (&head, untied) {
        (Linear::Packed(tied), None) => Embedding::Packed(tied.clone()),
        (Linear::Packed(_), Some(_)) => match Linear::load(weights, &[embed], target)? {
            Linear::Packed(packed) => Embedding::Packed(packed),
            Linear::Device(_) => bail!("the embedding was not packed for the CPU"),
        },
        (Linear::Device(_), _) => Embedding::Table(weights.table(&embed, device)?),
    };
    Ok((embedding, head))
}

/// Where the rows of a pass lie in the text and in the cache.
struct Pass {
    /// Position of each row: tokens before it on its path.
    positions: Vec<usize>,
    /// Per row: cache rows of its ancestors within the pass, itself last.
    paths: Arc<Vec<Vec<u32>>>,
    /// Committed rows.
    prefix: usize,
}

impl Pass {
    fn new(rows: Rows<'_>, prefix: usize, capacity: usize) -> Result<Self> {
        let n = rows.tokens.len();
        if n == 0 || n != rows.parents.len() || prefix + n > capacity {
            bail!("{n} rows after {prefix} tokens do not fit a context of {capacity}");
        }
        let mut paths: Vec<Vec<u32>> = Vec::with_capacity(n);
        for (i, parent) in rows.parents.iter().enumerate() {
            let mut path = match *parent {
                None => Vec::new(),
                Some(p) if p < i => paths[p].clone(),
                Some(p) => bail!("node {i} comes before its parent {p}"),
            };
            path.push((prefix + i) as u32);
            paths.push(path);
        }
        let positions = paths.iter().map(|path| prefix + path.len() - 1).collect();
        Ok(Pass {
            positions,
            paths: Arc::new(paths),
            prefix,
        })
    }
}

struct Angles {
    cos: Arc<Vec<f32>>,
    sin: Arc<Vec<f32>>,
}

/// Cosines and sines by position.
struct RopeTable {
    half: usize,
    /// (context, half) each
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RopeTable {
    /// `factors` (half, or none) divide the frequencies, as Llama 3 ships them.
    fn new(config: &Config, context: usize, factors: &[f32]) -> Self {
        let half = config.rope_dim / 2;
        let mut frequencies = config
            .rope_scaling
            .frequencies(config.rope_dim, config.rope_base);
        for (frequency, factor) in frequencies.iter_mut().zip(factors) {
            *frequency /= f64::from(*factor);
        }
        let amplitude = config.rope_scaling.amplitude();
        let angles = (0..context).flat_map(|p| frequencies.iter().map(move |f| p as f64 * f));
        let (cos, sin) = angles
            .map(|a| ((a.cos() * amplitude) as f32, (a.sin() * amplitude) as f32))
            .unzip();
        RopeTable { half, cos, sin }
    }

    /// Shapes: (positions) -> (positions, half) twice.
    fn at(&self, positions: &[usize]) -> (Vec<f32>, Vec<f32>) {
        let rows = |table: &[f32]| {
            positions
                .iter()
                .flat_map(|&p| table[p * self.half..][..self.half].to_vec())
                .collect()
        };
        (rows(&self.cos), rows(&self.sin))
    }
}

/// RoPE on queries and keys. Shape: (n, qkv) -> the same.
fn rotate(
    kernels: Kernels,
    config: &Config,
    angles: &Angles,
    qkv: &Tensor,
) -> CandleResult<Tensor> {
    let heads = config.heads + config.kv_heads;
    if kernels == Kernels::Own {
        let (cos, sin) = (angles.cos.clone(), angles.sin.clone());
        return qkv.apply_op1_no_bwd(&Rope {
            heads,
            head_dim: config.head_dim,
            order: config.rope_order,
            cos,
            sin,
        });
    }
    let (n, width) = qkv.dims2()?;
    let half = config.rope_dim / 2;
    let table = |values: &[f32]| Tensor::from_slice(values, (n, half), qkv.device());
    let turned_width = heads * config.head_dim;
    let by_head = qkv
        .narrow(1, 0, turned_width)?
        .reshape((n, heads, config.head_dim))?;
    let turned = by_head
        .narrow(2, 0, config.rope_dim)?
        .transpose(0, 1)?
        .unsqueeze(0)?;
    let turn = match config.rope_order {
        RopeOrder::Interleaved => candle_nn::rotary_emb::rope_i,
        RopeOrder::Halves => candle_nn::rotary_emb::rope,
    };
    let turned = turn(
        &turned.contiguous()?,
        &table(&angles.cos)?,
        &table(&angles.sin)?,
    )?;
    let turned = turned.squeeze(0)?.transpose(0, 1)?;
    let rest = by_head.narrow(2, config.rope_dim, config.head_dim - config.rope_dim)?;
    let heads_out = if config.rope_dim == config.head_dim {
        turned.contiguous()?
    } else {
        Tensor::cat(&[turned, rest], 2)?
    };
    let values = qkv.narrow(1, turned_width, width - turned_width)?;
    Tensor::cat(
        &[heads_out.reshape((n, turned_width))?, values.contiguous()?],
        1,
    )
}

/// Tree attention. Shapes: (n, qkv), (capacity, kv) -> (n, heads * head_dim).
fn attend(
    kernels: Kernels,
    config: &Config,
    pass: &Pass,
    qkv: &Tensor,
    cache: &Tensor,
) -> CandleResult<Tensor> {
    let Config {
        heads,
        kv_heads,
        head_dim,
        ..
    } = *config;
    if kernels == Kernels::Own {
        let (prefix, paths) = (pass.prefix, pass.paths.clone());
        let op = TreeAttention {
            heads,
            kv_heads,
            head_dim,
            prefix,
            paths,
        };
        return qkv.apply_op2_no_bwd(cache, &op);
    }
    let n = pass.paths.len();
    let len = pass.prefix + n;
    let by_head = |x: Tensor, heads: usize| -> CandleResult<Tensor> {
        x.reshape((x.dim(0)?, heads, head_dim))?
            .transpose(0, 1)?
            .contiguous()
    };
    let repeat = heads / kv_heads;
    let kv_width = config.kv_width();
    let part = |offset: usize| -> CandleResult<Tensor> {
        let rows = cache
            .narrow(0, 0, len)?
            .narrow(1, offset, kv_width)?
            .contiguous()?;
        by_head(rows, kv_heads)
    };
    // (kv_heads, repeat * n, head_dim): the query heads of a group side by side
    let q = by_head(qkv.narrow(1, 0, heads * head_dim)?.contiguous()?, heads)?;
    let q = q.reshape((kv_heads, repeat * n, head_dim))?;
    let scores = (q.matmul(&part(0)?.t()?.contiguous()?)? / (head_dim as f64).sqrt())?;
    let mask = dense_mask(pass, len, qkv.device())?;
    let scores = scores
        .reshape((kv_heads, repeat, n, len))?
        .broadcast_add(&mask)?;
    let weights = candle_nn::ops::softmax_last_dim(&scores)?;
    let out = weights
        .reshape((kv_heads, repeat * n, len))?
        .matmul(&part(kv_width)?)?;
    out.reshape((heads, n, head_dim))?
        .transpose(0, 1)?
        .reshape((n, heads * head_dim))
}

/// 0 where a row attends, minus infinity elsewhere. Shape: (n, len).
fn dense_mask(pass: &Pass, len: usize, device: &Device) -> CandleResult<Tensor> {
    let n = pass.paths.len();
    let mut mask = vec![f32::NEG_INFINITY; n * len];
    for (row, path) in mask.chunks_exact_mut(len).zip(pass.paths.iter()) {
        row[..pass.prefix].fill(0.0);
        path.iter().for_each(|&slot| row[slot as usize] = 0.0);
    }
    Tensor::from_vec(mask, (n, len), device)
}

/// Shapes: (n, 2 f) -> (n, f).
fn swiglu(kernels: Kernels, gate_up: &Tensor) -> CandleResult<Tensor> {
    if kernels == Kernels::Own {
        return gate_up.apply_op1_no_bwd(&SwiGlu);
    }
    let parts = gate_up.chunk(2, D::Minus1)?;
    candle_nn::ops::silu(&parts[0])? * &parts[1]
}
