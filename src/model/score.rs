//! Turns a node's logits into its distribution: penalty, argmax, top N, entropy, and
//! the rank and probability of each draft child, without sorting the vocabulary.

use super::kernels::Vectors;
use super::kernels::softmax::{exp, largest};
use crate::speculate::TokenId;
use crate::speculate::row::{Candidate, NodeDistribution, TOP_N, TokenScore};

/// Divides positive and multiplies negative logits of every token that occurs in
/// `recent` by `penalty` (Keskar et al. 2019, CTRL, section 4.1, in the form of Hugging
/// Face's transformers). 1.0 changes nothing.
pub(crate) fn penalize(logits: &mut [f32], recent: &[TokenId], penalty: f32) {
    if penalty == 1.0 {
        return;
    }
    let mut seen = recent.to_vec();
    seen.sort_unstable();
    seen.dedup();
    for id in seen {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = if *logit > 0.0 {
                *logit / penalty
            } else {
                *logit * penalty
            };
        }
    }
}

/// Scores a row of (already penalised) logits in one pass: its top N, entropy, and the
/// rank and probability of each of `children`.
///
/// Shape of `logits`: (vocab), not empty. Tokens outside the vocabulary get the
/// last rank and probability 0.
pub(crate) fn score_row(
    logits: &[f32],
    children: &[TokenId],
) -> (NodeDistribution, Vec<TokenScore>) {
    match Vectors::detect() {
        Vectors::Plain => score_row_plain(logits, children),
        // SAFETY: `Vectors::detect` found these instructions.
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx2 => unsafe { score_row_avx2(logits, children) },
        // SAFETY: `Vectors::detect` found these instructions.
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx512 => unsafe { score_row_avx512(logits, children) },
    }
}

/// The same code, so the same numbers, in wider vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn score_row_avx512(logits: &[f32], children: &[TokenId]) -> (NodeDistribution, Vec<TokenScore>) {
    score_row_plain(logits, children)
}

/// As above.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn score_row_avx2(logits: &[f32], children: &[TokenId]) -> (NodeDistribution, Vec<TokenScore>) {
    score_row_plain(logits, children)
}

