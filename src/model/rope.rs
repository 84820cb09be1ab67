//! RoPE's frequencies and how long-context models scale them. Knows positions and
//! angles, but not heads or tensors.

use std::f64::consts::TAU;

/// How a model stretches RoPE beyond the context it was first trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// Positions as they are.
    None,
    /// Positions are divided (Chen et al. 2023, position interpolation).
    Linear {
        /// How many times longer the context becomes.
        factor: f32,
    },
    /// Slow frequencies are divided, those between `low` and `high` turns of
    /// the original context in part (transformers' `llama3`).
    Llama3 {
        /// How many times longer the context becomes.
        factor: f32,
        /// Turns below which a frequency is divided in full.
        low: f32,
        /// Turns above which a frequency stays.
        high: f32,
        /// Tokens of the context it was first trained for.
        original_context: usize,
    },
    /// The same along a ramp over the dimensions, and cosines and sines grow
    /// (Peng et al. 2023, YaRN, in the rounding of transformers and llama.cpp).
    Yarn {
        /// How many times longer the context becomes.
        factor: f32,
        /// Tokens of the context it was first trained for.
        original_context: usize,
        /// Which dimensions are divided, and how much.
        ramp: YarnRamp,
        /// `None`: 0.1 ln(factor) + 1.
        attention: Option<f32>,
    },
}

/// Turns within the original context above which a frequency is kept, and below which
/// it is fully divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YarnRamp {
    pub(crate) fast: f32,
    pub(crate) slow: f32,
}

impl Default for YarnRamp {
    fn default() -> Self {
        YarnRamp {
            fast: 32.0,
            slow: 1.0,
        }
    }
}

impl RopeScaling {
    /// Radians per position for each pair of `dim` dimensions. Shape: (dim / 2).
    pub(crate) fn frequencies(&self, dim: usize, base: f32) -> Vec<f64> {
        let plain = |i: usize| f64::from(base).powf(-2.0 * i as f64 / dim as f64);
        (0..dim / 2)
            .map(|i| self.scaled(i, plain(i), dim, f64::from(base)))
            .collect()
    }

    fn scaled(&self, i: usize, plain: f64, dim: usize, base: f64) -> f64 {
        match *self {
            RopeScaling::None => plain,
            RopeScaling::Linear { factor } => plain / f64::from(factor),
            RopeScaling::Llama3 {
                factor,
                low,
                high,
                original_context,
            } => {
                let turns = original_context as f64 * plain / TAU;
                let (low, high) = (f64::from(low), f64::from(high));
                let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                blend(plain, f64::from(factor), kept)
            }
            RopeScaling::Yarn {
                factor,
                original_context,
                ramp,
                ..
            } => {
                // The dimension with this many turns within the original context.
                let dim_of = |turns: f32| {
                    let wave = original_context as f64 / (f64::from(turns) * TAU);
                    dim as f64 * wave.ln() / (2.0 * base.ln())
                };
                let first = dim_of(ramp.fast).floor().max(0.0);
                let last = dim_of(ramp.slow).ceil().min(dim as f64 - 1.0);
                let divided = (i as f64 - first) / (last - first).max(0.001);
                blend(plain, f64::from(factor), 1.0 - divided.clamp(0.0, 1.0))
            }
        }
    }

    /// The factor of cosines and sines.
    pub fn amplitude(&self) -> f64 {
        match *self {
            RopeScaling::Yarn {
                factor, attention, ..
            } => attention.map_or_else(|| 0.1 * f64::from(factor).ln() + 1.0, f64::from),
            _ => 1.0,
        }
    }

    /// ` scaled (linear, 4x)`, or nothing.
    pub(crate) fn describe(&self) -> String {
        let (name, factor) = match self {
            RopeScaling::None => return String::new(),
            RopeScaling::Linear { factor } => ("linear", factor),
            RopeScaling::Llama3 { factor, .. } => ("Llama 3", factor),
            RopeScaling::Yarn { factor, .. } => ("YaRN", factor),
        };
        format!(" scaled ({name}, {factor}x)")
    }
}

/// The share `kept` of the frequency unchanged, the rest divided.
fn blend(plain: f64, factor: f64, kept: f64) -> f64 {
    plain * kept + plain / factor * (1.0 - kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratios(scaling: RopeScaling) -> Vec<f64> {
        let plain = RopeScaling::None.frequencies(128, 1e6);
        let scaled = scaling.frequencies(128, 1e6);
        plain.iter().zip(scaled).map(|(p, s)| s / p).collect()
    }

    #[test]
    fn plain_and_linear() {
        let plain = RopeScaling::None.frequencies(4, 100.0);
        assert!((plain[0] - 1.0).abs() < 1e-12 && (plain[1] - 0.1).abs() < 1e-12);
        let halved = ratios(RopeScaling::Linear { factor: 2.0 });
        assert!(halved.iter().all(|r| (r - 0.5).abs() < 1e-12));
    }

    /// Fast frequencies are kept, slow ones divided, with a ramp in between.
    fn falls_from_one_to(ratios: &[f64], last: f64) {
        assert!((ratios[0] - 1.0).abs() < 1e-12);
        assert!((ratios.last().unwrap() - last).abs() < 1e-12);
        assert!(ratios.windows(2).all(|w| w[0] >= w[1] - 1e-12));
    }

    #[test]
    fn llama3_keeps_fast_turns_and_divides_slow_ones() {
        let scaling = RopeScaling::Llama3 {
            factor: 8.0,
            low: 1.0,
            high: 4.0,
            original_context: 8192,
        };
        falls_from_one_to(&ratios(scaling), 0.125);
    }

    #[test]
    fn yarn_ramps_between_the_paper_s_dimensions() {
        let scaling = RopeScaling::Yarn {
            factor: 4.0,
            original_context: 32768,
            ramp: YarnRamp::default(),
            attention: None,
        };
        let ratios = ratios(scaling);
        falls_from_one_to(&ratios, 0.25);
        // 64 ln(32768 / (2 pi 32)) / ln 1e6 = 23.6, and with 1 turn 39.7.
        assert!(ratios[23] == 1.0 && ratios[24] < 1.0);
        assert!((ratios[40] - 0.25).abs() < 1e-12 && ratios[39] > 0.25);
        // Of 17 steps the first one.
        assert!((ratios[24] - (16.0 + 0.25) / 17.0).abs() < 1e-12);
        assert!((scaling.amplitude() - 1.138_629_4).abs() < 1e-6);
    }
}
