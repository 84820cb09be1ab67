//! A model's weights, and the forward pass over rows of one sequence or of many with the
//! same code. Does not decide which rows are pending in which slot; the sequences do.

use std::path::PathBuf;
use std::time::Instant;

use candle_core::{Device, Result as CandleResult, Tensor};
use color_eyre::eyre::{Result, bail, ensure};

use super::clock::{Clock, PassPart};
use super::config::Config;
use super::consistency;
use super::kernels::Cpu;
use super::kernels::activation::Input;
use super::kernels::attention::Plan;
use super::kernels::kv::KvType;
use super::kernels::linear::Finish;
use super::layer::{Backend, Embedding, Layer, Linear, Norm, Target};
use super::layout::ROPE_FACTORS;
use super::logits::Logits;
use super::pass::{Pass, RopeTable, SequenceRows};
use super::roofline::{self, Roofline};
use super::sequences::Sequences;
use super::weights::Weights;
use super::{cpu_path, device_path};

/// The weights and tables that a decoder computes with.
pub(crate) struct Network {
    pub(crate) config: Config,
    pub(crate) device: Device,
    pub(crate) backend: Backend,
    pub(crate) kv: KvType,
    embedding: Embedding,
    layers: Vec<Layer>,
    norm: Norm,
    head: Linear,
    pub(crate) vocab: usize,
    rope: RopeTable,
    pub(crate) cpu: Cpu,
    pub(crate) clock: Clock,
    /// The model's path, for messages.
    pub(crate) path: PathBuf,
    /// Logits buffer to reuse.
    pub(crate) spare: Vec<f32>,
}

impl Network {
    /// Loads every weight onto the target, for contexts of up to `context` tokens.
    ///
    /// # Errors
    /// An invalid configuration or tensor, found before packing; a type that candle cannot
    /// read.
    pub(crate) fn load(
        weights: &Weights,
        target: Target<'_>,
        context: usize,
        threads: usize,
        progress: &mut (impl FnMut(usize, usize) + Send),
    ) -> Result<Self> {
        let config = Config::read(weights)?;
        let vocab = consistency::check(weights, &config)?;
        // rayon's threads do the packing and end before anything is decoded
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let (layers, ends) = pool.install(|| -> Result<_> {
            let layers = load_layers(weights, &config, target, progress)?;
            Ok((layers, load_ends(weights, &config, target)?))
        })?;
        let factors = rope_factors(weights)?;
        let rope = RopeTable::new(&config, context, &factors);
        Ok(Network {
            config,
            device: target.device.clone(),
            backend: target.backend,
            kv: target.kv,
            embedding: ends.embedding,
            layers,
            norm: ends.norm,
            head: ends.head,
            vocab,
            rope,
            cpu: Cpu::new(threads)?,
            clock: Clock::default(),
            path: weights.path().to_path_buf(),
            spare: Vec::new(),
        })
    }

