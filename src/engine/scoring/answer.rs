//! An answer as token ids, with its prompt.

use crate::speculate::TokenId;
use crate::speculate::row::NodeDistribution;

/// A known answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedAnswer {
    /// At least one token: the first step's root is the last of them.
    pub prompt_ids: Vec<TokenId>,
    /// How many of the last prompt tokens are the prefilled beginning of the answer.
    pub opening_len: usize,
    /// At least one token; with the end token if the model ended the answer.
    pub token_ids: Vec<TokenId>,
    /// The distribution that each token was chosen from, as far as the log has it; empty if
    /// it has none.
    pub rows: Vec<Option<NodeDistribution>>,
}

impl LoggedAnswer {
    /// An answer of at least one token after a prompt. Without a prompt, the answer's first
    /// token is given: something must come before the first step. `None`: nothing is left
    /// to score.
    pub fn new(
        prompt_ids: Vec<TokenId>,
        opening_len: usize,
        token_ids: Vec<TokenId>,
    ) -> Option<Self> {
        let mut answer = LoggedAnswer {
            opening_len: opening_len.min(prompt_ids.len()),
            prompt_ids,
            token_ids,
            rows: Vec::new(),
        };
        if answer.prompt_ids.is_empty() && !answer.token_ids.is_empty() {
            answer.prompt_ids.push(answer.token_ids.remove(0));
            answer.opening_len = 1;
        }
        (!answer.token_ids.is_empty()).then_some(answer)
    }

    /// The answer as a pool document, its opening included.
    pub(crate) fn document(&self) -> Vec<TokenId> {
        let opening = &self.prompt_ids[self.prompt_ids.len() - self.opening_len..];
        [opening, &self.token_ids].concat()
    }

    /// Prompt and answer.
    pub(crate) fn n_tokens(&self) -> usize {
        self.prompt_ids.len() + self.token_ids.len()
    }
}
