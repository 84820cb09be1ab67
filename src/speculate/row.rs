//! One node's logits become its distribution: penalty, argmax, top N, entropy,
//! and the rank and probability of each draft child, without sorting the
//! vocabulary.

use serde::{Deserialize, Serialize};

use super::TokenId;

/// Candidates recorded per node.
pub const TOP_N: usize = 10;

/// A token and its probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate(pub TokenId, pub f32);

/// The model's distribution at a node, as far as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeRow {
    /// The most probable tokens, best first; ties go to the lower id. Never
    /// empty: the first is the argmax.
    pub top: Vec<Candidate>,
    /// Shannon entropy in nats.
    pub entropy: f32,
}

impl NodeRow {
    pub fn argmax(&self) -> TokenId {
        self.top[0].0
    }

    pub fn argmax_p(&self) -> f32 {
        self.top[0].1
    }
}

/// Where a draft token stands in its parent's distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// 1 is the argmax.
    pub rank: u32,
    pub p: f32,
}

/// Divides positive and multiplies negative logits of every token that occurs
/// in `recent` by `penalty` (Keskar et al. 2019, CTRL, section 4.1, in the
/// form Hugging Face's transformers gave it). 1.0 changes nothing.
pub fn penalize(logits: &mut [f32], recent: &[TokenId], penalty: f32) {
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

/// Reads a row of (already penalised) logits: its top N, entropy, and the rank
/// and probability of each of `children`.
///
/// Shape of `logits`: (vocab). Tokens outside the vocabulary get the last rank
/// and probability 0.
pub fn judge(logits: &[f32], children: &[TokenId]) -> (NodeRow, Vec<Judged>) {
    let top = top_n(logits);
    let max = top[0].1;
    let (sum, weighted) = exp_sums(logits, max);
    let entropy = sum.ln() - weighted / sum;
    let prob = |logit: f32| (logit - max).exp() / sum;
    let judged = children
        .iter()
        .map(|&id| match logits.get(id as usize) {
            Some(&logit) => Judged {
                rank: rank(logits, id, logit),
                p: prob(logit),
            },
            None => Judged {
                rank: logits.len() as u32 + 1,
                p: 0.0,
            },
        })
        .collect();
    let top = top
        .into_iter()
        .map(|(id, logit)| Candidate(id, prob(logit)))
        .collect();
    (
        NodeRow {
            top,
            entropy: entropy.max(0.0),
        },
        judged,
    )
}

/// The best `TOP_N` (id, logit), best first, ties to the lower id.
fn top_n(logits: &[f32]) -> Vec<(TokenId, f32)> {
    let mut top: Vec<(TokenId, f32)> = Vec::with_capacity(TOP_N + 1);
    let mut threshold = f32::NEG_INFINITY;
    for (id, &logit) in logits.iter().enumerate() {
        if logit > threshold || top.len() < TOP_N {
            let at = top.partition_point(|&(_, other)| other >= logit);
            top.insert(at, (id as TokenId, logit));
            top.truncate(TOP_N);
            if top.len() == TOP_N {
                threshold = top[TOP_N - 1].1;
            }
        }
    }
    top
}

/// 1 + the number of tokens before this one in the order (logit, then lower id).
fn rank(logits: &[f32], id: TokenId, logit: f32) -> u32 {
    let (before, after) = logits.split_at(id as usize);
    let ahead = |row: &[f32], beats: fn(f32, f32) -> bool| -> u32 {
        row.iter()
            .map(|&other| u32::from(beats(other, logit)))
            .sum()
    };
    1 + ahead(before, |o, l| o >= l) + ahead(after, |o, l| o > l)
}

const LANES: usize = 8;

/// (sum of e^(x - max), sum of (x - max) e^(x - max)), in a fixed order.
fn exp_sums(logits: &[f32], max: f32) -> (f32, f32) {
    let mut sum = [0f32; LANES];
    let mut weighted = [0f32; LANES];
    let mut chunks = logits.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            let x = (chunk[lane] - max).max(-87.0);
            let e = exp(x);
            sum[lane] += e;
            weighted[lane] += x * e;
        }
    }
    for (lane, &logit) in chunks.remainder().iter().enumerate() {
        let x = (logit - max).max(-87.0);
        sum[lane] += exp(x);
        weighted[lane] += x * exp(x);
    }
    (sum.iter().sum(), weighted.iter().sum())
}

/// e^x for -87 <= x <= 0, relative error below 1e-6; branch-free, so that the
/// compiler vectorises the sum over the vocabulary.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const MAGIC: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer
    let shifted = x * LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4; // ln 2 in two parts
    let poly = 1.0
        + r * (1.0
            + r * (0.5
                + r * (0.166_666_65
                    + r * (0.041_665_795 + r * (0.008_333_452 + r * 0.001_398_2)))));
    let exponent = shifted.to_bits().wrapping_sub(MAGIC.to_bits());
    poly * f32::from_bits(exponent.wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_the_lower_id() {
        let (row, judged) = judge(&[1.0, 3.0, 3.0, 0.0], &[1, 2, 3]);
        assert_eq!(row.argmax(), 1);
        assert_eq!(judged.iter().map(|j| j.rank).collect::<Vec<_>>(), [1, 2, 4]);
    }

    #[test]
    fn a_token_outside_the_vocabulary_is_last() {
        let (_, judged) = judge(&[1.0, 2.0], &[7]);
        assert_eq!(judged[0], Judged { rank: 3, p: 0.0 });
    }

    #[test]
    fn the_penalty_counts_a_token_once() {
        let mut logits = vec![2.0, -2.0, 1.0];
        penalize(&mut logits, &[0, 1, 1, 0, 9], 2.0);
        assert_eq!(logits, [1.0, -4.0, 1.0]);
    }

    proptest! {
        #[test]
        fn matches_a_plain_softmax(logits in prop::collection::vec(-30f32..30.0, 1..300), pick in 0usize..300) {
            let id = pick % logits.len();
            let max = logits.iter().cloned().fold(f32::MIN, f32::max) as f64;
            let exps: Vec<f64> = logits.iter().map(|&x| (x as f64 - max).exp()).collect();
            let sum: f64 = exps.iter().sum();
            let (row, judged) = judge(&logits, &[id as u32]);
            prop_assert!((judged[0].p as f64 - exps[id] / sum).abs() < 1e-5);
            let entropy: f64 = exps.iter().map(|e| e / sum).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
            prop_assert!((row.entropy as f64 - entropy).abs() < 1e-3);
            let mut order: Vec<usize> = (0..logits.len()).collect();
            order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
            prop_assert_eq!(order[judged[0].rank as usize - 1], id);
            let top: Vec<u32> = row.top.iter().map(|c| c.0).collect();
            let want: Vec<u32> = order.iter().take(TOP_N).map(|&i| i as u32).collect();
            prop_assert_eq!(top, want);
        }
    }
}
