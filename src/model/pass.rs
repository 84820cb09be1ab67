//! What is known about the rows of a forward pass before computing: their positions in the
//! text and in the cache, and the cosines and sines of those positions.

use color_eyre::eyre::{Result, bail};

use super::config::Config;
use super::kernels::attention::Sequence;
use super::sequences::{PrefixId, Sequences};
use crate::speculate::TokenId;

/// A tree of rows to compute. The parent of a node is an earlier node, or `None` for a
/// child of the last committed token.
#[derive(Clone, Copy)]
pub struct TreeBatch<'a> {
    /// The token of each node.
    pub tokens: &'a [TokenId],
    /// The parent of each node.
    pub parents: &'a [Option<usize>],
}

/// The rows of one sequence in a pass.
#[derive(Clone, Copy)]
pub struct SequenceRows<'a> {
    /// A slot may appear only once per pass.
    pub slot: usize,
    /// Roots of this tree are children of the sequence's last committed token.
    pub tree: TreeBatch<'a>,
    /// Whether to compute logits; a prompt needs none.
    pub wants_logits: bool,
}

/// The rows of a pass, one sequence after another.
pub(crate) struct Pass {
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) tokens: Vec<TokenId>,
    /// Per row: the cache rows of its ancestors within the pass and itself last, counted
    /// from the sequence's first cache row.
    pub(crate) paths: Vec<Vec<u32>>,
    /// Per row: its own cache row.
    pub(crate) at: Vec<usize>,
    /// Rows whose logits are wanted.
    pub(crate) wanted: Vec<usize>,
    /// Cosines and sines of the rows' positions. Shape of each: (n, half).
    pub(crate) cos: Vec<f32>,
    pub(crate) sin: Vec<f32>,
}

impl Pass {
    /// Reserves cache rows for the pass in its slots.
    ///
    /// # Errors
    /// No rows, more than fit in a slot or the context, a node before its parent, or the
    /// same slot twice.
    pub(crate) fn new(
        rows: &[SequenceRows<'_>],
        sequences: &mut Sequences,
        rope: &RopeTable,
    ) -> Result<Self> {
        let mut pass = Pass {
            sequences: Vec::with_capacity(rows.len()),
            tokens: Vec::new(),
            paths: Vec::new(),
            at: Vec::new(),
            wanted: Vec::new(),
            cos: Vec::new(),
            sin: Vec::new(),
        };
        let mut positions = Vec::new();
        for (i, rows_of) in rows.iter().enumerate() {
            if rows[..i].iter().any(|other| other.slot == rows_of.slot) {
                bail!("slot {} appears twice in a pass", rows_of.slot);
            }
            pass.push(rows_of, sequences, rope.context(), &mut positions)?;
        }
        for rows_of in rows {
            let n = rows_of.tree.tokens.len();
            sequences.own_mut().make_room(rows_of.slot, n)?;
        }
        (pass.cos, pass.sin) = rope.at(&positions);
        Ok(pass)
    }

    fn push(
        &mut self,
        rows: &SequenceRows<'_>,
        sequences: &Sequences,
        context: usize,
        positions: &mut Vec<usize>,
    ) -> Result<()> {
        let SequenceRows { slot, tree, .. } = *rows;
        let n = tree.tokens.len();
        if slot >= sequences.slots() {
            bail!("slot {slot} of {}", sequences.slots());
        }
        let (len, own) = (sequences.len(slot), sequences.own().len(slot));
        let capacity = context.min(sequences.prefix_len(slot) + sequences.capacity());
        if n == 0 || n != tree.parents.len() || len + n > capacity {
            bail!("{n} rows after {len} tokens do not fit a context of {capacity}");
        }
        let first = self.paths.len();
        for (i, &parent) in tree.parents.iter().enumerate() {
            let path = self.path((first, i), parent, own)?;
            // A row's position is the number of tokens before it on its path.
            positions.push(len + path.len() - 1);
            self.paths.push(path);
        }
        let at = sequences.own().first(slot);
        let is_read = |_: &PrefixId| sequences.prefix_len(slot) > 0;
        let shared = sequences.prefix(slot).filter(is_read);
        self.at.extend(at + own..at + own + n);
        self.tokens.extend_from_slice(tree.tokens);
        let rows_of = first..first + n;
        if rows.wants_logits {
            self.wanted.extend(rows_of.clone());
        }
        self.sequences.push(Sequence {
            rows: rows_of,
            shared: shared.map(|prefix| prefix.0),
            first: at,
            committed: own,
        });
        Ok(())
    }

    /// The path of row `i` of a sequence whose rows start at row `first` of the pass and
    /// follow `committed` rows in the cache.
    fn path(
        &self,
        (first, i): (usize, usize),
        parent: Option<usize>,
        committed: usize,
    ) -> Result<Vec<u32>> {
        let mut path = match parent {
            None => Vec::new(),
            Some(p) if p < i => self.paths[first + p].clone(),
            Some(p) => bail!("node {i} comes before its parent {p}"),
        };
        path.push((committed + i) as u32);
        Ok(path)
    }
}

/// Cosines and sines by position.
pub(crate) struct RopeTable {
    context: usize,
    half: usize,
    /// (context, half) each
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RopeTable {
    /// `factors` (`half` of them, or none) divide the frequencies, as Llama 3 ships them.
    pub(crate) fn new(config: &Config, context: usize, factors: &[f32]) -> Self {
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
        RopeTable {
            context,
            half,
            cos,
            sin,
        }
    }

    /// The number of positions in the table.
    fn context(&self) -> usize {
        self.context
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
