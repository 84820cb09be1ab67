//! A run that begins in the middle of another one: what it took over. Its trace
//! holds that, so that it can be read alone; its steps are its own.

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::backoff::Backoff;

/// Where a run begins, if not at the prompt's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Tokens of the other run's answer that are taken over, in order.
    pub prefix: Vec<TokenId>,
    /// A token that is put after them whatever the model would have chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced: Option<TokenId>,
    /// The run that it leaves.
    pub of: BranchOf,
    /// How retrieval rested there, where it had reason to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backoff: Option<Backoff>,
}

/// The place in the other run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchOf {
    /// The step before which the branch begins.
    pub step: usize,
    /// A forced token stands within that step, after so many of its tokens.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub within: usize,
}

impl Branch {
    /// The answer before the first step.
    pub fn ids(&self) -> impl Iterator<Item = TokenId> + '_ {
        self.prefix.iter().copied().chain(self.forced)
    }

    pub(crate) fn len(&self) -> usize {
        self.prefix.len() + usize::from(self.forced.is_some())
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}
