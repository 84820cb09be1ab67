//! The logits of a pass and their scoring on the device that holds them: on the CPU, row by
//! row on the kernels' threads; on a device, in a few operations over all rows that return
//! only the most probable tokens and the drafts' scores.

use candle_core::{D, DType, Device, IndexOp, Result, Tensor};

use super::kernels::Cpu;
use super::kernels::thread_pool::DisjointSlices;
use super::sampling::draw;
use super::score::{all_finite, penalize, score_row};
use crate::speculate::TokenId;
use crate::speculate::params::Sampling;
use crate::speculate::row::{Candidate, Drawn, NodeDistribution, TOP_N, TokenScore};

/// Logits of shape (n, vocab).
pub enum Logits {
    /// In host memory, row by row.
    Host(Vec<f32>),
    /// On candle's device.
    Device(Tensor),
}

/// What is needed from a row.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Tokens in the window of the repetition penalty.
    pub recent: Vec<TokenId>,
    /// 1 means no penalty.
    pub penalty: f32,
    /// Draft tokens whose rank and probability are wanted.
    pub children: Vec<TokenId>,
}

impl Default for Asked {
    fn default() -> Self {
        Asked {
            recent: Vec::new(),
            penalty: 1.0,
            children: Vec::new(),
        }
    }
}

/// At most this many numbers are copied from a device and scored on the CPU: scoring there
/// takes dozens of launches, which cost more than copying a few rows.
const FEW: usize = 1 << 20;

impl Logits {
    /// Copies the logits to host memory if there are only a few rows.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn bring_if_few(&mut self) -> Result<()> {
        if let Logits::Device(rows) = self
            && rows.elem_count() <= FEW
        {
            let rows = rows.to_dtype(DType::F32)?.flatten_all()?;
            *self = Logits::Host(rows.to_vec1()?);
        }
        Ok(())
    }

    /// Samples a token from one of `n` (penalised) rows; see [`draw`].
    ///
    /// # Errors
    /// What the device reports; logits that are NaN.
    pub(crate) fn draw(
        &self,
        row: LogitsRow,
        sampling: &Sampling,
        position: usize,
    ) -> Result<Drawn> {
        let read;
        let logits = match self {
            Logits::Host(all) => {
                let vocab = all.len() / row.of.max(1);
                &all[row.index * vocab..(row.index + 1) * vocab]
            }
            Logits::Device(all) => {
                read = all.i(row.index)?.to_vec1::<f32>()?;
                read.as_slice()
            }
        };
        let token = draw(logits, sampling, position)?;
        let (_, scores) = score_row(logits, &[token]);
        Ok(Drawn {
            token,
            rank: scores[0].rank,
            p: scores[0].p,
        })
    }
}

/// Row `i` of `n`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogitsRow {
    pub(crate) index: usize,
    pub(crate) of: usize,
}

/// A row's distribution, and its children's scores in it.
pub(crate) type Answered = (NodeDistribution, Vec<TokenScore>);

/// Scores rows on the CPU; see [`score_row`]. `None`: a logit is not finite.
pub(crate) fn score_on_host(
    logits: &mut [f32],
    asked: &[Asked],
    cpu: &Cpu,
) -> Option<Vec<Answered>> {
    let vocab = logits.len() / asked.len().max(1);
    let rows = DisjointSlices::new(logits);
    let answered = cpu.pool.map(asked.len(), |i| {
        // SAFETY: each task has its own row.
        let row = unsafe { rows.slice(i * vocab, vocab) };
        if !all_finite(row) {
            return None;
        }
        penalize(row, &asked[i].recent, asked[i].penalty);
        Some(score_row(row, &asked[i].children))
    });
    answered.into_iter().collect()
}