/// Whether every number of a row is finite.
pub(crate) fn all_finite(row: &[f32]) -> bool {
    match Vectors::detect() {
        Vectors::Plain => all_finite_plain(row),
        // SAFETY: `Vectors::detect` found these instructions.
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx2 | Vectors::Avx512 => unsafe { all_finite_avx2(row) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn all_finite_avx2(row: &[f32]) -> bool {
    all_finite_plain(row)
}

/// Without a branch per number, so that it vectorises.
#[inline(always)]
fn all_finite_plain(row: &[f32]) -> bool {
    row.iter().fold(true, |all, v| all & v.is_finite())
}

/// Logits read at a time: they stay in the L1 cache.
const BLOCK: usize = 1024;

#[inline(always)]
fn score_row_plain(logits: &[f32], children: &[TokenId]) -> (NodeDistribution, Vec<TokenScore>) {
    let mut scan = Scan::new(logits, children);
    for (i, block) in logits.chunks(BLOCK).enumerate() {
        scan.read(i * BLOCK, block);
    }
    let (sum, weighted): (f32, f32) = (scan.sum.iter().sum(), scan.weighted.iter().sum());
    let log_sum = sum.ln();
    let entropy = log_sum - weighted / sum;
    let prob = |logit: f32| (logit - scan.max).exp() / sum;
    let judged = scan.children.iter().map(|child| match child.logit {
        Some(logit) => TokenScore::new(1 + child.ahead, prob(logit)),
        None => TokenScore::new(logits.len() as u32 + 1, 0.0),
    });
    let top = scan
        .top
        .iter()
        .map(|&(id, logit)| Candidate(id, prob(logit)));
    let row = NodeDistribution {
        top: top.collect(),
        entropy: Some(entropy.max(0.0)),
        log_norm: Some(scan.max + log_sum),
        drawn: None,
    };
    (row, judged.collect())
}

/// Partial sums of a row.
const LANES: usize = 16;

/// What one pass over a row has gathered so far.
struct Scan {
    /// The best `TOP_N` (id, logit), best first, ties to the lower id.
    top: Vec<(TokenId, f32)>,
    max: f32,
    /// Sums of e^(x - max) and of (x - max) e^(x - max).
    sum: [f32; LANES],
    weighted: [f32; LANES],
    children: Vec<Child>,
}

/// A draft token of the node.
struct Child {
    id: usize,
    /// `None` outside the vocabulary.
    logit: Option<f32>,
    /// Tokens before it in the order (logit, then lower id).
    ahead: u32,
}

impl Scan {
    #[inline(always)]
    fn new(logits: &[f32], children: &[TokenId]) -> Self {
        let child = |&id: &TokenId| Child {
            id: id as usize,
            logit: logits.get(id as usize).copied(),
            ahead: 0,
        };
        Scan {
            top: Vec::with_capacity(TOP_N + 1),
            max: f32::NEG_INFINITY,
            sum: [0.0; LANES],
            weighted: [0.0; LANES],
            children: children.iter().map(child).collect(),
        }
    }

    /// Reads the logits of the tokens from `first` on.
    #[inline(always)]
    fn read(&mut self, first: usize, block: &[f32]) {
        let mut max = f32::NEG_INFINITY;
        for (i, chunk) in block.chunks(64).enumerate() {
            let best = largest(chunk);
            max = if best > max { best } else { max };
            if self.top.len() < TOP_N || best > self.top[TOP_N - 1].1 {
                self.insert(first + 64 * i, chunk);
            }
        }
        self.raise(max);
        self.add(block);
        for child in &mut self.children {
            child.count(first, block);
        }
    }

    #[inline(always)]
    fn insert(&mut self, first: usize, chunk: &[f32]) {
        for (i, &logit) in chunk.iter().enumerate() {
            if self.top.len() < TOP_N || logit > self.top[TOP_N - 1].1 {
                let at = self.top.partition_point(|&(_, other)| other >= logit);
                self.top.insert(at, ((first + i) as TokenId, logit));
                self.top.truncate(TOP_N);
            }
        }
    }

    /// Moves the sums to a larger maximum.
    #[inline(always)]
    fn raise(&mut self, max: f32) {
        if max <= self.max {
            return;
        }
        let step = (self.max - max).max(-87.0);
        let factor = exp(step);
        for lane in 0..LANES {
            self.weighted[lane] = factor * (self.weighted[lane] + step * self.sum[lane]);
            self.sum[lane] *= factor;
        }
        self.max = max;
    }

    #[inline(always)]
    fn add(&mut self, block: &[f32]) {
        let (mut sum, mut weighted) = (self.sum, self.weighted);
        let mut chunks = block.chunks_exact(LANES);
        for chunk in &mut chunks {
            for lane in 0..LANES {
                let x = (chunk[lane] - self.max).max(-87.0);
                let e = exp(x);
                sum[lane] += e;
                weighted[lane] += x * e;
            }
        }
        for (lane, &logit) in chunks.remainder().iter().enumerate() {
            let x = (logit - self.max).max(-87.0);
            sum[lane] += exp(x);
            weighted[lane] += x * exp(x);
        }
        (self.sum, self.weighted) = (sum, weighted);
    }
}

impl Child {
    #[inline(always)]
    fn count(&mut self, first: usize, block: &[f32]) {
        let Some(logit) = self.logit else { return };
        let before = self.id.clamp(first, first + block.len()) - first;
        let (lower, higher) = block.split_at(before);
        let ties: u32 = lower.iter().map(|&other| u32::from(other >= logit)).sum();
        let larger: u32 = higher.iter().map(|&other| u32::from(other > logit)).sum();
        self.ahead += ties + larger;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_the_lower_id() {
        let (row, judged) = score_row(&[1.0, 3.0, 3.0, 0.0], &[1, 2, 3]);
        assert_eq!(row.argmax(), Some(1));
        let ranks: Vec<u32> = judged.iter().filter_map(|j| j.rank).collect();
        assert_eq!(ranks, [1, 2, 4]);
    }

    #[test]
    fn a_token_outside_the_vocabulary_is_last() {
        let (_, judged) = score_row(&[1.0, 2.0], &[7]);
        assert_eq!(judged[0], TokenScore::new(3, 0.0));
    }

    #[test]
    fn the_penalty_counts_a_token_once() {
        let mut logits = vec![2.0, -2.0, 1.0];
        penalize(&mut logits, &[0, 1, 1, 0, 9], 2.0);
        assert_eq!(logits, [1.0, -4.0, 1.0]);
    }

    proptest! {
        #[test]
        fn matches_a_plain_softmax(logits in prop::collection::vec(-30f32..30.0, 1..3000), pick in 0usize..3000) {
            let id = pick % logits.len();
            let max = logits.iter().cloned().fold(f32::MIN, f32::max) as f64;
            let exps: Vec<f64> = logits.iter().map(|&x| (x as f64 - max).exp()).collect();
            let sum: f64 = exps.iter().sum();
            let (row, judged) = score_row(&logits, &[id as u32]);
            prop_assert!((judged[0].p as f64 - exps[id] / sum).abs() < 1e-5);
            let entropy: f64 = exps.iter().map(|e| e / sum).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
            prop_assert!((row.entropy.unwrap() as f64 - entropy).abs() < 1e-3);
            let mut order: Vec<usize> = (0..logits.len()).collect();
            order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
            prop_assert_eq!(order[judged[0].rank.unwrap() as usize - 1], id);
            let top: Vec<u32> = row.top.iter().map(|c| c.0).collect();
            let want: Vec<u32> = order.iter().take(TOP_N).map(|&i| i as u32).collect();
            prop_assert_eq!(top, want);
        }
    }
}
