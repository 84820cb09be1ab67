//! Adam (Kingma and Ba, ICLR 2015) over one flat array.

use rayon::prelude::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator,
    IntoParallelRefMutIterator, ParallelIterator,
};

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// Values that one task computes, at least.
const VALUES_A_TASK: usize = 1 << 14;

pub(crate) struct Adam {
    learning_rate: f32,
    n_steps: i32,
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Adam {
    pub(crate) fn new(n_values: usize, learning_rate: f32) -> Self {
        Adam {
            learning_rate,
            n_steps: 0,
            mean: vec![0.0; n_values],
            square: vec![0.0; n_values],
        }
    }

    pub(crate) fn step(&mut self, values: &mut [f32], gradient: &[f32]) {
        self.n_steps += 1;
        let mean_share = 1.0 - BETA_1.powi(self.n_steps);
        let square_share = 1.0 - BETA_2.powi(self.n_steps);
        let rate = self.learning_rate;
        let moments = (&mut self.mean).into_par_iter().zip(&mut self.square);
        values
            .par_iter_mut()
            .zip(gradient.par_iter())
            .zip(moments)
            .with_min_len(VALUES_A_TASK)
            .for_each(|((value, &slope), (mean, square))| {
                *mean = BETA_1 * *mean + (1.0 - BETA_1) * slope;
                *square = BETA_2 * *square + (1.0 - BETA_2) * slope * slope;
                let size = (*square / square_share).sqrt() + EPSILON;
                *value -= rate * (*mean / mean_share) / size;
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_walks_to_the_bottom_of_a_bowl() {
        let mut x = vec![3.0, -2.0];
        let mut adam = Adam::new(2, 0.05);
        for _ in 0..500 {
            let gradient = [2.0 * (x[0] - 1.0), 20.0 * (x[1] - 0.5)];
            adam.step(&mut x, &gradient);
        }
        assert!(
            (x[0] - 1.0).abs() < 0.01 && (x[1] - 0.5).abs() < 0.01,
            "{x:?}"
        );
    }

    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        let mut x = vec![0.0];
        Adam::new(1, 0.1).step(&mut x, &[1e-3]);
        assert!((x[0] + 0.1).abs() < 1e-4, "{x:?}");
    }
}
