//! Conversations, an entry for every answer in them: ShareGPT's `from` and `value`,
//! SpecForge's and speculators' `role` and `content`, and `input_ids` with a `loss_mask`.

use serde_json::Value;

use super::asked::message;
use super::entry::{LogAnswer, LogEntry, LogMessage, LogPrompt, LogPromptText};
use super::fields::{ids, named, unfolded};
use super::format::LogFormat;
use super::refusal::LogRefusal;
use super::report::LogSkip;
use crate::speculate::TokenId;

const LISTS: [&str; 3] = ["conversations", "conversation", "messages"];
const MASKS: [&str; 2] = ["loss_mask", "assistant_mask"];

/// The turns of a conversation.
pub(super) fn turns(value: &Value) -> Option<Vec<LogMessage>> {
    let listed = match value {
        Value::Array(_) => value,
        _ => named(value, &LISTS)?,
    };
    let listed = unfolded(listed);
    let turns: Option<Vec<LogMessage>> = listed.as_array()?.iter().map(message).collect();
    turns.filter(|turns| !turns.is_empty())
}

/// Whether an answer is among the turns.
pub(super) fn is_conversation(value: &Value) -> bool {
    let is_answer = |turn: &LogMessage| turn.role == "assistant";
    turns(value).is_some_and(|turns| turns.iter().any(is_answer))
}

/// Whether the last turn is one: then nothing beside the turns is.
pub(super) fn ends_with_answer(value: &Value) -> bool {
    turns(value).is_some_and(|turns| turns.last().is_some_and(|turn| turn.role == "assistant"))
}

pub(super) fn is_masked(value: &Value) -> bool {
    named(value, &["input_ids"]).is_some() && named(value, &MASKS).is_some()
}

/// An entry for every answer: everything before it is its prompt.
///
/// # Errors
/// No turn with an answer.
pub(super) fn of_turns(value: &Value, blank: &LogEntry) -> Result<Vec<LogEntry>, LogRefusal> {
    let Some(turns) = turns(value) else {
        let why = format!("no turns in {}", super::fields::names(value));
        return Err(LogRefusal::new(LogSkip::UnknownLayout, why));
    };
    let format = format(value);
    let answers = turns.iter().enumerate();
    let answers = answers.filter(|(_, turn)| turn.role == "assistant" && !turn.content.is_empty());
    let entry = |(nth, (at, turn)): (usize, (usize, &LogMessage))| LogEntry {
        format,
        choice: nth as u32,
        prompt: LogPrompt {
            ids: None,
            text: match at {
                0 => LogPromptText::Absent,
                _ => LogPromptText::Messages(turns[..at].to_vec()),
            },
        },
        answer: LogAnswer {
            text: Some(turn.content.clone()),
            ..LogAnswer::default()
        },
        ..blank.clone()
    };
    let entries: Vec<LogEntry> = answers.enumerate().map(entry).collect();
    match entries.is_empty() {
        true => Err(LogRefusal::new(
            LogSkip::NoAnswer,
            "no turn of an assistant",
        )),
        false => Ok(entries),
    }
}

fn format(value: &Value) -> LogFormat {
    let listed = named(value, &LISTS).map(unfolded);
    let first = listed
        .as_ref()
        .and_then(|listed| listed.as_array()?.first());
    match first.is_some_and(|turn| turn.get("from").is_some()) {
        true => LogFormat::Sharegpt,
        false => LogFormat::Specforge,
    }
}

/// An entry for every run of tokens that the mask marks.
///
/// # Errors
/// Ids or a mask that are none, or of different lengths; an empty mask.
pub(super) fn of_mask(value: &Value, blank: &LogEntry) -> Result<Vec<LogEntry>, LogRefusal> {
    let bad = |why: &str| LogRefusal::new(LogSkip::BadIds, why);
    let Some(tokens) = named(value, &["input_ids"]).and_then(|v| ids(flat(v))) else {
        return Err(bad("`input_ids` is not a list of token ids"));
    };
    let mask = named(value, &MASKS).and_then(|mask| flags(flat(mask)));
    let Some(mask) = mask else {
        return Err(bad("`loss_mask` is not a list of 0 and 1"));
    };
    if mask.len() != tokens.len() {
        let (n, m) = (tokens.len(), mask.len());
        return Err(bad(&format!("{n} `input_ids`, but a `loss_mask` of {m}")));
    }
    let entries = marked(&tokens, &mask, blank);
    match entries.is_empty() {
        true => Err(LogRefusal::new(
            LogSkip::NoAnswer,
            "the mask marks no token",
        )),
        false => Ok(entries),
    }
}

fn marked(tokens: &[TokenId], mask: &[bool], blank: &LogEntry) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    let mut at = 0;
    for run in mask.chunk_by(|a, b| a == b) {
        let start = at;
        at += run.len();
        if !run[0] {
            continue;
        }
        entries.push(LogEntry {
            format: LogFormat::Specforge,
            choice: entries.len() as u32,
            prompt: LogPrompt {
                ids: (start > 0).then(|| tokens[..start].to_vec()),
                text: LogPromptText::Absent,
            },
            answer: LogAnswer {
                ids: Some(tokens[start..at].to_vec()),
                ..LogAnswer::default()
            },
            ..blank.clone()
        });
    }
    entries
}

/// A batch of one, as tensors are saved.
fn flat(value: &Value) -> &Value {
    match value.as_array().map(Vec::as_slice) {
        Some([only @ Value::Array(_)]) => only,
        _ => value,
    }
}

fn flags(value: &Value) -> Option<Vec<bool>> {
    let flag = |value: &Value| match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        _ => None,
    };
    unfolded(value).as_array()?.iter().map(flag).collect()
}
