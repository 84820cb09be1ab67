//! A small random generator, so that the sample data and the halves stay the same on
//! every machine and with every library version.
//!
//! Not for cryptography.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) struct SplitMix64 {
    state: u64,
}

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// Uniform in `0..n` with a bias below n / 2^64; `n` must not be 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in `[0, 1)`, on a grid of 2^-53.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number that depends only on the seed and the text (FNV-1a, then mixed).
pub(crate) fn hash_text(seed: u64, text: &str) -> u64 {
    let fnv = text.bytes().fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    mix(fnv ^ mix(seed.wrapping_add(GOLDEN_GAMMA)))
}

/// The `index`-th of a seed's draws from `0..n`; `n` must not be 0.
pub(crate) fn draw(seed: u64, index: u64, n: u64) -> u64 {
    SplitMix64::new(seed.wrapping_add(index.wrapping_mul(GOLDEN_GAMMA))).below(n)
}

/// A hash of many texts and numbers, the same on every machine.
pub(crate) struct TextHasher {
    state: u64,
}

impl TextHasher {
    pub(crate) fn new() -> Self {
        Self {
            state: GOLDEN_GAMMA,
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.word(hash_text(0, text));
    }

    pub(crate) fn word(&mut self, word: u64) {
        self.state = mix(self.state.rotate_left(23) ^ word.wrapping_mul(GOLDEN_GAMMA));
    }

    pub(crate) fn finish(&self) -> u64 {
        mix(self.state)
    }
}

impl SplitMix64 {
    /// Shuffles the items (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }

    /// Standard normal (Box and Muller; one of the pair is dropped).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// The values in a random order, which depends only on the seed.
pub(crate) fn dealt<T: Clone>(values: &[T], seed: u64) -> Vec<T> {
    let mut dealt = values.to_vec();
    SplitMix64::new(seed).shuffle(&mut dealt);
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_answers_of_the_published_generator() {
        // First outputs for seed 1234567, as printed by the reference C code.
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn normal_draws_have_the_moments_of_the_normal() {
        let mut random = SplitMix64::new(3);
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let square = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
        assert!(
            mean.abs() < 0.03 && (square - 1.0).abs() < 0.05,
            "{mean} {square}"
        );
    }

    proptest! {
        #[test]
        fn a_shuffle_keeps_everything(seed: u64, n in 0usize..40) {
            let mut items: Vec<usize> = (0..n).collect();
            SplitMix64::new(seed).shuffle(&mut items);
            items.sort_unstable();
            prop_assert_eq!(items, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn draws_stay_in_range(seed: u64, n in 1u64..1_000) {
            let mut random = SplitMix64::new(seed);
            prop_assert!(random.below(n) < n);
            prop_assert!((0.0..1.0).contains(&random.unit()));
        }
    }
}
