//! The target model's forward pass over a draft tree: a logits row for every
//! node, over a KV cache that can append, keep the accepted rows and roll back.
//! Knows nothing of drafts' origins or of verdicts.

use std::path::PathBuf;
use std::time::Instant;

use candle_core::{Device, Result as CandleResult, Tensor};
use color_eyre::eyre::{Result, bail, eyre};

use super::cache::KvCache;
use super::clock::{Clock, Part, PassTimes};
use super::config::Config;
use super::consistency;
use super::kernels::activation::Input;
use super::kernels::kv::KvType;
use super::kernels::linear::Finish;
use super::kernels::{Cpu, Isa};
use super::layer::{Backend, Embedding, Layer, Linear, Norm, Target};
use super::layout::ROPE_FACTORS;
use super::logits::{Answered, Asked, Logits, score_on_device, score_on_host};
pub use super::pass::TreeBatch;
use super::pass::{Pass, RopeTable};
use super::roofline::{self, Roofline};
use super::weights::Weights;
use super::{cpu_path, device_path};
use crate::speculate::TokenId;

/// Rows of one forward pass while a prompt is processed: as many as fill our
/// kernels, and a device.
pub(crate) const PROMPT_CHUNK: usize = 64;
const PROMPT_CHUNK_ON_DEVICE: usize = 256;

/// A loaded model with its cache.
pub struct Decoder {
    pub(crate) config: Config,
    device: Device,
    backend: Backend,
    embedding: Embedding,
    layers: Vec<Layer>,
    norm: Norm,
    head: Linear,
    vocab: usize,
    cache: KvCache,
    rope: RopeTable,
    cpu: Cpu,
    clock: Clock,
    /// The model, for messages.
    path: PathBuf,
    /// Memory of logits that were read.
    spare: Vec<f32>,
}

