//! One answer of a log, as far as the log says it; what is absent stays absent. Token ids
//! are those of the engine that wrote the log: nothing here knows a vocabulary.

use std::fmt;
use std::sync::Arc;

use super::format::LogFormat;
use super::time::LogTime;
use crate::speculate::TokenId;
use crate::speculate::trace::SubjectInfo;

/// Where an entry begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogPlace {
    /// The file's name in messages.
    pub file: Arc<str>,
    /// From 1.
    pub line: u64,
    /// Which of the entries that begin on this line, from 0: an array may be one line.
    pub nth: u32,
}

impl LogPlace {
    /// The name of an entry without an id: its line's number, with its own behind it if it is
    /// not the first there.
    pub(super) fn name(&self) -> String {
        match self.nth {
            0 => self.line.to_string(),
            nth => format!("{}.{}", self.line, nth + 1),
        }
    }
}

impl fmt::Display for LogPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.name())
    }
}

/// A prompt and one answer to it. Of a request with several choices, each is an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Where it stands; of two files joined, where the answer does.
    pub place: LogPlace,
    /// How it was read.
    pub format: LogFormat,
    /// As logged; without one, the line's number. Several choices share it.
    pub id: String,
    /// Which of the request's choices, from 0; of a conversation, which answer.
    pub choice: u32,
    /// As logged in the field of groups.
    pub group: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// What was asked.
    pub prompt: LogPrompt,
    /// What came back.
    pub answer: LogAnswer,
    /// Why it ended.
    pub finish: LogFinish,
    /// When the request came in.
    pub started: Option<LogTime>,
    /// When its answer was complete.
    pub ended: Option<LogTime>,
    /// Of sampling; `Some(0.0)` is greedy, `None` is not logged.
    pub temperature: Option<f64>,
    /// The model also reasoned, and that is logged apart from the answer's text.
    pub has_reasoning: bool,
    /// Whom it is about, in answers of this program's own.
    pub subject: Option<SubjectInfo>,
    /// How many of the last prompt tokens are the prefilled beginning of the answer.
    pub opening_len: Option<usize>,
}

impl LogEntry {
    /// An entry of nothing.
    pub(super) fn blank(place: LogPlace) -> Self {
        LogEntry {
            place,
            format: LogFormat::Jsonl,
            id: String::new(),
            choice: 0,
            group: None,
            model: None,
            prompt: LogPrompt::default(),
            answer: LogAnswer::default(),
            finish: LogFinish::Unknown,
            started: None,
            ended: None,
            temperature: None,
            has_reasoning: false,
            subject: None,
            opening_len: None,
        }
    }

    /// Takes the prompt off an answer that begins with it (`echo`).
    pub(super) fn drop_echo(&mut self) {
        if let (Some(prompt), Some(ids)) = (&self.prompt.ids, &mut self.answer.ids)
            && ids.starts_with(prompt)
        {
            ids.drain(..prompt.len());
        }
        let (LogPromptText::Text(prompt), Some(text)) = (&self.prompt.text, &self.answer.text)
        else {
            return;
        };
        let Some(rest) = text.strip_prefix(prompt.as_str()) else {
            return;
        };
        if let Some(tokens) = &mut self.answer.tokens {
            let mut n_bytes = 0;
            let ends = tokens.iter().map(|token| {
                n_bytes += token.token.bytes.len();
                n_bytes
            });
            let n = ends.take_while(|end| *end <= prompt.len()).count();
            tokens.drain(..n);
        }
        self.answer.text = Some(rest.to_owned());
    }
}

/// A prompt, in the forms that are logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPrompt {
    /// The engine's own token ids: they beat the text.
    pub ids: Option<Vec<TokenId>>,
    /// The text or the messages.
    pub text: LogPromptText,
}

/// The words of a prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LogPromptText {
    /// Not logged.
    #[default]
    Absent,
    /// As the model got it.
    Text(String),
    /// To be written by the model's chat template.
    Messages(Vec<LogMessage>),
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMessage {
    /// `system`, `user`, `assistant`, `tool`, or as logged.
    pub role: String,
    /// Its text; parts of another kind (images) are left out.
    pub content: String,
}

/// An answer, in the forms that are logged; at least one of them is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogAnswer {
    /// The whole text.
    pub text: Option<String>,
    /// The engine's own token ids: they beat the tokens and the text.
    pub ids: Option<Vec<TokenId>>,
    /// Token by token, with what the log says of their probabilities.
    pub tokens: Option<Vec<LogToken>>,
}

/// A token that was chosen, and the most probable ones there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogToken {
    /// What it is.
    pub token: LogPiece,
    /// Natural logarithm of its probability.
    pub logprob: Option<f64>,
    /// The most probable tokens here with their logarithms, the best first; empty if they
    /// are not logged.
    pub top: Vec<(LogPiece, f64)>,
}

/// A token as logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPiece {
    /// Its exact bytes: logged ones, else those of its text.
    pub bytes: Vec<u8>,
    /// The bytes were logged, or belong to the text at a logged offset. Otherwise a text
    /// with U+FFFD stands for bytes that are not known.
    pub is_exact: bool,
    /// Its id in the engine's vocabulary.
    pub id: Option<TokenId>,
}

/// Why an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogFinish {
    /// By the model's own end token, which is not part of the text.
    Stop,
    /// At a limit.
    Length,
    /// As logged: `tool_calls`, `content_filter`, `abort`.
    Other(String),
    /// Not logged.
    #[default]
    Unknown,
}

impl LogFinish {
    /// From the names that engines use.
    pub fn of(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "null" => LogFinish::Unknown,
            "stop" | "eos" | "eos_token" | "end_turn" | "completed" => LogFinish::Stop,
            "length" | "limit" | "max_tokens" | "max_output_tokens" => LogFinish::Length,
            _ => LogFinish::Other(name.trim().to_owned()),
        }
    }
}
