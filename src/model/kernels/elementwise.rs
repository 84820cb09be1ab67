//! Elementwise operations on rows on the CPU: biases, head norms and rotary positions
//! of queries and keys, and the gate of the feed-forward network.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, bail};

use super::activation::rms_norm;
use super::kv::Heads;
use super::pack::COLS;
use super::softmax::exp;
use super::storage::floats;
use super::thread_pool::DisjointSlices;
use super::{Cpu, Isa};

/// Which dimensions of a head RoPE rotates together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// (2i, 2i + 1), as in Llama's GGUF files (Su et al. 2021, RoFormer).
    Interleaved,
    /// (i, half + i), as in GPT-NeoX and Hugging Face's checkpoints.
    Halves,
}

/// Norms of every query and every key head before they are rotated (Qwen3).
#[derive(Clone, Copy)]
pub(crate) struct HeadNorms<'a> {
    /// (head_dim) each.
    pub(crate) q: &'a [f32],
    pub(crate) k: &'a [f32],
    pub(crate) eps: f32,
}

/// Turns a projection of shape (n, qkv_width) into queries and keys, in place: the bias
/// is added to all of it, query and key heads are normed, and their first `2 * half`
/// dimensions rotated. Values get the bias only.
pub(crate) struct Turn<'a> {
    pub(crate) heads: Heads,
    pub(crate) pairs: Pairs,
    /// (qkv_width)
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) norms: Option<HeadNorms<'a>>,
    /// (n, half) each: cosines and sines at the rows' positions.
    pub(crate) cos: &'a [f32],
    pub(crate) sin: &'a [f32],
    pub(crate) cpu: &'a Cpu,
}

/// Fewer rows than this are rotated by the caller alone.
const ALONE: usize = 8;

impl InplaceOp1 for Turn<'_> {
    fn name(&self) -> &'static str {
        "turn"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (n, width) = layout.shape().dims2()?;
        if width != self.heads.qkv_width() {
            bail!("a row of {width} is not queries, keys and values");
        }
        let half = self.cos.len() / n.max(1);
        let rows = DisjointSlices::new(floats(storage, layout)?);
        let turn = |row: usize| {
            // SAFETY: each row is rotated by one task.
            let x = unsafe { rows.slice(row * width, width) };
            let entries = row * half..(row + 1) * half;
            self.row(x, &self.cos[entries.clone()], &self.sin[entries]);
        };
        if n < ALONE {
            (0..n).for_each(turn);
        } else {
            self.cpu.pool.run(n, turn);
        }
        Ok(())
    }
}

impl Turn<'_> {
    fn row(&self, x: &mut [f32], cos: &[f32], sin: &[f32]) {
        if let Some(bias) = self.bias {
            x.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
        let Heads {
            heads,
            kv_heads,
            head_dim,
        } = self.heads;
        let rotated = x.chunks_exact_mut(head_dim).take(heads + kv_heads);
        for (h, head) in rotated.enumerate() {
            if let Some(norms) = self.norms {
                let scale = if h < heads { norms.q } else { norms.k };
                let plain = head.to_vec();
                rms_norm(self.cpu.isa, &plain, scale, norms.eps, head);
            }
            match self.pairs {
                Pairs::Interleaved => turn_interleaved(head, cos, sin),
                Pairs::Halves => turn_halves(head, cos, sin),
            }
        }
    }
}

fn turn_interleaved(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    for (pair, (c, s)) in head.chunks_exact_mut(2).zip(cos.iter().zip(sin)) {
        let (a, b) = (pair[0], pair[1]);
        pair[0] = a * c - b * s;
        pair[1] = a * s + b * c;
    }
}

fn turn_halves(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (first, second) = head.split_at_mut(cos.len());
    for ((a, b), (c, s)) in first.iter_mut().zip(second).zip(cos.iter().zip(sin)) {
        (*a, *b) = (*a * c - *b * s, *a * s + *b * c);
    }
}

/// gates = silu(gates) * ups (Shazeer 2020, GLU variants), tile by tile.
pub(crate) fn gate(isa: Isa, gates: &mut [[f32; COLS]], ups: &[[f32; COLS]]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX2 and FMA (`Isa::detect`).
        isa if isa.has_avx2() => unsafe { gate_avx2(gates, ups) },
        _ => gate_plain(gates, ups),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn gate_avx2(gates: &mut [[f32; COLS]], ups: &[[f32; COLS]]) {
    gate_plain(gates, ups);
}

#[inline(always)]
fn gate_plain(gates: &mut [[f32; COLS]], ups: &[[f32; COLS]]) {
    for (gates, ups) in gates.iter_mut().zip(ups) {
        for (g, u) in gates.iter_mut().zip(ups) {
            *g = silu(*g) * u;
        }
    }
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    let e = exp((-x.abs()).max(-87.0));
    let sigmoid = if x >= 0.0 { 1.0 } else { e } / (1.0 + e);
    x * sigmoid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silu_is_x_times_sigmoid() {
        for i in -200..200 {
            let x = i as f32 / 8.0;
            let want = f64::from(x) / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(silu(x)) - want).abs() < 1e-5, "{x}");
        }
    }

    #[test]
    fn the_two_orders_turn_the_same_pairs() {
        let (cos, sin) = ([0.5, 0.8], [0.75f32.sqrt(), 0.6]);
        let mut interleaved = [1.0, 2.0, 3.0, 4.0, 9.0];
        let mut halves = [1.0, 3.0, 2.0, 4.0, 9.0];
        turn_interleaved(&mut interleaved, &cos, &sin);
        turn_halves(&mut halves[..4], &cos, &sin);
        let [a, b, c, d, rest] = interleaved;
        assert_eq!([a, c, b, d, rest], halves);
    }
}
