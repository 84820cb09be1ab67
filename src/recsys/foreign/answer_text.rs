//! Finds the answer in an entry: under one of many names, in messages, or in the
//! wrappers of an API response.

use serde_json::{Map, Value};

use super::lenient_json::Repair;

/// Names of the answer, the program's own first.
const TEXTS: [&str; 20] = [
    OWN_TEXT,
    "ans",
    "answer",
    "answers",
    "completion",
    "knowledge",
    "interest",
    "news",
    "book",
    "movie",
    "description",
    "output",
    "response",
    "generated_text",
    "generation",
    "summary",
    "messages",
    "conversations",
    "choices",
    "content",
];
/// The program's own name for an answer, which is kept to the byte.
const OWN_TEXT: &str = "text";
/// The keys under which messages, batch responses and other wrappers have the text.
const WRAPPED: [&str; 7] = [
    "content", "value", "text", "message", "choices", "body", "messages",
];
/// The role of answers in a list of messages.
const ANSWERING: [&str; 4] = ["assistant", "gpt", "model", "bot"];
/// Maximum nesting of wrappers.
const DEPTH_MAX: usize = 6;

/// The answer among an entry's fields.
///
/// # Errors
/// It is missing or cannot be read.
pub(super) fn answer(
    fields: &Map<String, Value>,
    repair: Option<Repair>,
) -> Result<String, String> {
    if let Some(Value::String(text)) = fields.get(OWN_TEXT) {
        return Ok(text.clone());
    }
    let field = |name: &&str| {
        let mut fields = fields.iter();
        let found = fields.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    };
    let mut named = TEXTS.iter().filter_map(field);
    named.find_map(said).ok_or_else(|| no_answer(repair))
}

pub(super) fn no_answer(repair: Option<Repair>) -> String {
    let known = "no answer (ans, answer, text, interest, ..)";
    match repair {
        Some(repair) => format!("no answer: {}", repair.why()),
        None => known.to_string(),
    }
}

/// A text; a list of phrases, joined as in a sentence; for messages, the last answer.
pub(super) fn said(value: &Value) -> Option<String> {
    said_within(value, DEPTH_MAX)
}

fn said_within(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_string()),
        Value::Array(values) => {
            let phrases: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            match phrases.is_empty() {
                false => Some(phrases.join(", ")),
                true => said_in_list(values, depth),
            }
        }
        Value::Object(fields) if depth > 0 => {
            let mut named = WRAPPED.iter().chain(&TEXTS).filter_map(|n| fields.get(*n));
            named.find_map(|value| said_within(value, depth - 1))
        }
        _ => None,
    }
}

/// Messages, choices, or the parts of a message's content.
fn said_in_list(values: &[Value], depth: usize) -> Option<String> {
    let role = |value: &Value| {
        let role = value.get("role").or_else(|| value.get("from"));
        role.and_then(Value::as_str).map(str::to_ascii_lowercase)
    };
    let has_roles = values.iter().any(|value| role(value).is_some());
    if has_roles {
        let answers = values.iter().rev();
        let mut answers = answers
            .filter(|value| role(value).is_some_and(|role| ANSWERING.contains(&role.as_str())));
        return answers.find_map(|value| said_within(value, depth.checked_sub(1)?));
    }
    let is_part = |value: &&Value| value.get("type").is_some();
    let parts = values.iter().filter(is_part);
    let parts: Vec<&str> = parts
        .filter_map(|part| part.get("text")?.as_str())
        .collect();
    match parts.is_empty() {
        false => Some(parts.concat()),
        true => said_within(values.first()?, depth.checked_sub(1)?),
    }
}
