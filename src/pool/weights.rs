//! The blend's learned numbers. What each is multiplied with is said where
//! `blend` lists its inputs.
//!
//! Fitted by `fit` on synthetic recommender texts with templates, slots and
//! noise (500,000 tokens in the pool) and on some 250 answers of SmolLM2-135M
//! about films and viewers, about half and half by tokens replayed: the one
//! kind has large pools and much structure, the other small pools and prose.

use super::evidence::Kind;

pub(super) const TRUST_INPUTS: usize = 10;
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
            -0.776, 0.345, -0.622, 0.155, 0.076, -0.210, 0.438, -0.505, 0.153, 0.192,
        ],
        // Local
        [
            -0.854, 0.429, -0.676, -0.058, 0.187, 0.704, -0.128, 0.279, 0.181, 1.343,
        ],
        // Other
        [
            -0.758, 0.319, -0.710, 0.247, -0.045, -0.119, 0.377, 0.103, 0.140, 0.311,
        ],
        // OwnBridge
        [
            -1.181, 0.825, -1.025, -0.256, -0.008, 0.302, -0.482, -0.080, 0.099, -0.815,
        ],
        // OtherBridge
        [
            -0.972, 0.766, -1.005, 0.119, 0.109, 0.101, -0.163, -0.494, -0.010, -0.476,
        ],
        // Common
        [
            -1.248, 0.395, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000,
        ],
    ],
    lead: [-0.087, 0.892, -0.055, 0.185, 0.084, -0.016],
};

/// Where fitting begins: longer and rarer-branching suffixes are trusted more.
#[cfg(test)]
pub(super) const START: Weights = Weights {
    trust: [[-0.5, 0.3, -0.3, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0]; Kind::COUNT],
    lead: [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
};
