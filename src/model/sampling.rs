//! Samples a token from a row of logits. Randomness depends only on (seed, position),
//! whatever was drafted or sampled before.

use candle_core::{Device, Result, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling as How};

use crate::speculate::TokenId;
use crate::speculate::params::Sampling;

/// Samples from (already penalised) logits. `position` is the index of the next token
/// in prompt and answer together. Shape of `logits`: (vocab).
///
/// # Errors
/// Logits that are NaN.
pub(crate) fn draw(logits: &[f32], sampling: &Sampling, position: usize) -> Result<TokenId> {
    let temperature = f64::from(sampling.temperature);
    let p = sampling.top_p.filter(|&p| p < 1.0).map(f64::from);
    let how = match (sampling.top_k, p) {
        (None, None) => How::All { temperature },
        (Some(k), None) => How::TopK { k, temperature },
        (None, Some(p)) => How::TopP { p, temperature },
        (Some(k), Some(p)) => How::TopKThenTopP { k, p, temperature },
    };
    let logits = Tensor::from_slice(logits, logits.len(), &Device::Cpu)?;
    LogitsProcessor::from_sampling(key(sampling.seed, position), how).sample(&logits)
}

/// The random seed of a position: splitmix64's finalizer (Steele et al. 2014) over seed
/// and position.
fn key(seed: u64, position: usize) -> u64 {
    let step = (position as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut z = seed.wrapping_add(step);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warm(seed: u64) -> Sampling {
        Sampling {
            temperature: 1.0,
            top_k: None,
            top_p: None,
            seed,
        }
    }

    #[test]
    fn the_same_seed_and_position_draw_the_same_token() {
        let logits: Vec<f32> = (0..300).map(|i| (i % 17) as f32 / 4.0).collect();
        let drawn = |seed, at| draw(&logits, &warm(seed), at).unwrap();
        let text = |seed| (0..50).map(|at| drawn(seed, at)).collect::<Vec<_>>();
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
        assert!(text(1).windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn tokens_come_as_often_as_they_are_probable() {
        let logits = [0.0f32, 1.0, 2.0, f32::NEG_INFINITY];
        let sum: f64 = logits.iter().map(|l| f64::from(l.exp())).sum();
        let mut counts = [0usize; 4];
        for at in 0..4000 {
            counts[draw(&logits, &warm(5), at).unwrap() as usize] += 1;
        }
        for (logit, count) in logits.iter().zip(counts) {
            let expected = f64::from(logit.exp()) / sum;
            assert!((count as f64 / 4000.0 - expected).abs() < 0.03);
        }
    }

    #[test]
    fn only_the_most_probable_can_come() {
        let logits: Vec<f32> = (0..100).map(|i| i as f32 / 50.0).collect();
        let drawn = |top_k, top_p| {
            let sampling = Sampling {
                top_k,
                top_p,
                ..warm(3)
            };
            let draws = (0..200).map(|at| draw(&logits, &sampling, at).unwrap());
            draws.min().unwrap()
        };
        assert!(drawn(Some(3), None) >= 97);
        assert!(drawn(None, Some(0.1)) >= 94);
        assert!(drawn(Some(50), Some(0.05)) >= 97);
        assert_eq!(drawn(Some(1), None), 99);
    }
}
