//! The target model's forward pass over a draft tree: one row of logits per node, over a KV
//! cache that appends rows, keeps the accepted ones and rolls back. Knows neither where
//! drafts came from nor the verdicts.

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

/// Rows per forward pass over a prompt: enough to keep the CPU kernels or a device busy.
pub(crate) const PROMPT_CHUNK: usize = 64;
const PROMPT_CHUNK_ON_DEVICE: usize = 256;
/// The most rows in one pass over many sequences.
pub const MAX_BATCH_ROWS: usize = 256;

/// A loaded model with the cache of its own sequence, the one that
/// [`Decoder::forward_tree`] and the methods without a slot work on.
pub struct Decoder {
    network: Network,
    own: Sequences,
}

/// The slot of the decoder's own sequence.
const OWN: usize = 0;

impl Decoder {
    /// Loads every weight onto the target and allocates a KV cache for `context` tokens.
    /// `progress(done, of)` counts layers.
    ///
    /// # Errors
    /// An invalid configuration or tensor, found before packing; a type that candle cannot
    /// read.
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

    /// Size of the vocabulary, the width of a logits row.
    pub fn vocab(&self) -> usize {
        self.network.vocab
    }

    /// Committed tokens in the cache.
    pub fn len(&self) -> usize {
        self.own.len(OWN)
    }

    /// Whether nothing is committed yet.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// The most tokens in a sequence, its prefix included.
    pub(crate) fn capacity(&self) -> usize {
        self.own.capacity()
    }

    /// Threads used on the CPU.
    pub fn threads(&self) -> usize {
        self.network.cpu.pool.threads()
    }