impl Decoder {
    /// Loads every weight onto the target; `context` tokens of KV cache are
    /// allocated. `progress(done, of)` is told of every layer.
    ///
    /// # Errors
    /// A configuration or a tensor that does not pass, before any is packed; a
    /// type candle cannot read.
    pub fn load(
        weights: &Weights,
        target: Target<'_>,
        context: usize,
        threads: usize,
        mut progress: impl FnMut(usize, usize) + Send,
    ) -> Result<Self> {
        let config = Config::read(weights)?;
        let vocab = consistency::check(weights, &config)?;
        // rayon's threads pack, and are gone before anything is decoded
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let (layers, ends) = pool.install(|| -> Result<_> {
            let layers = load_layers(weights, &config, target, &mut progress)?;
            Ok((layers, load_ends(weights, &config, target)?))
        })?;
        let cache = KvCache::new(config.layers, context, config.heads(), target)?;
        let factors = rope_factors(weights)?;
        let rope = RopeTable::new(&config, context, &factors);
        Ok(Decoder {
            config,
            device: target.device.clone(),
            backend: target.backend,
            embedding: ends.embedding,
            layers,
            norm: ends.norm,
            head: ends.head,
            vocab,
            cache,
            rope,
            cpu: Cpu::new(threads)?,
            clock: Clock::default(),
            path: weights.path().to_path_buf(),
            spare: Vec::new(),
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

    /// Nothing is committed yet.
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Tokens that fit the cache.
    pub(crate) fn capacity(&self) -> usize {
        self.cache.capacity()
    }

    pub(crate) fn threads(&self) -> usize {
        self.cpu.pool.threads()
    }

    /// The instructions that products are computed with; on a GPU, by whom.
    pub(crate) fn instructions(&self) -> &'static str {
        match self.backend {
            Backend::Cpu => self.cpu.isa.name(),
            Backend::Device => "candle",
        }
    }

    /// The type of keys and values in the cache.
    pub(crate) fn kv_type(&self) -> KvType {
        self.cache.kv_type()
    }

    /// Runs our kernels on chosen instructions from now on; the processor must
    /// have them.
    pub fn set_isa(&mut self, isa: Isa) {
        self.cpu.isa = isa;
    }

    /// Logits of every row of a tree, left where they were computed. The rows
    /// wait in the cache for [`Decoder::commit_rows`].
    ///
    /// # Errors
    /// Rows that do not fit the context, a token outside the vocabulary, what
    /// the device reports.
    pub fn forward_tree(&mut self, rows: TreeBatch<'_>) -> Result<Logits> {
        let start = Instant::now();
        let hidden = self.hidden(rows)?;
        let head = Instant::now();
        let logits = self.logits(&hidden)?;
        self.device.synchronize()?;
        self.clock.add(Part::Head, head);
        self.clock.add(Part::Total, start);
        Ok(logits)
    }

    /// Takes back logits that nobody reads any more, for their memory.
    pub(crate) fn recycle(&mut self, logits: Logits) {
        if let Logits::Host(rows) = logits {
            self.spare = rows;
        }
    }

    /// The same in the processor's memory. Shape: (rows * vocab), row after row.
    ///
    /// # Errors
    /// As [`Decoder::forward_tree`].
    pub fn forward(&mut self, rows: TreeBatch<'_>) -> Result<Vec<f32>> {
        match self.forward_tree(rows)? {
            Logits::Host(logits) => Ok(logits),
            Logits::Device(logits) => Ok(logits.flatten_all()?.to_vec1()?),
        }
    }

    /// Reads the rows of a pass, where they are; they are penalised afterwards.
    ///
    /// # Errors
    /// Logits that are not finite; what the device reports.
    pub fn score_rows(
        &mut self,
        logits: &mut Logits,
        asked: &[Asked],
        penalty: f32,
    ) -> Result<Vec<Answered>> {
        logits.bring_if_few()?;
        let answered = match logits {
            Logits::Host(rows) => score_on_host(rows, asked, penalty, &self.cpu),
            Logits::Device(rows) => score_on_device(rows, asked, penalty)?,
        };
        answered.ok_or_else(|| {
            eyre!(
                "{}: the model's logits are not finite: its file is damaged (`laserscope model \
                 info --verify` compares its hash), or its weights are too large for this \
                 arithmetic",
                self.path.display()
            )
        })
    }

    /// Where the time of the last [`Decoder::forward`] went.
    pub(crate) fn times(&self) -> PassTimes {
        self.clock.times
    }

    /// Bounds of this machine; `None` where the weights are not ours.
    pub(crate) fn roofline(&self) -> Option<Roofline> {
        let mut matrices = Vec::new();
        for linear in self
            .layers
            .iter()
            .flat_map(Layer::linears)
            .chain([&self.head])
        {
            matrices.extend(linear.packed().ok()?.parts());
        }
        Some(roofline::measure(&matrices, &self.cpu))
    }

    /// Takes what lies in the cache for `len` committed tokens: for measuring,
    /// where the numbers do not matter.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn fill_for_bench(&mut self, len: usize) -> Result<()> {
        Ok(self.cache.fill_for_bench(len, &self.cpu)?)
    }

    fn logits(&mut self, hidden: &Tensor) -> CandleResult<Logits> {
        match &self.head {
            Linear::Packed(head) => {
                let input = Input::Normed {
                    rows: &hidden.flatten_all()?.to_vec1()?,
                    scale: &self.norm.values,
                    eps: self.norm.eps,
                };
                let spare = std::mem::take(&mut self.spare);
                let rows = head.product_into(spare, input, Finish::Store, &self.cpu);
                Ok(Logits::Host(rows))
            }
            head => {
                let normed = self.norm.on_device(hidden)?;
                Ok(Logits::Device(head.on_device(&normed)?))
            }
        }
    }

    /// Commits a chain of tokens without computing logits: a prompt.
    pub fn extend(&mut self, tokens: &[TokenId]) -> Result<()> {
        let rows = match self.backend {
            Backend::Cpu => PROMPT_CHUNK,
            Backend::Device => PROMPT_CHUNK_ON_DEVICE,
        };
        for chunk in tokens.chunks(rows) {
            let parents: Vec<_> = (0..chunk.len()).map(|i| i.checked_sub(1)).collect();
            self.hidden(TreeBatch {
                tokens: chunk,
                parents: &parents,
            })?;
            self.commit_rows(&(0..chunk.len()).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Commits these rows of the last forward pass (ascending), forgets the rest.
    pub fn commit_rows(&mut self, rows: &[usize]) -> Result<()> {
        Ok(self.cache.commit_rows(rows, &self.cpu)?)
    }

    /// Rolls the cache back to its first `len` tokens.
    pub fn truncate(&mut self, len: usize) {
        self.cache.truncate(len);
    }

    /// The last block's output. Shape: (rows, width).
    fn hidden(&mut self, rows: TreeBatch<'_>) -> Result<Tensor> {
        let (len, capacity) = (self.cache.len(), self.cache.capacity());
        let pass = Pass::new(rows, len, capacity, &self.rope)?;
        if let Some(id) = rows.tokens.iter().find(|&&id| id as usize >= self.vocab) {
            bail!("token {id} is outside the vocabulary of {}", self.vocab);
        }
        self.clock = Clock::default();
        let x = self.embedding.forward(rows.tokens, &self.device)?;
        Ok(match self.backend {
            Backend::Cpu => self.on_cpu(&pass, x)?,
            Backend::Device => self.on_device(&pass, x)?,
        })
    }

    fn on_cpu(&mut self, pass: &Pass, mut x: Tensor) -> CandleResult<Tensor> {
        let (config, cpu, clock) = (&self.config, &self.cpu, &mut self.clock);
        let places = self.cache.places();
        let shared = cpu_path::Shared {
            config,
            places,
            pass,
            cpu,
        };
        for (i, layer) in self.layers.iter().enumerate() {
            let qkv = cpu_path::qkv(layer, &x, &shared, clock)?;
            self.cache.append(i, &qkv, cpu)?;
            x = cpu_path::finish(layer, &x, &qkv, self.cache.layer(i), &shared, clock)?;
        }
        Ok(x)
    }

    fn on_device(&mut self, pass: &Pass, mut x: Tensor) -> CandleResult<Tensor> {
        let config = &self.config;
        let shared = device_path::Shared::new(pass, config, &self.device)?;
        for (i, layer) in self.layers.iter().enumerate() {
            let qkv = device_path::qkv(layer, config, &shared, &x)?;
            self.cache.append_heads(i, &qkv.keys, &qkv.values)?;
            let cached = self.cache.layer(i).heads()?;
            x = device_path::finish(layer, config, &shared, &x, &qkv, cached)?;
        }
        Ok(x)
    }
}

/// The embedding and the head; one matrix where the file ties them.
/// Factors of RoPE's frequencies; none where the model has none.
fn rope_factors(weights: &Weights) -> Result<Vec<f32>> {
    match weights.has(ROPE_FACTORS) {
        true => weights.vector(ROPE_FACTORS),
        false => Ok(Vec::new()),
    }
}

fn load_layers(
    weights: &Weights,
    config: &Config,
    target: Target<'_>,
    progress: &mut (impl FnMut(usize, usize) + Send),
) -> Result<Vec<Layer>> {
    let load = |i| {
        let layer = Layer::load(weights, i, config, target)?;
        progress(i + 1, config.layers + 1);
        Ok(layer)
    };
    (0..config.layers).map(load).collect()
}

/// What stands before the first layer and behind the last one.
struct Ends {
    embedding: Embedding,
    norm: Norm,
    head: Linear,
}

fn load_ends(weights: &Weights, config: &Config, target: Target<'_>) -> Result<Ends> {
    let (tied, device) = (config.tied, target.device);
    let norm = Norm::load(weights, "output_norm.weight", config.norm_eps, device)?;
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
    Ok(Ends {
        embedding,
        norm,
        head,
    })
}
