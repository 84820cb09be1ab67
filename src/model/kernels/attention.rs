//! Tree attention on the CPU, row by row: each row attends to the committed
//! prefix and then to its own ancestors in path order, itself last. No mask, no
//! repeated keys and values; the cost is linear in what a row attends to, and
//! every sum runs by position in the path, so a row's result does not depend on
//! the rows beside it.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, bail};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::Isa;
use super::linear::slice;
use crate::speculate::row::exp;

const LANES: usize = 8;

/// Attention of the rows of one forward pass.
///
/// Arguments: qkv of shape (n, (heads + 2 kv_heads) * head_dim), of which the
/// queries are read; the cache of shape (capacity, 2 kv_heads * head_dim), a
/// row's keys before its values. Result: (n, heads * head_dim).
pub struct TreeAttention {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
    /// Committed rows of the cache, all attended to.
    pub prefix: usize,
    /// Per row: the cache rows of its ancestors within this pass, itself last.
    pub paths: Arc<Vec<Vec<u32>>>,
}

impl TreeAttention {
    fn run(&self, qkv: &[f32], cache: &[f32], out: &mut [f32]) {
        let qkv_width = (self.heads + 2 * self.kv_heads) * self.head_dim;
        let group_width = self.heads / self.kv_heads * self.head_dim;
        let isa = Isa::detect();
        out.par_chunks_mut(group_width)
            .enumerate()
            .for_each(|(task, out)| {
                let (row, kv_head) = (task / self.kv_heads, task % self.kv_heads);
                let q = &qkv[row * qkv_width + kv_head * group_width..][..group_width];
                let view = View {
                    cache,
                    stride: 2 * self.kv_heads * self.head_dim,
                    key: kv_head * self.head_dim,
                    value: (self.kv_heads + kv_head) * self.head_dim,
                    prefix: self.prefix,
                    path: &self.paths[row],
                    head_dim: self.head_dim,
                };
                attend(isa, &view, q, out);
            });
    }
}

impl CustomOp2 for TreeAttention {
    fn name(&self) -> &'static str {
        "tree-attention"
    }

    fn cpu_fwd(
        &self,
        qkv: &CpuStorage,
        qkv_layout: &Layout,
        cache: &CpuStorage,
        cache_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, _) = qkv_layout.shape().dims2()?;
        if n != self.paths.len() {
            bail!("{n} rows, {} paths", self.paths.len());
        }
        let width = self.heads * self.head_dim;
        let mut out = vec![0f32; n * width];
        self.run(
            slice(qkv, qkv_layout)?,
            slice(cache, cache_layout)?,
            &mut out,
        );
        Ok((CpuStorage::F32(out), Shape::from((n, width))))
    }
}

/// One key/value head of the cache, as one row sees it.
struct View<'a> {
    cache: &'a [f32],
    stride: usize,
    /// Offsets of the head's key and value within a cache row.
    key: usize,
    value: usize,
    prefix: usize,
    path: &'a [u32],
    head_dim: usize,
}

impl View<'_> {
    fn len(&self) -> usize {
        self.prefix + self.path.len()
    }

    #[inline(always)]
    fn at(&self, position: usize, offset: usize) -> &[f32] {
        let slot = match position.checked_sub(self.prefix) {
            None => position,
            Some(i) => self.path[i] as usize,
        };
        &self.cache[slot * self.stride + offset..][..self.head_dim]
    }
}

fn attend(isa: Isa, view: &View<'_>, q: &[f32], out: &mut [f32]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX2 and FMA (`Isa::detect`).
        Isa::Avx2 | Isa::Vnni => unsafe { attend_avx2(view, q, out) },
        _ => attend_rows::<false>(view, q, out),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn attend_avx2(view: &View<'_>, q: &[f32], out: &mut [f32]) {
    attend_rows::<true>(view, q, out);
}

/// The query heads that share a key/value head, one row.
#[inline(always)]
fn attend_rows<const FMA: bool>(view: &View<'_>, q: &[f32], out: &mut [f32]) {
    let scale = 1.0 / (view.head_dim as f32).sqrt();
    let (len, heads) = (view.len(), q.len() / view.head_dim);
    let mut scores = vec![0f32; heads * len];
    for position in 0..len {
        let key = view.at(position, view.key);
        for (h, q) in q.chunks_exact(view.head_dim).enumerate() {
            scores[h * len + position] = dot::<FMA>(q, key) * scale;
        }
    }
    for (scores, out) in scores
        .chunks_exact_mut(len)
        .zip(out.chunks_exact_mut(view.head_dim))
    {
        softmax(scores);
        for (i, out) in out.chunks_mut(WIDE).enumerate() {
            match <&mut [f32; WIDE]>::try_from(&mut *out) {
                Ok(out) => weigh::<FMA>(view, scores, i * WIDE, out),
                Err(_) => weigh_rest::<FMA>(view, scores, i * WIDE, out),
            }
        }
    }
}

/// Output dimensions that are summed at a time, in registers.
const WIDE: usize = 4 * LANES;

/// The weighted sum of the values' dimensions from `from` on, by position.
#[inline(always)]
fn weigh<const FMA: bool>(view: &View<'_>, weights: &[f32], from: usize, out: &mut [f32; WIDE]) {
    let mut sums = [0f32; WIDE];
    for (position, &weight) in weights.iter().enumerate() {
        let value = &view.at(position, view.value)[from..from + WIDE];
        for i in 0..WIDE {
            sums[i] = fma::<FMA>(weight, value[i], sums[i]);
        }
    }
    *out = sums;
}

/// The same for fewer dimensions than are summed at a time.
#[inline(always)]
fn weigh_rest<const FMA: bool>(view: &View<'_>, weights: &[f32], from: usize, out: &mut [f32]) {
    for (position, &weight) in weights.iter().enumerate() {
        let value = &view.at(position, view.value)[from..];
        for (out, value) in out.iter_mut().zip(value) {
            *out = fma::<FMA>(weight, *value, *out);
        }
    }
}

/// `a * b + c`, fused only where the processor fuses it in one instruction.
#[inline(always)]
fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

#[inline(always)]
fn dot<const FMA: bool>(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if FMA {
        // SAFETY: `FMA` is set only where AVX2 and FMA were detected.
        return unsafe { super::x86::dot(a, b) };
    }
    let mut lanes = [0f32; 2 * LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(2 * LANES), b.chunks_exact(2 * LANES));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: f32 = rest.map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..2 * LANES {
            lanes[lane] = fma::<FMA>(x[lane], y[lane], lanes[lane]);
        }
    }
    let mut half = [0f32; LANES];
    for lane in 0..LANES {
        half[lane] = lanes[lane] + lanes[lane + LANES];
    }
    sum(half) + rest
}