    /// The instruction set of the matrix products; on a GPU, the library.
    pub fn instructions(&self) -> &'static str {
        match self.network.backend {
            Backend::Cpu => self.network.cpu.isa.name(),
            Backend::Device => "candle",
        }
    }

    /// The storage type of keys and values.
    pub(crate) fn kv_type(&self) -> KvType {
        self.own.own().kv_type()
    }

    /// Makes the CPU kernels use this instruction set from now on; the processor must
    /// support it.
    pub fn set_isa(&mut self, isa: Isa) {
        self.network.cpu.isa = isa;
    }

    /// The logits of every row of a tree, left on their device. The rows stay pending in
    /// the cache until [`Decoder::commit_rows`].
    ///
    /// # Errors
    /// More rows than the context has room for, a token outside the vocabulary, or a device
    /// error.
    pub fn forward_tree(&mut self, tree: TreeBatch<'_>) -> Result<Logits> {
        let rows = SequenceRows {
            slot: OWN,
            tree,
            wants_logits: true,
        };
        self.network.forward(&mut self.own, &[rows])
    }

    /// The same over rows of many sequences, packed flat: logits of the rows that want
    /// them, in order. The rows stay pending in their slots until
    /// [`Decoder::commit_sequence`]. On the CPU, a row gets the same bits as when it is
    /// computed alone.
    ///
    /// # Errors
    /// As [`Decoder::forward_tree`]; more than [`MAX_BATCH_ROWS`] rows; the same slot
    /// twice.
    pub fn forward_sequences(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
    ) -> Result<Logits> {
        expect_rows(rows)?;
        self.network.forward(sequences, rows)
    }

    /// Hidden states of rows of many sequences in place of logits: after the final norm, or
    /// after a block, counted from 1. Shape: (rows * width), row by row. Otherwise as
    /// [`Decoder::forward_sequences`].
    ///
    /// # Errors
    /// As there; a block that the model does not have.
    pub fn hidden_states(
        &mut self,
        sequences: &mut Sequences,
        rows: &[SequenceRows<'_>],
        after: Option<usize>,
    ) -> Result<Vec<f32>> {
        expect_rows(rows)?;
        let states = self.network.states(sequences, rows, after)?;
        Ok(states.flatten_all()?.to_vec1()?)
    }

    /// Empty slots for sequences, each with room for `capacity` tokens after its prefix,
    /// including the pending rows of a pass.
    ///
    /// # Errors
    /// What the device reports.
    pub fn sequences(&self, slots: usize, capacity: usize) -> Result<Sequences> {
        let Network { config, .. } = &self.network;
        Sequences::new(config, slots, capacity, self.network.target())
    }

    /// Bytes of keys and values for `slots` such slots and shared prefixes of these lengths
    /// in tokens.
    pub fn bytes_of_sequences(&self, slots: usize, capacity: usize, shared: &[usize]) -> u64 {
        let rows = |tokens: usize| tokens.next_multiple_of(TILE);
        let of_prefixes: usize = shared.iter().map(|&tokens| rows(tokens)).sum();
        let all = slots * rows(capacity) + of_prefixes;
        self.config().kv_bytes(all, self.kv_type())
    }

    /// Bytes of the logits of `rows` rows.
    pub fn bytes_of_logits(&self, rows: usize) -> u64 {
        (rows * self.vocab() * size_of::<f32>()) as u64
    }

    /// Computes once a prefix that several of the sequences share. `go_on(done, of)` is
    /// called before each chunk of tokens and can cancel, in which case the result is
    /// `None`.
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

    /// Commits these rows of a slot's last pass (ascending, counted from the first row of
    /// the slot in that pass) and drops the rest.
    ///
    /// # Errors
    /// Rows out of order or not from that pass.
    pub fn commit_sequence(
        &mut self,
        sequences: &mut Sequences,
        slot: usize,
        rows: &[usize],
    ) -> Result<()> {
        sequences.commit(slot, rows, &self.network.cpu)
    }

    /// [`Decoder::fill_for_bench`] for a slot; `len` includes the prefix.
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

    /// Takes back logits that are no longer needed and reuses their memory.
    pub fn recycle(&mut self, logits: Logits) {
        if let Logits::Host(rows) = logits {
            self.network.spare = rows;
        }
    }

    /// [`Decoder::forward_tree`] with the logits in host memory. Shape: (rows * vocab), row
    /// by row.
    ///
    /// # Errors
    /// As [`Decoder::forward_tree`].
    pub fn forward(&mut self, rows: TreeBatch<'_>) -> Result<Vec<f32>> {
        match self.forward_tree(rows)? {
            Logits::Host(logits) => Ok(logits),
            Logits::Device(logits) => Ok(logits.flatten_all()?.to_vec1()?),
        }
    }

    /// Scores the rows of a pass on their device, leaving penalised logits in `logits`.
    ///
    /// # Errors
    /// Logits that are not finite, or a device error.
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

    /// Timings of the last forward pass.
    pub fn times(&self) -> PassTimes {
        self.network.clock.times
    }

    /// Performance bounds of this machine; `None` unless the CPU kernels run.
    pub(crate) fn roofline(&self) -> Option<Roofline> {
        self.network.roofline()
    }

    /// Counts `len` tokens of the cache as committed whatever they contain, for benchmarks.
    ///
    /// # Errors
    /// What the device reports.
    pub fn fill_for_bench(&mut self, len: usize) -> Result<()> {
        self.own.fill_for_bench(OWN, len, &self.network.cpu)
    }

    /// Commits a chain of tokens, such as a prompt, without computing logits.
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

    /// Commits these rows of the last forward pass (ascending) and drops the rest.
    pub fn commit_rows(&mut self, rows: &[usize]) -> Result<()> {
        self.own.commit(OWN, rows, &self.network.cpu)
    }

    /// Rolls the cache back to its first `len` tokens.
    pub fn truncate(&mut self, len: usize) {
        self.own.truncate(OWN, len);
    }
}

/// Refuses more rows than a pass may have.
fn expect_rows(rows: &[SequenceRows<'_>]) -> Result<()> {
    let n: usize = rows.iter().map(|rows| rows.tree.tokens.len()).sum();
    if n > MAX_BATCH_ROWS {
        bail!("{n} rows in a pass: at most {MAX_BATCH_ROWS}");
    }
    Ok(())
}

/// Commits a chain of tokens to the only slot of `sequences`.
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
