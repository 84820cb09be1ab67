//! The prefilled beginning of answers, which is part of their prompts.

use crate::recsys::logs::LogEntry;
use crate::session::log_tokens::EntryEncoder;
use crate::speculate::TokenId;

/// How many of a prompt's last tokens begin the answer.
pub(super) enum Opening {
    /// As an option says.
    Given(usize),
    /// What follows the last generation prompt of the chat template.
    After(Vec<TokenId>),
    /// Nothing is known.
    Unknown,
}

impl Opening {
    /// By the option, else by the chat template.
    pub(super) fn of(given: Option<usize>, encoder: &EntryEncoder) -> Self {
        if let Some(n) = given {
            return Opening::Given(n);
        }
        let ids = encoder.generation_prompt().filter(|ids| !ids.is_empty());
        ids.map_or(Opening::Unknown, Opening::After)
    }

    /// Tokens of an entry's opening.
    pub(super) fn len(&self, entry: &LogEntry, prompt: &[TokenId]) -> usize {
        match self {
            Opening::Given(n) => *n,
            _ if entry.opening_len.is_some() => entry.opening_len.unwrap_or_default(),
            Opening::After(ids) => {
                let mut places = prompt.windows(ids.len()).rev();
                places.position(|window| window == ids).unwrap_or(0)
            }
            Opening::Unknown => 0,
        }
    }
}
