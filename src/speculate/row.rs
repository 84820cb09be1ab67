//! The recorded part of the model's distribution at a node, and a draft token's score
//! in it. Rules judge by these; the model computes them from logits.

use serde::{Deserialize, Serialize};

use super::TokenId;

/// Candidates recorded per node.
pub const TOP_N: usize = 10;

/// A token and its probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate(pub TokenId, pub f32);

/// The model's distribution at a node, as far as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeDistribution {
    /// The most probable tokens, best first; ties go to the lower id. Never
    /// empty: the first is the argmax.
    pub top: Vec<Candidate>,
    /// Shannon entropy in nats.
    pub entropy: f32,
    /// The token sampled here, with a temperature. Rows off the committed path are not
    /// sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
}

/// A token sampled from a distribution, with its score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    pub(crate) token: TokenId,
    /// 1 is the argmax.
    pub(crate) rank: u32,
    pub(crate) p: f32,
}

impl NodeDistribution {
    /// The model's own choice: the sampled token, else the argmax.
    pub(crate) fn choice(&self) -> TokenId {
        self.drawn.map_or(self.argmax(), |drawn| drawn.token)
    }

    /// The score of the choice in this distribution.
    pub(crate) fn choice_standing(&self) -> TokenScore {
        let argmax = TokenScore {
            rank: 1,
            p: self.argmax_p(),
        };
        let standing = |Drawn { rank, p, .. }| TokenScore { rank, p };
        self.drawn.map_or(argmax, standing)
    }

    pub(crate) fn argmax(&self) -> TokenId {
        self.top[0].0
    }

    pub(crate) fn argmax_p(&self) -> f32 {
        self.top[0].1
    }
}

/// A draft token's score in its parent's distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// 1 is the argmax.
    pub rank: u32,
    /// After penalty and temperature.
    pub p: f32,
}
