//! Entries of logs as token ids of a model's vocabulary. Needs a tokenizer, no weights.
//!
//! What the log says beats what can be worked out: its token ids, then the bytes of its
//! tokens, then its text, which may be encoded in another way than the model wrote it.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};

use super::bytes_to_ids::BytesToIds;
pub use super::encoding_report::EncodingReport;
use super::encoding_report::{Likeness, likeness};
use crate::model::chat::{ChatTemplate, Message, Role};
use crate::model::lone_tokenizer::LoneTokenizer;
use crate::model::tokenizer::TextCodec;
use crate::recsys::logs::{LogEntry, LogFinish, LogMessage, LogPiece, LogPromptText, LogToken};
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

/// Encodes entries. Without a tokenizer only entries with ids can be encoded.
pub struct EntryEncoder {
    tokenizer: Option<EncoderTokenizer>,
    report: EncodingReport,
}

struct EncoderTokenizer {
    codec: TextCodec,
    template: Option<ChatTemplate>,
    by_bytes: BytesToIds,
    /// The tokenizer puts a space before a text.
    adds_space: bool,
}

impl EntryEncoder {
    /// For logs of token ids alone.
    pub fn without_tokenizer() -> Self {
        EntryEncoder {
            tokenizer: None,
            report: EncodingReport::default(),
        }
    }

    /// The tokenizer of a checkpoint's folder, a `tokenizer.json` or a GGUF file; no weights
    /// are loaded.
    ///
    /// # Errors
    /// A file that cannot be read or is none of these.
    pub fn open(tokenizer: &Path) -> Result<Self> {
        let LoneTokenizer { codec, template } = LoneTokenizer::open(tokenizer)?;
        Self::of(codec, template)
    }

    /// With a loaded model's tokenizer and chat template.
    ///
    /// # Errors
    /// A tokenizer that encodes nothing.
    pub fn of(codec: TextCodec, template: Option<ChatTemplate>) -> Result<Self> {
        let first = codec.encode_text("a")?.first().copied();
        let adds_space = first.is_some_and(|id| codec.token_bytes(id).starts_with(b" "));
        Ok(EntryEncoder {
            tokenizer: Some(EncoderTokenizer {
                by_bytes: BytesToIds::of(&codec),
                codec,
                template,
                adds_space,
            }),
            report: EncodingReport::default(),
        })
    }

    /// The tokenizer, for texts and hashes.
    pub fn codec(&self) -> Option<&TextCodec> {
        self.tokenizer.as_ref().map(|tokenizer| &tokenizer.codec)
    }

    /// What the chat template puts between a prompt and its answer; `None` without one.
    pub fn generation_prompt(&self) -> Option<Vec<TokenId>> {
        let tokenizer = self.tokenizer.as_ref()?;
        let template = tokenizer.template.as_ref()?;
        let asked = [Message::new(Role::User, "?")];
        let whole = template.render(&asked, true).ok()?;
        let asked = template.render(&asked, false).ok()?;
        tokenizer.codec.encode(whole.strip_prefix(&*asked)?).ok()
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
        let prompt_ids = self.prompt(entry)?;
        let (mut token_ids, source) = self.answer(entry)?;
        let mut tops = self.tops(entry, token_ids.len(), source);
        let has_end = self.end(entry, &mut token_ids);
        if !tops.is_empty() {
            tops.resize(token_ids.len(), TokenTop::default());
        }
        self.report.n_by_source[source as usize] += 1;
        self.report.n_ended += u64::from(has_end);
        Ok(EncodedEntry {
            prompt_ids,
            token_ids,
            has_end,
            source,
            tops,
        })
    }

