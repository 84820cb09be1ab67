//! Learned numbers of the blend.

use super::evidence::Kind;

pub(super) const TRUST_INPUTS: usize = 10;
pub(super) const LEAD_INPUTS: usize = 6;

#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// By [`Kind`].
    pub trust: [[f32; TRUST_INPUTS]; Kind::COUNT],
    pub lead: [f32; LEAD_INPUTS],
}

pub(super) const WEIGHTS: Weights = Weights {
    trust: [
        [-0.879, 0.417, -0.598, -0.027, 0.062, -0.007, 0.277, -0.363, -0.226, 0.461],
        [-0.841, 0.201, -0.669, -0.158, 0.109, 0.814, -0.217, 0.078, 0.274, 0.765],
        [-0.772, 0.477, -0.590, 0.071, 0.091, 0.150, 0.371, 0.006, -0.026, 0.696],
        [-1.016, 0.436, -0.621, -0.522, -0.517, 0.396, -0.197, -0.334, -0.159, -0.311],
        [-0.883, 0.361, -0.547, -0.264, -0.254, 0.245, -0.158, -0.385, -0.277, -0.227],
    ],
    lead: [-0.066, 0.987, -0.002, 0.103, 0.076, -0.014],
};

/// Where fitting begins.
#[cfg(test)]
pub(super) const START: Weights = Weights {
    trust: [[-0.5, 0.3, -0.3, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0]; Kind::COUNT],
    lead: [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
};