/// Scores rows on their device, replacing `logits` with the penalised rows. Shape: (n,
/// vocab). `None`: a logit is not finite.
///
/// # Errors
/// What the device reports.
pub(crate) fn score_on_device(
    logits: &mut Tensor,
    asked: &[Asked],
) -> Result<Option<Vec<Answered>>> {
    *logits = penalized(&logits.to_dtype(DType::F32)?, asked)?;
    let max = logits.max_keepdim(D::Minus1)?;
    let shifted = logits.broadcast_sub(&max)?;
    let exps = shifted.exp()?;
    let sums: Vec<f32> = exps.sum(D::Minus1)?.to_vec1()?;
    // The largest logit contributes 1, so the sum is finite unless there is a NaN or
    // infinity.
    if !sums.iter().all(|sum| sum.is_finite()) {
        return Ok(None);
    }
    // Impossible tokens have a shift of minus infinity, and 0 times that is NaN.
    let bounded = shifted.clamp(-87f32, 0f32)?;
    let weighted: Vec<f32> = (bounded * &exps)?.sum(D::Minus1)?.to_vec1()?;
    let max: Vec<f32> = max.flatten_all()?.to_vec1()?;
    let top = top_n(logits)?;
    let standings = standings(logits, asked)?;
    let mut standings = standings.into_iter();
    let rows = asked.iter().enumerate().map(|(i, asked)| {
        let prob = |logit: f32| (logit - max[i]).exp() / sums[i];
        let row = NodeDistribution {
            top: top[i]
                .iter()
                .map(|&(id, l)| Candidate(id, prob(l)))
                .collect(),
            entropy: Some((sums[i].ln() - weighted[i] / sums[i]).max(0.0)),
            log_norm: Some(max[i] + sums[i].ln()),
            drawn: None,
        };
        let judged = standings.by_ref().take(asked.children.len());
        let judged = judged.map(|(logit, rank)| TokenScore::new(rank, prob(logit)));
        (row, judged.collect())
    });
    Ok(Some(rows.collect()))
}

/// All rows after the repetition penalty, as [`penalize`] does one row.
fn penalized(logits: &Tensor, asked: &[Asked]) -> Result<Tensor> {
    let longest = asked.iter().map(|a| a.recent.len()).max().unwrap_or(0);
    if longest == 0 || asked.iter().all(|asked| asked.penalty == 1.0) {
        return Ok(logits.clone());
    }
    let (n, vocab) = logits.dims2()?;
    // A row with fewer tokens repeats its first one, which writes the same number twice. A
    // row with none repeats a token whose number is written back unchanged.
    let mut ids = Vec::with_capacity(n * longest);
    let mut factors = Vec::with_capacity(n * longest);
    for row in asked {
        let known = row
            .recent
            .iter()
            .copied()
            .filter(|&id| (id as usize) < vocab);
        let known: Vec<TokenId> = known.collect();
        let filler = known.first().copied().unwrap_or(0);
        let factor = if known.is_empty() { 1.0 } else { row.penalty };
        factors.extend(std::iter::repeat_n(factor, longest));
        let fillers = std::iter::repeat_n(filler, longest - known.len());
        ids.extend(known.iter().copied().chain(fillers));
    }
    let device = logits.device();
    let ids = Tensor::from_vec(ids, (n, longest), device)?;
    let factors = Tensor::from_vec(factors, (n, longest), device)?;
    let found = logits.gather(&ids, 1)?;
    let is_positive = found.gt(0f32)?;
    let changed = is_positive.where_cond(&(&found / &factors)?, &(&found * &factors)?)?;
    logits.contiguous()?.scatter(&ids, &changed, 1)
}

/// Every row's best tokens with their logits, best first.
fn top_n(logits: &Tensor) -> Result<Vec<Vec<(TokenId, f32)>>> {
    let (n, vocab) = logits.dims2()?;
    let mut rest = logits.contiguous()?;
    let never = Tensor::full(f32::NEG_INFINITY, (n, 1), logits.device())?;
    let (mut ids, mut values) = (Vec::new(), Vec::new());
    for _ in 0..TOP_N.min(vocab) {
        let best = rest.argmax_keepdim(D::Minus1)?;
        values.push(rest.gather(&best, 1)?);
        rest = rest.scatter(&best, &never, 1)?;
        ids.push(best);
    }
    let ids: Vec<Vec<u32>> = Tensor::cat(&ids, 1)?.to_vec2()?;
    let values: Vec<Vec<f32>> = Tensor::cat(&values, 1)?.to_vec2()?;
    let rows = ids.into_iter().zip(values);
    Ok(rows
        .map(|(ids, values)| ids.into_iter().zip(values).collect())
        .collect())
}

/// Logit and rank of every child, row by row. A token outside the vocabulary gets the last
/// rank and probability 0.
fn standings(logits: &Tensor, asked: &[Asked]) -> Result<Vec<(f32, u32)>> {
    let vocab = logits.dim(1)?;
    let all = asked.iter().enumerate();
    let all = all.flat_map(|(row, a)| a.children.iter().map(move |&id| (row as u32, id)));
    let all: Vec<(u32, TokenId)> = all.collect();
    let (rows, ids): (Vec<u32>, Vec<TokenId>) = all
        .iter()
        .copied()
        .filter(|&(_, id)| (id as usize) < vocab)
        .unzip();
    let mut found = match rows.is_empty() {
        true => Vec::new(),
        false => rank(logits, &rows, &ids)?,
    }
    .into_iter();
    let outside = (f32::NEG_INFINITY, vocab as u32 + 1);
    let standing = |&(_, id): &(u32, TokenId)| match (id as usize) < vocab {
        true => found.next().unwrap_or(outside),
        false => outside,
    };
    Ok(all.iter().map(standing).collect())
}

