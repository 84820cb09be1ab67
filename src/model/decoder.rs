//! The target model's forward pass over a draft tree: a logits row for every node, over
//! a KV cache that can append, keep the accepted rows and roll back. Does not know the
//! drafts' origins or verdicts.

use color_eyre::eyre::{Result, bail, eyre};

use super::clock::PassTimes;
use super::config::Config;
use super::kernels::Isa;
use super::kernels::kv::{KvType, TILE};
use super::layer::{Backend, Target};
use super::logits::{Answered, Asked, Logits, score_on_device, score_on_host};
use super::network::Network;
pub use super::pass::SequenceRows;
pub use super::pass::TreeBatch;
use super::roofline::Roofline;
use super::sequences::{PrefixId, Sequences};
use super::weights::Weights;
use crate::speculate::TokenId;

/// Rows per forward pass while processing a prompt: enough to fill the CPU kernels, and
/// a device.
pub(crate) const PROMPT_CHUNK: usize = 64;
const PROMPT_CHUNK_ON_DEVICE: usize = 256;
/// Rows of one pass over many sequences.
pub const MAX_BATCH_ROWS: usize = 256;

/// A loaded model with the cache of a sequence of its own, the only one of
/// [`Decoder::forward_tree`] and what stands beside it.
pub struct Decoder {
    network: Network,
    own: Sequences,
}

/// The sequence that a decoder has of its own.
const OWN: usize = 0;

impl Decoder {
    /// Loads every weight onto the target; `context` tokens of KV cache are allocated.
    /// `progress(done, of)` counts layers.
    ///
    /// # Errors
    /// An invalid configuration or tensor, before packing; a type that candle cannot read.
    pub fn load(
        weights: &Weights,
        target: Target<'_>,
        context: usize,
        threads: usize,
        mut progress: impl FnMut(usize, usize) + Send,
    ) -> Result<Self> {
        let network = Network::load(weights, target, context, threads, &mut progress)?;
        let own = Sequences::new(&network.config, 1, context, target)?;
        Ok(Decoder { network, own })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.network.config
    }

    /// Tokens of the vocabulary: the width of a logits row.
    pub fn vocab(&self) -> usize {
        self.network.vocab
    }

    /// Committed tokens in the cache.
    pub fn len(&self) -> usize {
        self.own.len(OWN)
    }

    /// Nothing is committed yet.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Tokens that fit the cache; of any sequence, its prefix included.
    pub(crate) fn capacity(&self) -> usize {
        self.own.capacity()
    }

    /// Threads of the CPU path.
    pub fn threads(&self) -> usize {
        self.network.cpu.pool.threads()
    }

