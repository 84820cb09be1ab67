//! Streamed responses: chunks of `choices[].delta` or `choices[].text`, which together are
//! one response. They come as lines of server-sent events (`data: {..}`), as objects, or as
//! a list or a text within an entry.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::id;

/// Whether a value is one chunk of a response.
pub(super) fn is_chunk(value: &Value) -> bool {
    let object = value.get("object").and_then(Value::as_str);
    let choices = value.get("choices").and_then(Value::as_array);
    let has_delta = |choice: &Value| choice.get("delta").is_some();
    object.is_some_and(|object| object.ends_with(".chunk"))
        || choices.is_some_and(|choices| choices.iter().any(has_delta))
}

/// Whether what came as an event, or in a list of them, is one chunk of a response, which in
/// a stream of text has no delta to be known by.
pub(super) fn is_event_chunk(value: &Value) -> bool {
    let choices = value.get("choices").and_then(Value::as_array);
    let is_whole = |choice: &Value| choice.get("message").is_some();
    is_chunk(value) || choices.is_some_and(|choices| !choices.iter().any(is_whole))
}

/// The payload of a line of server-sent events: `None` for a line of something else,
/// `Some("")` for one without data.
pub(super) fn event(line: &str) -> Option<&str> {
    if let Some(data) = line.strip_prefix("data:") {
        return Some(data.trim());
    }
    let others = ["event:", "id:", "retry:", ":"];
    let is_other = others.iter().any(|name| line.starts_with(name));
    is_other.then_some("")
}

/// What ends a stream.
pub(super) const DONE: &str = "[DONE]";

/// A response of a list of chunks, or of a text of events; `None` if it is neither.
pub(super) fn joined(value: &Value) -> Option<Value> {
    let mut stream = Stream::default();
    match value {
        Value::Array(chunks) if chunks.first().is_some_and(is_event_chunk) => {
            chunks.iter().for_each(|chunk| stream.add(chunk));
        }
        Value::String(text) if text.trim_start().starts_with("data:") => {
            let payloads = text.lines().filter_map(|line| event(line.trim()));
            let chunks = payloads.filter_map(|data| serde_json::from_str(data).ok());
            chunks.for_each(|chunk: Value| stream.add(&chunk));
        }
        _ => return None,
    }
    Some(stream.response())
}

/// Chunks of one response so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    /// Fields beside the choices, as the first chunk that has them says.
    head: Map<String, Value>,
    choices: BTreeMap<u32, Map<String, Value>>,
    is_chat: bool,
    /// Bytes of text so far.
    pub(super) n_bytes: usize,
    /// It was too long: what still comes of it is dropped, too.
    pub(super) is_dropped: bool,
}

impl Stream {
    /// Lets go of what it has.
    pub(super) fn drop_all(&mut self) {
        *self = Stream {
            is_dropped: true,
            ..Stream::default()
        };
    }

    pub(super) fn add(&mut self, chunk: &Value) {
        for (name, value) in chunk.as_object().into_iter().flatten() {
            if name != "choices" && !value.is_null() && !self.head.contains_key(name) {
                self.head.insert(name.clone(), value.clone());
            }
        }
        let listed = chunk.get("choices").and_then(Value::as_array);
        for (at, choice) in listed.into_iter().flatten().enumerate() {
            let index = choice.get("index").and_then(id).unwrap_or(at as u32);
            let so_far = self.choices.entry(index).or_default();
            self.is_chat |= choice.get("delta").is_some();
            self.n_bytes += add_choice(so_far, choice);
        }
    }

    /// The whole response, as if it had not been streamed.
    pub(super) fn response(self) -> Value {
        let is_chat = self.is_chat;
        let whole = |(index, mut choice): (u32, Map<String, Value>)| {
            let text = choice.remove("text").unwrap_or_else(|| "".into());
            match is_chat {
                true => choice.insert("message".into(), json!({ "content": text })),
                false => choice.insert("text".into(), text),
            };
            choice.insert("index".into(), index.into());
            Value::Object(choice)
        };
        let choices = self.choices.into_iter().map(whole).collect();
        let mut response = self.head;
        response.insert("choices".into(), Value::Array(choices));
        Value::Object(response)
    }
}

/// Appends a chunk's part of a choice; returns the bytes of text it brought.
fn add_choice(so_far: &mut Map<String, Value>, choice: &Value) -> usize {
    let part = choice.get("delta").unwrap_or(choice);
    let mut n_bytes = 0;
    for name in ["content", "text"] {
        if let Some(text) = part.get(name).and_then(Value::as_str) {
            n_bytes += text.len();
            append_text(so_far.entry("text").or_insert("".into()), text);
        }
    }
    if let Some(reason) = choice.get("finish_reason").filter(|r| !r.is_null()) {
        so_far.insert("finish_reason".into(), reason.clone());
    }
    let nested = [
        (choice, "token_ids"),
        (choice, "logprobs"),
        (choice, "stop_reason"),
        (choice, "prompt_token_ids"),
        (part, "reasoning_content"),
    ];
    for (of, name) in nested {
        if let Some(value) = of.get(name).filter(|value| !value.is_null()) {
            n_bytes += append(so_far, name, value);
        }
    }
    n_bytes
}

fn append_text(so_far: &mut Value, text: &str) {
    if let Value::String(whole) = so_far {
        whole.push_str(text);
    }
}

/// Lists are joined, within objects, too; of anything else the first stays. Returns how
/// much longer it made them.
fn append(so_far: &mut Map<String, Value>, name: &str, value: &Value) -> usize {
    match (so_far.get_mut(name), value) {
        (None, value) => {
            so_far.insert(name.to_owned(), value.clone());
            1
        }
        (Some(Value::Array(whole)), Value::Array(more)) => {
            whole.extend(more.iter().cloned());
            more.len()
        }
        (Some(Value::Object(whole)), Value::Object(more)) => {
            let more = more.iter().filter(|(_, value)| !value.is_null());
            more.map(|(name, value)| append(whole, name, value)).sum()
        }
        _ => 0,
    }
}