/// Logit and rank of token `ids[i]` in row `rows[i]`.
fn rank(logits: &Tensor, rows: &[u32], ids: &[TokenId]) -> Result<Vec<(f32, u32)>> {
    let device: &Device = logits.device();
    let (m, vocab) = (rows.len(), logits.dim(1)?);
    let rows = logits.index_select(&Tensor::new(rows, device)?, 0)?;
    let ids = Tensor::new(ids, device)?.reshape((m, 1))?;
    let own = rows.gather(&ids, 1)?;
    let larger = rows.broadcast_gt(&own)?;
    let numbers = Tensor::arange(0u32, vocab as u32, device)?.reshape((1, vocab))?;
    let lower = numbers.broadcast_lt(&ids)?;
    let tied = (rows.broadcast_eq(&own)? * lower)?;
    let ahead = (larger + tied)?.to_dtype(DType::F32)?.sum(D::Minus1)?;
    let (own, ahead): (Vec<f32>, Vec<f32>) = (own.i((.., 0))?.to_vec1()?, ahead.to_vec1()?);
    Ok(own
        .into_iter()
        .zip(ahead.into_iter().map(|n| 1 + n as u32))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_reads_rows_as_the_processor_does() {
        let (n, vocab) = (5, 997);
        let mut state = 3u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let logits: Vec<f32> = (0..n * vocab)
            .map(|_| (next() % 4001) as f32 / 200.0 - 10.0)
            .collect();
        let mut asked: Vec<Asked> = (0..n)
            .map(|i| Asked {
                recent: (0..i * 3).map(|_| next() % 997).collect(),
                penalty: 1.0,
                children: (0..i).map(|_| next() % 1000).collect(),
            })
            .collect();
        let tensor = Tensor::from_vec(logits.clone(), (n, vocab), &Device::Cpu).unwrap();
        for penalties in [[1.0, 1.0], [1.2, 1.2], [1.0, 1.3]] {
            let each = asked.iter_mut().zip(penalties.into_iter().cycle());
            each.for_each(|(asked, penalty)| asked.penalty = penalty);
            let cpu = Cpu::new(2).unwrap();
            let want = score_on_host(&mut logits.clone(), &asked, &cpu).unwrap();
            let got = score_on_device(&mut tensor.clone(), &asked)
                .unwrap()
                .unwrap();
            assert_eq!(got.len(), n);
            for ((row, judged), (want_row, want_judged)) in got.iter().zip(&want) {
                let ids = |row: &NodeDistribution| row.top.iter().map(|c| c.0).collect::<Vec<_>>();
                assert_eq!(ids(row), ids(want_row));
                let entropy = |row: &NodeDistribution| row.entropy.unwrap();
                assert!((entropy(row) - entropy(want_row)).abs() < 1e-3);
                assert_eq!(judged.len(), want_judged.len());
                for (a, b) in judged.iter().zip(want_judged) {
                    assert_eq!(a.rank, b.rank);
                    assert!((a.p - b.p).abs() < 1e-6);
                }
                for (a, b) in row.top.iter().zip(&want_row.top) {
                    assert!((a.1 - b.1).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn rows_that_are_not_finite_have_no_answer() {
        let asked = vec![Asked::default(); 2];
        let cpu = Cpu::new(2).unwrap();
        for bad in [f32::NAN, f32::INFINITY] {
            let mut rows = vec![0.5; 2 * 40];
            rows[57] = bad;
            let tensor = Tensor::from_vec(rows.clone(), (2, 40), &Device::Cpu).unwrap();
            assert!(score_on_host(&mut rows, &asked, &cpu).is_none());
            let on_device = score_on_device(&mut tensor.clone(), &asked).unwrap();
            assert!(on_device.is_none(), "{bad}");
        }
        let mut rows = vec![0.5; 2 * 40];
        rows[3] = f32::NEG_INFINITY;
        assert!(score_on_host(&mut rows, &asked, &cpu).is_none());
    }
}