    fn prompt(&mut self, entry: &LogEntry) -> Result<Vec<TokenId>> {
        if let Some(ids) = &entry.prompt.ids {
            self.check(entry, "prompt", ids)?;
            return Ok(ids.clone());
        }
        if entry.prompt.text == LogPromptText::Absent {
            return Ok(Vec::new());
        }
        let tokenizer = self.tokenizer.as_ref().ok_or_else(|| unencoded(entry))?;
        let place = || format!("{}: encoding the prompt", entry.place);
        match &entry.prompt.text {
            LogPromptText::Absent => Ok(Vec::new()),
            LogPromptText::Text(text) => tokenizer.codec.encode_prompt(text).wrap_err_with(place),
            LogPromptText::Messages(messages) => {
                let rendered = tokenizer.rendered(messages);
                self.report.n_joined += u64::from(rendered.is_none());
                let text = rendered.unwrap_or_else(|| tokenizer.joined(messages));
                tokenizer.codec.encode_prompt(&text).wrap_err_with(place)
            }
        }
    }

    fn answer(&mut self, entry: &LogEntry) -> Result<(Vec<TokenId>, IdSource)> {
        if let Some(ids) = &entry.answer.ids {
            self.check(entry, "answer", ids)?;
            self.compare(entry, ids)?;
            return Ok((ids.clone(), IdSource::Ids));
        }
        let tokenizer = self.tokenizer.as_ref().ok_or_else(|| unencoded(entry))?;
        if let Some(tokens) = logged(entry) {
            let known = tokens.iter().map(|token| tokenizer.id(&token.token));
            match known.collect::<Option<Vec<TokenId>>>() {
                Some(ids) if tokenizer.makes_up(&ids, entry.answer.text.as_deref()) => {
                    self.check(entry, "answer", &ids)?;
                    self.compare(entry, &ids)?;
                    return Ok((ids, IdSource::Tokens));
                }
                _ => self.report.n_inexact += 1,
            }
        }
        let Some(text) = &entry.answer.text else {
            bail!(
                "{}: its tokens are not in this vocabulary, and there is no text to encode: \
                 give the engine's own --tokenizer",
                entry.place
            );
        };
        Ok((tokenizer.text_ids(text)?, IdSource::Text))
    }

    /// Counts whether the text encodes to the logged tokens, where it is their text.
    fn compare(&mut self, entry: &LogEntry, ids: &[TokenId]) -> Result<()> {
        let (Some(tokenizer), Some(text)) = (&self.tokenizer, &entry.answer.text) else {
            return Ok(());
        };
        let ends = tokenizer.codec.eos_ids();
        let ids = match ids {
            [ids @ .., last] if ends.contains(last) => ids,
            ids => ids,
        };
        match likeness(&tokenizer.codec.decode(ids), text) {
            Likeness::Equal => {
                self.report.n_compared += 1;
                self.report.n_differing += u64::from(tokenizer.text_ids(text)? != ids);
            }
            Likeness::Part => {}
            Likeness::Other => self.report.n_unlike += 1,
        }
        Ok(())
    }

    /// # Errors
    /// Ids that the vocabulary does not have.
    fn check(&self, entry: &LogEntry, of: &str, ids: &[TokenId]) -> Result<()> {
        let Some(tokenizer) = &self.tokenizer else {
            return Ok(());
        };
        let n = tokenizer.codec.vocab_size();
        let beyond = ids.iter().find(|id| **id as usize >= n);
        ensure!(
            beyond.is_none(),
            "{}: ids of another vocabulary: the {of} has token {}, the tokenizer has {n} tokens; \
             give the engine's own --tokenizer",
            entry.place,
            beyond.unwrap_or(&0)
        );
        Ok(())
    }

    /// Appends the end token if the model ended the answer. Whether it ends with one.
    fn end(&self, entry: &LogEntry, ids: &mut Vec<TokenId>) -> bool {
        let Some(codec) = self.codec() else {
            return false;
        };
        let ends = codec.eos_ids();
        let has_end = ids.last().is_some_and(|last| ends.contains(last));
        match (has_end, &entry.finish, ends.first()) {
            (true, ..) => true,
            (false, LogFinish::Stop, Some(end)) => {
                ids.push(*end);
                true
            }
            _ => false,
        }
    }

