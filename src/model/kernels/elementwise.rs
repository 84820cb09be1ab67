//! Rotary positions and the gated activation, fused for the CPU.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::linear::slice;
use crate::model::config::RopeOrder;
use crate::speculate::row::exp;

/// Turns pairs of each head's first `2 * half` dimensions (Su et al. 2021,
/// RoFormer): (2i, 2i+1), or (i, i + half) as GPT-NeoX does. Heads beyond `heads` (the values) are copied.
pub struct Rope {
    /// Query and key heads together.
    pub heads: usize,
    pub head_dim: usize,
    pub order: RopeOrder,
    /// (n, half) each: cosines and sines at the rows' positions.
    pub cos: Arc<Vec<f32>>,
    pub sin: Arc<Vec<f32>>,
}

impl CustomOp1 for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, width) = layout.shape().dims2()?;
        let mut out = slice(storage, layout)?.to_vec();
        let half = self.cos.len() / n.max(1);
        for (row, x) in out.chunks_exact_mut(width).enumerate() {
            let angles = row * half..(row + 1) * half;
            let (cos, sin) = (&self.cos[angles.clone()], &self.sin[angles]);
            for head in x.chunks_exact_mut(self.head_dim).take(self.heads) {
                match self.order {
                    RopeOrder::Interleaved => turn_pairs(head, cos, sin),
                    RopeOrder::Halves => turn_halves(head, cos, sin),
                }
            }
        }
        Ok((CpuStorage::F32(out), Shape::from((n, width))))
    }
}

fn turn_pairs(head: &mut [f32], cos: &[f32], sin: &[f32]) {
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

/// silu(gate) * up (Shazeer 2020, GLU variants). Shapes: (n, 2 f) -> (n, f),
/// the gates before the ups.
pub struct SwiGlu;

impl CustomOp1 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, width) = layout.shape().dims2()?;
        let half = width / 2;
        let rows = slice(storage, layout)?;
        let mut out = vec![0f32; n * half];
        out.par_chunks_mut(half).enumerate().for_each(|(row, out)| {
            let (gate, up) = rows[row * width..][..width].split_at(half);
            for (out, (g, u)) in out.iter_mut().zip(gate.iter().zip(up)) {
                *out = silu(*g) * u;
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((n, half))))
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
}