#[inline(always)]
fn largest(scores: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = scores.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] {
                chunk[lane]
            } else {
                lanes[lane]
            };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |m, &s| if s > m { s } else { m })
}

/// Softmax in place; sums run in eight lanes by position.
#[inline(always)]
fn softmax(scores: &mut [f32]) {
    let max = largest(scores);
    for score in scores.iter_mut() {
        *score = exp((*score - max).max(-87.0));
    }
    let mut lanes = [0f32; LANES];
    let chunks = scores.chunks_exact(LANES);
    for (lane, score) in chunks.remainder().iter().enumerate() {
        lanes[lane] += score;
    }
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    let inverse = 1.0 / sum(lanes);
    scores.iter_mut().for_each(|s| *s *= inverse);
}

#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    /// A plain f64 attention over the same path.
    fn reference(
        op: &TreeAttention,
        qkv: &[f32],
        cache: &[f32],
        row: usize,
        head: usize,
    ) -> Vec<f64> {
        let d = op.head_dim;
        let kv = head / (op.heads / op.kv_heads);
        let q = &qkv[row * (op.heads + 2 * op.kv_heads) * d + head * d..][..d];
        let slots: Vec<usize> = (0..op.prefix)
            .chain(op.paths[row].iter().map(|&s| s as usize))
            .collect();
        let at = |slot: usize, k: usize| f64::from(cache[slot * 2 * op.kv_heads * d + k]);
        let scores: Vec<f64> = slots
            .iter()
            .map(|&s| {
                (0..d)
                    .map(|i| f64::from(q[i]) * at(s, kv * d + i))
                    .sum::<f64>()
                    / (d as f64).sqrt()
            })
            .map(f64::exp)
            .collect();
        let total: f64 = scores.iter().sum();
        (0..d)
            .map(|i| {
                let v = |s: usize| at(s, (op.kv_heads + kv) * d + i);
                slots
                    .iter()
                    .zip(&scores)
                    .map(|(&s, w)| w * v(s))
                    .sum::<f64>()
                    / total
            })
            .collect()
    }

    #[test]
    fn matches_a_plain_reference_and_ignores_the_other_rows() {
        let paths = vec![vec![5], vec![5, 6], vec![5, 7], vec![5, 6, 8]];
        let op = |paths: Vec<Vec<u32>>| TreeAttention {
            heads: 6,
            kv_heads: 2,
            head_dim: 20,
            prefix: 5,
            paths: Arc::new(paths),
        };
        let tree = op(paths.clone());
        let (qkv, cache) = (noise(4 * 200, 1), noise(10 * 80, 2));
        let mut out = vec![0f32; 4 * 120];
        tree.run(&qkv, &cache, &mut out);
        for row in 0..4 {
            for head in 0..6 {
                let want = reference(&tree, &qkv, &cache, row, head);
                let got = &out[row * 120 + head * 20..][..20];
                let close = got
                    .iter()
                    .zip(&want)
                    .all(|(g, w)| (f64::from(*g) - w).abs() < 1e-5);
                assert!(close, "row {row} head {head}");
            }
            let alone = op(vec![paths[row].clone()]);
            let mut single = vec![0f32; 120];
            alone.run(&qkv[row * 200..][..200], &cache, &mut single);
            assert_eq!(single, out[row * 120..][..120], "row {row} alone");
        }
    }

    #[test]
    fn a_position_counts_the_same_in_the_prefix_and_in_the_tree() {
        let (qkv, cache) = (noise(200, 3), noise(12 * 80, 4));
        let run = |prefix: usize| {
            let path = (prefix as u32..11).collect();
            let op = TreeAttention {
                heads: 6,
                kv_heads: 2,
                head_dim: 20,
                prefix,
                paths: Arc::new(vec![path]),
            };
            let mut out = vec![0f32; 120];
            op.run(&qkv, &cache, &mut out);
            out
        };
        let whole = run(0);
        (1..=10).for_each(|prefix| assert_eq!(run(prefix), whole, "prefix {prefix}"));
    }
}