    /// Where the keys and values of its sequences are stored.
    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            device: &self.device,
            backend: self.backend,
            kv: self.kv,
        }
    }

    /// Logits of the rows that want them, left where they were computed. The rows stay
    /// pending in their slots.
    ///
    /// # Errors
    /// Rows that do not fit, a token outside the vocabulary, or a device error.
    pub(crate) fn forward(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
    ) -> Result<Logits> {
        let start = Instant::now();
        let (hidden, pass) = self.hidden(sequences, rows)?;
        let head = Instant::now();
        let logits = self.logits(&hidden, &pass.wanted)?;
        self.device.synchronize()?;
        self.clock.add(PassPart::Head, head);
        self.clock.add(PassPart::Total, start);
        Ok(logits)
    }

    /// The last block's output. Shape: (rows, width).
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub(crate) fn hidden(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
    ) -> Result<(Tensor, Pass)> {
        self.after_block(sequences, rows, self.layers.len())
    }

    /// Hidden states after a block, counted from 1, or after the final norm. Shape: (rows,
    /// width).
    ///
    /// # Errors
    /// As [`Network::forward`]; a block that was not loaded.
    pub(crate) fn states(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
        after: Option<usize>,
    ) -> Result<Tensor> {
        let n_blocks = self.layers.len();
        let wanted = after.unwrap_or(n_blocks);
        ensure!(
            (1..=n_blocks).contains(&wanted),
            "block {wanted}: the model has {n_blocks}"
        );
        let (hidden, _) = self.after_block(sequences, rows, wanted)?;
        Ok(match after {
            Some(_) => hidden,
            None => self.norm.on_device(&hidden)?,
        })
    }

    fn after_block(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
        n_blocks: usize,
    ) -> Result<(Tensor, Pass)> {
        sequences.check(&self.config)?;
        let tokens = rows.iter().flat_map(|rows| rows.tree.tokens);
        if let Some(id) = { tokens }.find(|&&id| id as usize >= self.vocab) {
            bail!("token {id} is outside the vocabulary of {}", self.vocab);
        }
        let pass = Pass::new(rows, sequences, &self.rope)?;
        self.clock = Clock::default();
        let x = self.embedding.forward(&pass.tokens, &self.device)?;
        let hidden = match self.backend {
            Backend::Cpu => self.on_cpu(&pass, sequences, x, n_blocks)?,
            Backend::Device => self.on_device(&pass, sequences, x, n_blocks)?,
        };
        Ok((hidden, pass))
    }

    fn on_cpu(
        &mut self,
        pass: &Pass,
        sequences: &mut Sequences,
        mut x: Tensor,
        n_blocks: usize,
    ) -> CandleResult<Tensor> {
        let (config, cpu, clock) = (&self.config, &self.cpu, &mut self.clock);
        let plan = Plan::new(&pass.sequences, config.heads(), cpu.pool.threads());
        let shared = cpu_path::Shared {
            config,
            pass,
            plan: &plan,
            cpu,
        };
        for (i, layer) in self.layers[..n_blocks].iter().enumerate() {
            let qkv = cpu_path::qkv(layer, &x, &shared, clock)?;
            sequences.own_mut().append(i, &qkv, &pass.at, cpu)?;
            x = cpu_path::finish((i, layer), &x, &qkv, sequences, &shared, clock)?;
        }
        Ok(x)
    }

    fn on_device(
        &mut self,
        pass: &Pass,
        sequences: &Sequences,
        mut x: Tensor,
        n_blocks: usize,
    ) -> CandleResult<Tensor> {
        let config = &self.config;
        let shared = device_path::Shared::new(pass, config, sequences, &self.device)?;
        for (i, layer) in self.layers[..n_blocks].iter().enumerate() {
            let qkv = device_path::qkv(layer, config, &shared, &x)?;
            x = device_path::finish((i, layer), config, &shared, &x, &qkv, sequences)?;
        }
        Ok(x)
    }

    /// Logits of the wanted rows (ascending).
    fn logits(&mut self, hidden: &Tensor, wanted: &[usize]) -> CandleResult<Logits> {
        let (n, width) = hidden.dims2()?;
        if wanted.is_empty() {
            return Ok(Logits::Host(Vec::new()));
        }
        match &self.head {
            Linear::Packed(head) => {
                let mut rows: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
                if wanted.len() < n {
                    let row = |&row: &usize| rows[row * width..][..width].iter().copied();
                    rows = wanted.iter().flat_map(row).collect();
                }
                let input = Input::Normed {
                    rows: &rows,
                    scale: &self.norm.values,
                    eps: self.norm.eps,
                };
                let spare = std::mem::take(&mut self.spare);
                let rows = head.product_into(spare, input, Finish::Store, &self.cpu);
                Ok(Logits::Host(rows))
            }
            head => {
                let mut normed = self.norm.on_device(hidden)?;
                if wanted.len() < n {
                    let rows: Vec<u32> = wanted.iter().map(|&row| row as u32).collect();
                    normed = normed.index_select(&Tensor::new(rows, &self.device)?, 0)?;
                }
                Ok(Logits::Device(head.on_device(&normed)?))
            }
        }
    }

    /// Performance bounds of this machine; `None` if the weights are not packed for the CPU
    /// kernels.
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
}

/// Divisors of RoPE's frequencies; empty if the model has none.
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

/// What comes before the first layer and after the last; embedding and head are one matrix
/// if the file ties them.
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
