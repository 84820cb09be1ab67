//! Prompts before and after rendering. Does not know catalogs: the caller provides a
//! function for shortening the history.

use std::fmt;
use std::sync::Arc;

use color_eyre::eyre::Result;

use crate::speculate::TokenId;
use crate::speculate::trace::Header;

/// A prompt before it is rendered with the model's chat template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptText {
    /// `None`: the template's own default.
    pub system: Option<String>,
    /// Earlier turns: questions and answers.
    pub examples: Vec<(String, String)>,
    /// The question.
    pub user: String,
    /// The prefilled beginning of the answer.
    pub opening: String,
    /// `None`: nothing can be left out.
    pub history: Option<History>,
    /// The whole recorded prompt, instead of the above.
    pub as_recorded: Option<RenderedPrompt>,
}

impl PromptText {
    /// Whether it is a question alone, as an option can give it.
    pub(crate) fn is_one_turn(&self) -> bool {
        self.system.is_none() && self.examples.is_empty()
    }

    /// The prompt of a recorded run.
    pub fn recorded(run: &Header) -> Self {
        PromptText {
            as_recorded: Some(RenderedPrompt {
                text: run.prompt.clone(),
                ids: run.prompt_ids.clone(),
                opening_len: run.opening_len,
                n_dropped: run.history_dropped,
            }),
            user: run.asked.clone().unwrap_or_default(),
            ..PromptText::default()
        }
    }
}

/// The part of a prompt that may be shortened: its newest items stay.
#[derive(Clone)]
pub struct History {
    pub(crate) n_items: usize,
    write: Arc<Write>,
}

type Write = dyn Fn(usize) -> Result<PromptText> + Send + Sync;

/// A prompt as the model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedPrompt {
    pub text: String,
    pub ids: Vec<TokenId>,
    /// How many of the last ids are the opening.
    pub opening_len: usize,
    /// Items of the history that were left out, the oldest ones.
    pub(crate) n_dropped: usize,
}

impl History {
    /// `write` makes the prompt with only this many of the newest items.
    pub fn new(
        n_items: usize,
        write: impl Fn(usize) -> Result<PromptText> + Send + Sync + 'static,
    ) -> Self {
        History {
            n_items,
            write: Arc::new(write),
        }
    }

    /// The prompt with only this many of the newest items.
    ///
    /// # Errors
    /// A template that fails on them.
    pub(crate) fn with_newest(&self, n_items: usize) -> Result<PromptText> {
        (self.write)(n_items)
    }
}

/// Two histories of one prompt are equal if their lengths are.
impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.n_items == other.n_items
    }
}

impl Eq for History {}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({} items)", self.n_items)
    }
}

/// A preview of a rendered prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptPreview {
    /// Rendered with the model's chat template, the opening included.
    pub rendered: String,
    /// Tokens of `rendered`.
    pub n_tokens: usize,
    /// Rated items left out, the oldest ones, to fit the context.
    pub n_dropped: usize,
    /// Token ids of the whole, in order.
    pub ids: Vec<TokenId>,
}