    /// What the log says of the `n` tokens of an answer.
    fn tops(&self, entry: &LogEntry, n: usize, source: IdSource) -> Vec<TokenTop> {
        let tokens = logged(entry).unwrap_or_default();
        let says = |token: &LogToken| token.logprob.is_some() || !token.top.is_empty();
        // An engine may log the end token's id and not its probability.
        let fits = tokens.len() == n || tokens.len() + 1 == n;
        if source == IdSource::Text || !fits || !tokens.iter().any(says) {
            return Vec::new();
        }
        let id = |piece: &LogPiece| match &self.tokenizer {
            Some(tokenizer) => tokenizer.id(piece),
            None => piece.id,
        };
        let top = |token: &LogToken| TokenTop {
            logprob: token.logprob,
            top: token
                .top
                .iter()
                .map_while(|(piece, chance)| Some((id(piece)?, *chance)))
                .collect(),
        };
        tokens.iter().map(top).collect()
    }
}

impl EncoderTokenizer {
    /// A logged token's id, if it is certain.
    fn id(&self, piece: &LogPiece) -> Option<TokenId> {
        match (piece.id, piece.is_exact) {
            (Some(id), _) => Some(id),
            (None, true) => self.by_bytes.id(&piece.bytes),
            (None, false) => None,
        }
    }

    /// Whether tokens are all of a text; reasoning, which is logged apart, may come before
    /// it. llama.cpp's package leaves the last token out where the prompt is echoed.
    fn makes_up(&self, ids: &[TokenId], text: Option<&str>) -> bool {
        let Some(text) = text else {
            return true;
        };
        let ends = self.codec.eos_ids();
        let ids: Vec<TokenId> = ids
            .iter()
            .copied()
            .filter(|id| !ends.contains(id))
            .collect();
        let of_tokens = self.codec.decode(&ids);
        matches!(likeness(&of_tokens, text), Likeness::Equal) || of_tokens.ends_with(text)
    }

    /// A text in the middle of others: no space is put before it.
    fn text_ids(&self, text: &str) -> Result<Vec<TokenId>> {
        let text = match (self.adds_space, text.strip_prefix(' ')) {
            (true, Some(rest)) => rest,
            _ => text,
        };
        self.codec.encode_text(text)
    }

    /// By the file's own template; `None` if there is none, or it refuses.
    fn rendered(&self, messages: &[LogMessage]) -> Option<String> {
        let message = |message: &LogMessage| {
            Message::new(role(&message.role), self.codec.guarded(&message.content))
        };
        let messages: Vec<Message> = messages.iter().map(message).collect();
        self.template.as_ref()?.render(&messages, true).ok()
    }

    fn joined(&self, messages: &[LogMessage]) -> String {
        let texts = messages.iter();
        let texts: Vec<_> = texts
            .map(|turn| self.codec.guarded(&turn.content))
            .collect();
        texts.join("\n")
    }
}

/// The answer's tokens without an end token that is logged as nothing.
fn logged(entry: &LogEntry) -> Option<&[LogToken]> {
    let is_nothing = |token: &LogToken| token.token == LogPiece::default();
    match entry.answer.tokens.as_deref()? {
        [tokens @ .., last] if is_nothing(last) => Some(tokens),
        tokens => Some(tokens),
    }
}

/// Tools and functions answer like a user.
fn role(name: &str) -> Role {
    match name {
        "system" => Role::System,
        "assistant" => Role::Assistant,
        _ => Role::User,
    }
}

fn unencoded(entry: &LogEntry) -> color_eyre::eyre::Report {
    eyre!(
        "{}: a text has no token ids without a tokenizer: give --tokenizer a model's name, a \
         tokenizer.json or a GGUF file",
        entry.place
    )
}
