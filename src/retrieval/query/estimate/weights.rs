//! The blend's learned weights. `blend` lists the inputs that they multiply.
//!
//! Fitted by `examples/fit_weights.rs` on synthetic recommender texts with templates,
//! slots and noise (500,000 tokens in the pool) and on some 250 answers of SmolLM2-135M
//! about films and viewers, about half each by tokens replayed: the former have large
//! pools and much structure, the latter small pools and prose.

use crate::retrieval::query::estimate::standing::N_WEIGHTS;
use crate::retrieval::query::evidence::Kind;

/// Number of features for the trust in a piece of evidence.
pub const TRUST_INPUTS: usize = 12;
/// Number of features for the correction of a blended probability.
pub const LEAD_INPUTS: usize = 6;

/// Weights of two logistic functions.
#[derive(Clone, Debug)]
pub struct Weights {
    /// The trust in evidence, by its kind.
    pub trust: [[f32; TRUST_INPUTS]; Kind::COUNT],
    /// The correction of a blended probability.
    pub lead: [f32; LEAD_INPUTS],
}

pub(crate) const WEIGHTS: Weights = Weights {
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

/// Raised whenever a weight of the starting points below or of [`WEIGHTS`] changes;
/// recorded in headers.
pub(crate) const SHIPPED: u32 = 2;

/// The starting point under strict verification: the calibration after a session of
/// SmolLM2-135M about 75 films and 45 viewers of the sample's pool half, each with its
/// own document hidden (`examples/fit_calibration.rs`). In the order of `standing`'s
/// tables.
pub(crate) const START_STRICT: [f32; N_WEIGHTS] = [
    0.008, -0.036, -0.094, 0.139, -0.104, -0.125, -0.135, 0.033, 0.160, 0.160, -0.248, -0.161,
    -0.065, -0.062, 0.100, 0.176, 0.170, 0.231, 0.017, 0.097, -0.089, 0.018, -0.380, -0.063, 0.027,
    0.043, -0.008, -0.018, 0.079, 0.045, 0.013, -0.144, 0.003, -0.083, -0.003, 0.115, -0.020,
    -0.018, 0.023,
];

/// .. and if second-ranked tokens are accepted, too: after the same session under the
/// relaxed rule (k = 2, tau = 0.1).
pub(crate) const START_RELAXED: [f32; N_WEIGHTS] = [
    0.087, 0.001, -0.162, 0.197, -0.191, -0.183, -0.050, -0.005, 0.277, 0.277, -0.100, -0.207,
    -0.013, 0.038, 0.090, 0.063, -0.033, 0.247, 0.069, 0.090, -0.094, 0.062, -0.495, 0.166, -0.048,
    -0.114, -0.031, 0.045, 0.186, 0.091, 0.113, 0.078, -0.054, -0.086, -0.031, -0.056, -0.147,
    -0.044, -0.192,
];

/// .. and if a token of any rank is accepted: after the same session under relaxed with
/// k = all, tau = 0.1, begun at [`START_RELAXED`].
pub(crate) const START_ALL_RANKS: [f32; N_WEIGHTS] = [
    0.034, 0.034, -0.182, 0.157, -0.292, -0.149, -0.090, -0.050, 0.371, 0.371, -0.029, -0.341,
    -0.016, 0.028, 0.088, -0.029, -0.026, 0.253, 0.099, 0.125, -0.117, -0.024, -0.572, 0.152,
    0.001, -0.249, -0.050, 0.068, 0.212, 0.076, 0.027, 0.144, -0.010, -0.152, -0.065, -0.070,
    -0.157, -0.089, -0.227,
];

/// .. and if a token is accepted that is nearly as likely as the first choice: after the
/// same session under the rule `margin` (k = 2, m = 0.6), begun at [`START_RELAXED`].
pub(crate) const START_MARGIN: [f32; N_WEIGHTS] = [
    0.027, -0.014, -0.206, 0.201, -0.263, -0.189, -0.142, -0.067, 0.442, 0.442, -0.119, -0.239,
    -0.039, -0.137, 0.114, 0.057, 0.011, 0.299, 0.070, 0.100, -0.146, 0.086, -0.658, 0.086, 0.072,
    -0.251, -0.055, 0.045, 0.221, 0.096, 0.173, -0.024, -0.079, -0.118, 0.014, -0.104, -0.153,
    -0.099, -0.221,
];

/// .. and if a token is accepted that the model goes on with: after the same session under
/// the rule `deferred` (h = 0.3, w = 6), begun at [`START_STRICT`], since most drafts are
/// judged as there.
pub(crate) const START_DEFERRED: [f32; N_WEIGHTS] = [
    0.006, -0.042, -0.202, 0.089, -0.084, -0.168, -0.017, -0.125, 0.299, 0.299, -0.213, -0.129,
    -0.070, 0.052, 0.141, 0.079, -0.019, 0.262, 0.063, 0.058, -0.047, 0.072, -0.506, 0.008, 0.021,
    -0.044, -0.156, 0.009, 0.150, -0.025, 0.098, -0.110, 0.035, -0.036, -0.019, 0.017, -0.037,
    -0.131, -0.019,
];
