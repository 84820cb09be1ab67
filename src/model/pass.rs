//! What a forward pass knows of its rows before it computes anything: where
//! they lie in the text and in the cache, and the cosines and sines of their positions.

use color_eyre::eyre::{Result, bail};

use super::config::Config;
use super::kernels::attention::Sequence;
use super::sequences::{PrefixId, Sequences};
use crate::speculate::TokenId;

/// A tree of rows to compute: node i's parent is an earlier node of the tree,
/// or `None` for a child of the last committed token.
#[derive(Clone, Copy)]
pub struct TreeBatch<'a> {
    pub tokens: &'a [TokenId],
    pub parents: &'a [Option<usize>],
}

/// The rows of one sequence in a pass.
#[derive(Clone, Copy)]
pub struct SequenceRows<'a> {
    /// Each slot at most once a pass.
    pub slot: usize,
    /// A root of the tree is a child of the sequence's last committed token.
    pub tree: TreeBatch<'a>,
    /// Otherwise the head is not computed for them: a prompt.
    pub wants_logits: bool,
}

/// The rows of a pass, sequence after sequence.
pub struct Pass {
    pub sequences: Vec<Sequence>,
    pub tokens: Vec<TokenId>,
    /// Per row: cache rows of its ancestors within the pass, itself last, counted from
    /// its sequence's first.
    pub paths: Vec<Vec<u32>>,
    /// Per row: its own cache row.
    pub at: Vec<usize>,
    /// Rows whose logits are wanted.
    pub wanted: Vec<usize>,
    /// (n, half) each: cosines and sines of the rows' positions.
    pub cos: Vec<f32>,
    pub sin: Vec<f32>,
}

impl Pass {
    /// Takes the rows into their slots' caches.
    ///
    /// # Errors
    /// No rows, more than fit a slot or the context, a node before its parent, a slot
    /// twice.
    pub fn new(
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
                bail!("slot {} has rows twice in a pass", rows_of.slot);
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

    /// The path of row `i` of a sequence whose rows begin with row `first` of the pass,
    /// behind so many committed rows.
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
pub struct RopeTable {
    context: usize,
    half: usize,
    /// (context, half) each
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RopeTable {
    /// `factors` (half, or none) divide the frequencies, as Llama 3 ships them.
    pub fn new(config: &Config, context: usize, factors: &[f32]) -> Self {
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

    /// Positions that there are.
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
