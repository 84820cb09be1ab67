//! What a forward pass knows of its rows before it computes anything: where
//! they lie in the text and in the cache, and the cosines and sines of their positions.

use color_eyre::eyre::{Result, bail};

use super::config::Config;
use crate::speculate::TokenId;

/// A tree of rows to compute: node i's parent is an earlier node of the tree,
/// or `None` for a child of the last committed token.
#[derive(Clone, Copy)]
pub struct TreeBatch<'a> {
    /// One token per node.
    pub tokens: &'a [TokenId],
    /// One parent per node.
    pub parents: &'a [Option<usize>],
}

/// The rows of a pass.
pub(crate) struct Pass {
    /// Per row: cache rows of its ancestors within the pass, itself last.
    pub(crate) paths: Vec<Vec<u32>>,
    /// Committed rows.
    pub(crate) prefix: usize,
    /// (n, half) each: cosines and sines of the rows' positions.
    pub(crate) cos: Vec<f32>,
    pub(crate) sin: Vec<f32>,
}

impl Pass {
    /// # Errors
    /// No rows, more than fit the cache, a node before its parent.
    pub(crate) fn new(
        rows: TreeBatch<'_>,
        prefix: usize,
        capacity: usize,
        rope: &RopeTable,
    ) -> Result<Self> {
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
        // A row's position is the number of tokens before it on its path.
        let positions: Vec<_> = paths.iter().map(|path| prefix + path.len() - 1).collect();
        let (cos, sin) = rope.at(&positions);
        Ok(Pass {
            paths,
            prefix,
            cos,
            sin,
        })
    }
}

/// Cosines and sines by position.
pub(crate) struct RopeTable {
    half: usize,
    /// (context, half) each
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RopeTable {
    /// `factors` (half, or none) divide the frequencies, as Llama 3 ships them.
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