    /// The instructions used for products; on a GPU, the library.
    pub fn instructions(&self) -> &'static str {
        match self.network.backend {
            Backend::Cpu => self.network.cpu.isa.name(),
            Backend::Device => "candle",
        }
    }

    /// The type of keys and values in the cache.
    pub(crate) fn kv_type(&self) -> KvType {
        self.own.own().kv_type()
    }

    /// Uses these instructions for the CPU kernels from now on; the processor must
    /// support them.
    pub fn set_isa(&mut self, isa: Isa) {
        self.network.cpu.isa = isa;
    }

    /// Logits of every row of a tree, left on their device. The rows stay in the cache
    /// until [`Decoder::commit_rows`].
    ///
    /// # Errors
    /// Rows that do not fit the context, a token outside the vocabulary, what
    /// the device reports.
    pub fn forward_tree(&mut self, tree: TreeBatch<'_>) -> Result<Logits> {
        let rows = SequenceRows {
            slot: OWN,
            tree,
            wants_logits: true,
        };
        self.network.forward(&mut self.own, &[rows])
    }

    /// The same over rows of many sequences, packed flat: logits of the rows that want
    /// them, in order. The rows wait in their slots for [`Decoder::commit_sequence`].
    /// On the CPU a row has the bits that it has alone.
    ///
    /// # Errors
    /// As [`Decoder::forward_tree`]; more than [`MAX_BATCH_ROWS`] rows, a slot twice.
    pub fn forward_sequences(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
    ) -> Result<Logits> {
        let n: usize = rows.iter().map(|rows| rows.tree.tokens.len()).sum();
        if n > MAX_BATCH_ROWS {
            bail!("{n} rows of a pass: at most {MAX_BATCH_ROWS}");
        }
        self.network.forward(sequences, rows)
    }

    /// Empty slots for sequences, each for `capacity` tokens of its own, the rows of a
    /// pass included.
    ///
    /// # Errors
    /// What the device reports.
    pub fn sequences(&self, slots: usize, capacity: usize) -> Result<Sequences> {
        let Network { config, .. } = &self.network;
        Sequences::new(config, slots, capacity, self.network.target())
    }

    /// Bytes of the keys and values of such slots and of shared prefixes of so many
    /// tokens each.
    pub fn bytes_of_sequences(&self, slots: usize, capacity: usize, shared: &[usize]) -> u64 {
        let rows = |tokens: usize| tokens.next_multiple_of(TILE);
        let of_prefixes: usize = shared.iter().map(|&tokens| rows(tokens)).sum();
        let all = slots * rows(capacity) + of_prefixes;
        self.config().kv_bytes(all, self.kv_type())
    }

    /// Bytes of a pass's logits.
    pub fn bytes_of_logits(&self, rows: usize) -> u64 {
        (rows * self.vocab() * size_of::<f32>()) as u64
    }

    /// Computes a prefix that several of the sequences share, once. `go_on(done, of)`
    /// is asked before each chunk of tokens. `None`: cancelled.
    ///
    /// # Errors
    /// As [`Decoder::forward_tree`].
    pub fn share_prefix(
        &mut self,
        sequences: &mut Sequences,
        tokens: &[TokenId],
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Option<PrefixId>> {
        let mut one = self.sequences(1, tokens.len())?;
        let mut done = 0;
        for chunk in tokens.chunks(self.prompt_chunk()) {
            if !go_on(done, tokens.len()) {
                return Ok(None);
            }
            extend(&mut self.network, &mut one, chunk)?;
            done += chunk.len();
        }
        Ok(Some(sequences.keep(one)))
    }

    /// Commits these rows of a slot's last pass (ascending, counted from its first),
    /// forgets the rest.
    ///
    /// # Errors
    /// Rows out of order, or not of that pass.
    pub fn commit_sequence(
        &mut self,
        sequences: &mut Sequences,
        slot: usize,
        rows: &[usize],
    ) -> Result<()> {
        sequences.commit(slot, rows, &self.network.cpu)
    }

    /// [`Decoder::fill_for_bench`] of a slot, its prefix included.
    ///
    /// # Errors
    /// What the device reports.
    pub fn fill_sequence_for_bench(
        &self,
        sequences: &mut Sequences,
        slot: usize,
        len: usize,
    ) -> Result<()> {
        sequences.fill_for_bench(slot, len, &self.network.cpu)
    }

    /// Takes back logits that are no longer needed, to reuse their memory.
    pub fn recycle(&mut self, logits: Logits) {
        if let Logits::Host(rows) = logits {
            self.network.spare = rows;
        }
    }

    /// [`Decoder::forward_tree`] in the processor's memory. Shape: (rows * vocab), row
    /// after row.
    ///
    /// # Errors
    /// As [`Decoder::forward_tree`].
    pub fn forward(&mut self, rows: TreeBatch<'_>) -> Result<Vec<f32>> {
        match self.forward_tree(rows)? {
            Logits::Host(logits) => Ok(logits),
            Logits::Device(logits) => Ok(logits.flatten_all()?.to_vec1()?),
        }
    }

    /// Scores the rows of a pass on their device; they are penalised afterwards.
    ///
    /// # Errors
    /// Logits that are not finite; what the device reports.
    pub fn score_rows(&mut self, logits: &mut Logits, asked: &[Asked]) -> Result<Vec<Answered>> {
        logits.bring_if_few()?;
        let answered = match logits {
            Logits::Host(rows) => score_on_host(rows, asked, &self.network.cpu),
            Logits::Device(rows) => score_on_device(rows, asked)?,
        };
        answered.ok_or_else(|| {
            eyre!(
                "{}: the model's logits are not finite: its file is damaged (`laserscope model \
                 info --verify` compares its hash), or its weights are too large for this \
                 arithmetic",
                self.network.path.display()
            )
        })
    }

    /// The times of the last [`Decoder::forward`].
    pub fn times(&self) -> PassTimes {
        self.network.clock.times
    }

    /// Bounds of this machine; `None` unless the CPU kernels run.
    pub(crate) fn roofline(&self) -> Option<Roofline> {
        self.network.roofline()
    }

    /// Treats the cache's contents as `len` committed tokens, for measuring, where
    /// values do not matter.
    ///
    /// # Errors
    /// What the device reports.
    pub fn fill_for_bench(&mut self, len: usize) -> Result<()> {
        self.own.fill_for_bench(OWN, len, &self.network.cpu)
    }

    /// Commits a chain of tokens without computing logits: a prompt.
    pub fn extend(&mut self, tokens: &[TokenId]) -> Result<()> {
        for chunk in tokens.chunks(self.prompt_chunk()) {
            extend(&mut self.network, &mut self.own, chunk)?;
        }
        Ok(())
    }

    fn prompt_chunk(&self) -> usize {
        match self.network.backend {
            Backend::Cpu => PROMPT_CHUNK,
            Backend::Device => PROMPT_CHUNK_ON_DEVICE,
        }
    }

    /// Commits these rows of the last forward pass (ascending), forgets the rest.
    pub fn commit_rows(&mut self, rows: &[usize]) -> Result<()> {
        self.own.commit(OWN, rows, &self.network.cpu)
    }

    /// Rolls the cache back to its first `len` tokens.
    pub fn truncate(&mut self, len: usize) {
        self.own.truncate(OWN, len);
    }
}

/// Commits a chain of tokens to the only one of `sequences`.
fn extend(network: &mut Network, sequences: &mut Sequences, tokens: &[TokenId]) -> Result<()> {
    let parents: Vec<_> = (0..tokens.len()).map(|i| i.checked_sub(1)).collect();
    let rows = SequenceRows {
        slot: OWN,
        tree: TreeBatch {
            tokens,
            parents: &parents,
        },
        wants_logits: false,
    };
    network.hidden(sequences, &[rows])?;
    let all: Vec<_> = (0..tokens.len()).collect();
    sequences.commit(OWN, &all, &network.cpu)
}
