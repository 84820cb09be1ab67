//! Learns during a run how far the estimates are from what the rule in force
//! accepts, and corrects the next ones. Knows trees and verdicts, no sources.

use super::blend::{logit, sigmoid};
use crate::speculate::draft::DraftTree;
use crate::speculate::verify::Verdict;

/// Speed of learning, and how many observations the starting point weighs.
const RATE: f32 = 0.2;
const INERTIA: f32 = 20.0;

/// A logistic correction of the estimates, learned online. The default
/// corrects nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    weights: [f32; INPUTS],
    /// Sums of squared gradients (AdaGrad: Duchi et al., JMLR 2011).
    squares: [f32; INPUTS],
}

const INPUTS: usize = 4;

impl Default for Calibration {
    fn default() -> Self {
        Calibration {
            weights: [0.0; INPUTS],
            squares: [INERTIA; INPUTS],
        }
    }
}

/// What a correction may depend on, beside the estimate itself.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub is_root_child: bool,
    pub is_first_sibling: bool,
}

impl Calibration {
    /// The corrected probability that a draft token is committed, given that
    /// its parent is.
    pub(super) fn correct(&self, prob: f32, standing: Standing) -> f32 {
        let z = logit(prob);
        sigmoid(z + z * self.weights[1] + self.offset(standing))
    }

    fn offset(&self, standing: Standing) -> f32 {
        let [bias, _, root, first] = self.weights;
        let on = |flag, weight| if flag { weight } else { 0.0 };
        bias + on(standing.is_root_child, root) + on(standing.is_first_sibling, first)
    }

    /// Learns from a tree that was drafted under this calibration: which
    /// children of committed nodes were committed.
    pub fn observe(&mut self, tree: &DraftTree, verdict: &Verdict) {
        let mut gradient = [0.0; INPUTS];
        let committed = |node: usize| node == 0 || verdict.path.contains(&node);
        for (node, draft) in tree.nodes.iter().enumerate().skip(1) {
            let Some(parent) = draft.parent.filter(|&p| committed(p)) else {
                continue;
            };
            let prob = draft.path_prob / tree.nodes[parent].path_prob;
            let standing = Standing {
                is_root_child: parent == 0,
                is_first_sibling: tree.children(parent).next() == Some(node),
            };
            let error = f32::from(u8::from(committed(node))) - prob;
            self.add_gradient(&mut gradient, error, prob, standing);
        }
        self.descend(&gradient);
    }

    fn add_gradient(&self, sum: &mut [f32; INPUTS], error: f32, prob: f32, standing: Standing) {
        let z = (logit(prob) - self.offset(standing)) / (1.0 + self.weights[1]);
        let on = |flag| f32::from(u8::from(flag));
        let inputs = [
            1.0,
            z,
            on(standing.is_root_child),
            on(standing.is_first_sibling),
        ];
        for (sum, input) in sum.iter_mut().zip(inputs) {
            *sum += error * input;
        }
    }

    fn descend(&mut self, gradient: &[f32; INPUTS]) {
        for (i, g) in gradient.iter().enumerate() {
            self.squares[i] += g * g;
            self.weights[i] += RATE * g / self.squares[i].sqrt();
        }
        // The order of the estimates must stay.
        self.weights[1] = self.weights[1].clamp(-0.7, 1.0);
    }
}
