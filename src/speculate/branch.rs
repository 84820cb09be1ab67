//! A run that begins in the middle of another one, and what it inherits. Its trace
//! includes the inherited tokens, so that it can be read alone; its steps are its own.

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::backoff::Backoff;

/// Where a run begins, if not at the prompt's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Inherited tokens of the other run's answer, in order.
    pub prefix: Vec<TokenId>,
    /// A token forced after them, whatever the model would have chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced: Option<TokenId>,
    /// The run that it leaves.
    pub of: BranchOf,
    /// The state of retrieval's rest there, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backoff: Option<Backoff>,
}

/// The place in the other run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchOf {
    /// The step before which the branch begins.
    pub step: usize,
    /// For a forced token, how many tokens of that step come before it.
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
