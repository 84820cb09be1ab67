//! The blend's learned numbers. What each is multiplied with is said where
//! `blend` lists its inputs.
//!
//! Fitted by `fit` on synthetic recommender texts with templates, slots and
//! noise (500,000 tokens in the pool) and on some 250 answers of SmolLM2-135M
//! about films and viewers, about half and half by tokens replayed: the one
//! kind has large pools and much structure, the other small pools and prose.

use super::calibration::N_WEIGHTS;
use super::evidence::Kind;

pub(super) const TRUST_INPUTS: usize = 12;
pub(super) const LEAD_INPUTS: usize = 6;

/// Weights of two logistic functions.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// How far evidence is trusted, by [`Kind`].
    pub trust: [[f32; TRUST_INPUTS]; Kind::COUNT],
    /// How a blended probability is corrected.
    pub lead: [f32; LEAD_INPUTS],
}

pub(super) const WEIGHTS: Weights = Weights {
    trust: [
        // Own
        [
            -1.27, 0.65, -0.77, -0.15, 0.05, -0.15, 0.01, 0.01, -0.41, 0.12, 0.17, -0.19,
        ],
        // Local
        [
            -0.88, 0.65, -0.77, -0.19, -0.05, 0.12, -0.03, 0.32, -0.11, 0.72, 0.42, 1.33,
        ],
        // Other
        [
            -0.81, 0.63, -0.71, -0.13, -0.32, 0.07, -0.05, -0.17, -0.11, 0.09, 0.30, 0.13,
        ],
        // OwnBridge
        [
            -1.28, 1.02, -1.14, -0.25, -0.09, 0.35, -0.14, -0.05, -0.96, 0.04, 0.31, -0.74,
        ],
        // OtherBridge
        [
            -0.99, 0.95, -1.03, 0.15, 0.12, 0.60, -0.06, -0.26, -0.65, -0.54, 0.02, -0.51,
        ],
        // Common
        [
            0.78, 1.60, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00,
        ],
    ],
    lead: [-0.12, 0.90, 0.06, 0.32, 0.11, -0.09],
};

/// Where fitting begins: longer and rarer-branching suffixes are trusted more.
#[cfg(test)]
pub(super) const START: Weights = Weights {
    trust: [[-0.5, 0.3, -0.3, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]; Kind::COUNT],
    lead: [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
};

/// Where the calibration begins under strict verification, to which the blend
/// was fitted: half of what it learned in a session of SmolLM2-135M about 12
/// films, because synthetic texts need none.
pub(super) const START_STRICT: [f32; N_WEIGHTS] = [
    0.00, -0.02, 0.02, 0.01, 0.01, -0.04, 0.01, -0.06, 0.04, 0.04, -0.06, 0.00, -0.11, 0.02, 0.04,
    0.10, -0.03, 0.02, 0.07, 0.04, -0.03, -0.05, -0.09, 0.00, -0.01, -0.01, 0.01, -0.02, 0.05,
    0.00, 0.04, 0.01, -0.02, 0.00, -0.01, 0.02, 0.01, -0.05, -0.02,
];

/// .. and where second-ranked tokens are accepted, too: learned in a session of
/// relaxed runs (k = 2, tau = 0.1) of SmolLM2-135M about 16 films. In the order
/// of `calibration`'s tables.
pub(super) const START_RELAXED: [f32; N_WEIGHTS] = [
    0.02, -0.07, -0.12, -0.07, -0.10, -0.10, 0.04, 0.12, 0.16, 0.16, 0.03, -0.12, -0.02, 0.12,
    0.25, -0.04, -0.37, 0.12, 0.02, 0.13, -0.15, 0.04, -0.27, 0.12, 0.02, -0.14, -0.09, 0.00, 0.09,
    0.01, 0.08, 0.05, 0.03, -0.06, 0.01, -0.06, -0.04, -0.05, -0.10,
];
