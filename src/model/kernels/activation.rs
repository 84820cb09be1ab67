//! Activations as signed bytes: per row and block of 32 a scale, as ggml's Q8
//! types have it, and the sums that weights with a minimum need.

use super::pack::BLOCK;

/// Rows of activations, quantised row by row.
pub struct Activations {
    pub rows: usize,
    pub blocks: usize,
    /// (rows, blocks * 32)
    pub q: Vec<i8>,
    /// (rows, blocks): what one step is worth.
    pub scale: Vec<f32>,
    /// (rows, blocks): scale times the sum of the block's steps.
    pub sum: Vec<f32>,
    /// (rows, blocks): 128 times the sum of the block's steps, for kernels that
    /// shift signed weights to unsigned ones.
    pub shift: Vec<i32>,
}

impl Activations {
    /// Quantises `x`, shape (rows, in_dim); the last block is padded with zeros.
    pub fn quantize(x: &[f32], in_dim: usize) -> Self {
        let (rows, blocks) = (x.len() / in_dim, in_dim.div_ceil(BLOCK));
        let mut acts = Activations {
            rows,
            blocks,
            q: vec![0; rows * blocks * BLOCK],
            scale: vec![0.0; rows * blocks],
            sum: vec![0.0; rows * blocks],
            shift: vec![0; rows * blocks],
        };
        for (r, row) in x.chunks_exact(in_dim).enumerate() {
            for (b, values) in row.chunks(BLOCK).enumerate() {
                acts.quantize_block(r * blocks + b, values);
            }
        }
        acts
    }

    fn quantize_block(&mut self, index: usize, values: &[f32]) {
        let mut padded = [0f32; BLOCK];
        padded[..values.len()].copy_from_slice(values);
        let mut lanes = [0f32; 8];
        for chunk in padded.chunks_exact(8) {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                let magnitude = value.abs();
                *lane = if magnitude > *lane { magnitude } else { *lane };
            }
        }
        let largest = lanes.iter().fold(0f32, |m, &v| m.max(v));
        let scale = largest / 127.0;
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to even
        let q = &mut self.q[index * BLOCK..][..BLOCK];
        let mut total = 0i32;
        for (q, value) in q.iter_mut().zip(&padded) {
            let step = (value * inverse + ROUND).to_bits() as i32 - ROUND.to_bits() as i32;
            *q = step as i8;
            total += step;
        }
        self.scale[index] = scale;
        self.sum[index] = scale * total as f32;
        self.shift[index] = 128 * total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_half_a_step() {
        let x: Vec<f32> = (0..80)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.0)
            .collect();
        let acts = Activations::quantize(&x, 40);
        assert_eq!((acts.rows, acts.blocks), (2, 2));
        for (i, &value) in x.iter().enumerate() {
            let (row, k) = (i / 40, i % 40);
            let block = row * 2 + k / BLOCK;
            let back = acts.scale[block] * f32::from(acts.q[row * 64 + k]);
            assert!(
                (back - value).abs() <= acts.scale[block] * 0.5001,
                "{back} {value}"
            );
        }
        assert!(acts.q[40..64].iter().all(|&q| q == 0));
    }
}
