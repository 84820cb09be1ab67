//! What a line of JSON is: an entry or several, or one half of an entry whose other half is
//! elsewhere.

use serde_json::Value;

use super::answered::{LoggedChoice, answered, failed, is_response};
use super::asked::LoggedRequest;
use super::entry::{LogEntry, LogPrompt};
use super::fields::{as_word, at, named, names, number, word};
use super::format::LogFormat;
use super::options::LogOptions;
use super::refusal::LogRefusal;
use super::report::LogSkip;
use super::time::LogTime;
use super::{chunks, conversations, plain};
use crate::speculate::trace::SubjectInfo;

/// Nested requests and responses, as proxies log them.
const REQUESTS: [&str; 5] = ["request", "body", "request_body", "kwargs", "input"];
const RESPONSES: [&str; 5] = [
    "response",
    "response_body",
    "completion_response",
    "result",
    "output",
];
const STARTS: [&str; 10] = [
    "startTime",
    "start_time",
    "started_at",
    "start",
    "request_time",
    "created_at",
    "created",
    "timestamp",
    "time",
    "date",
];
const ENDS: [&str; 7] = [
    "endTime",
    "end_time",
    "ended_at",
    "completed_at",
    "finished_at",
    "response_time_at",
    "end",
];
const IDS: [&str; 10] = [
    "id",
    "custom_id",
    "request_id",
    "litellm_call_id",
    "uid",
    "_id",
    "conversation_id",
    "prompt_id",
    "subject",
    "key",
];

/// What a line holds.
#[derive(Debug)]
pub(super) enum LoggedLine {
    Entries(Vec<LogEntry>),
    /// One half of a batch, under its `custom_id`.
    Request(String),
    Response(String),
    /// A part of a streamed response, under the response's id.
    Chunk(String),
}

/// Looks at a line.
///
/// # Errors
/// It is not in a known layout, or not in the one that was asked for; it has no answer.
pub(super) fn line(
    value: &Value,
    options: &LogOptions,
    blank: &LogEntry,
) -> Result<LoggedLine, LogRefusal> {
    match half(value).filter(|_| options.answer_field.is_none()) {
        Some(half) => allowed(options.format, half_format(&half)).map(|()| half),
        None => {
            let mut entries = entries(value, options, blank)?;
            if let Some(first) = entries.first() {
                allowed(options.format, first.format)?;
            }
            entries
                .iter_mut()
                .for_each(|entry| dress(entry, value, None, options));
            Ok(LoggedLine::Entries(entries))
        }
    }
}

fn half_format(half: &LoggedLine) -> LogFormat {
    match half {
        LoggedLine::Chunk(_) => LogFormat::OpenaiChat,
        _ => LogFormat::OpenaiBatch,
    }
}

fn half(value: &Value) -> Option<LoggedLine> {
    if chunks::is_chunk(value) {
        return Some(LoggedLine::Chunk(word(value, &["id"]).unwrap_or_default()));
    }
    let custom_id = word(value, &["custom_id"])?;
    let has = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
    if has("response") || has("error") || has("result") {
        return Some(LoggedLine::Response(custom_id));
    }
    (has("body") || has("params")).then_some(LoggedLine::Request(custom_id))
}

/// The forms that the values of a table and of a JSON file share are allowed for both.
pub(super) fn allowed(asked: Option<LogFormat>, found: LogFormat) -> Result<(), LogRefusal> {
    let is_allowed = match asked {
        None | Some(LogFormat::Csv | LogFormat::Tsv) => true,
        Some(asked) => asked == found,
    };
    match is_allowed {
        true => Ok(()),
        false => Err(LogRefusal::new(
            LogSkip::UnknownLayout,
            format!("{}, not the format that was asked for", found.name()),
        )),
    }
}

fn entries(
    value: &Value,
    options: &LogOptions,
    blank: &LogEntry,
) -> Result<Vec<LogEntry>, LogRefusal> {
    let is_plain = options.answer_field.is_some()
        || matches!(options.format, Some(LogFormat::Jsonl | LogFormat::Ids));
    if is_plain {
        return plain::entries(value, options, blank);
    }
    if let Some(response) = litellm(value) {
        return of_exchange(value, response, Some(LogFormat::Litellm), blank, options);
    }
    if let Some((request, response)) = exchange(value) {
        return of_exchange(request, response, None, blank, options);
    }
    if is_response(value) {
        return of_exchange(value, value, None, blank, options);
    }
    if conversations::is_masked(value) {
        return conversations::of_mask(value, blank);
    }
    if conversations::is_conversation(value)
        && (conversations::ends_with_answer(value) || !plain::has_answer(value))
    {
        return conversations::of_turns(value, blank);
    }
    failed(value)?;
    if plain::has_ids(value) || plain::has_answer(value) {
        return plain::entries(value, options, blank);
    }
    let known = ["messages", "conversations", "prompt"];
    let (skip, what) = match named(value, &known).is_some() {
        true => (LogSkip::NoAnswer, "no answer in"),
        false => (LogSkip::UnknownLayout, "no prompt and no answer in"),
    };
    Err(LogRefusal::new(skip, format!("{what} {}", names(value))))
}

/// The response of a line of LiteLLM's.
fn litellm(value: &Value) -> Option<&Value> {
    let own = [
        "call_type",
        "litellm_call_id",
        "completionStartTime",
        "startTime",
    ];
    let is_own = own.iter().any(|name| value.get(name).is_some());
    named(value, &["messages"])?;
    is_own.then(|| value.get("response")).flatten()
}

/// A request and its response in one line.
fn exchange(value: &Value) -> Option<(&Value, &Value)> {
    let response = named(value, &RESPONSES)?;
    let has_choices = |value: &Value| {
        let body = named(value, &["body"]);
        let body = body.map(super::fields::unfolded);
        let value = super::fields::unfolded(value);
        is_response(&value)
            || body.is_some_and(|body| is_response(&body))
            || chunks::joined(&value).is_some()
            || value.get("error").is_some_and(|error| !error.is_null())
    };
    let request = named(value, &REQUESTS).filter(|request| LoggedRequest::of(request).has_prompt());
    has_choices(response).then_some((request.unwrap_or(value), response))
}

/// The entries of a request and a response, which may be the same value.
///
/// # Errors
/// As [`answered`].
pub(super) fn of_exchange(
    request: &Value,
    response: &Value,
    format: Option<LogFormat>,
    blank: &LogEntry,
    options: &LogOptions,
) -> Result<Vec<LogEntry>, LogRefusal> {
    failed(response)?;
    if word(request, &["status"]).is_some_and(|status| status == "failure") {
        let why = word(request, &["error_str"]).unwrap_or_else(|| "status: failure".into());
        return Err(LogRefusal::new(LogSkip::Failed, why));
    }
    let asked = LoggedRequest::of(request);
    let asked_at = options
        .prompt_field
        .as_ref()
        .and_then(|path| at(request, path));
    let chosen = asked_at.and_then(|found| super::asked::prompt_of(&found));
    let answered = answered(response)?;
    let n = answered
        .choices
        .iter()
        .map(|choice| choice.index as usize + 1);
    let n = n.max().unwrap_or(1);
    let base = LogEntry {
        format: format.unwrap_or(answered.format),
        model: word(response, &["model"]).or_else(|| asked.model.clone()),
        temperature: asked.temperature,
        started: named(response, &["created", "created_at"]).and_then(LogTime::of),
        id: word(response, &["id", "request_id"]).unwrap_or_default(),
        ..blank.clone()
    };
    let entry = |choice: LoggedChoice| {
        let prompt = chosen.clone();
        let prompt = prompt.unwrap_or_else(|| asked.prompt(choice.index as usize, n));
        of_choice(choice, prompt, asked.echo, &base)
    };
    Ok(answered.choices.into_iter().map(entry).collect())
}

fn of_choice(choice: LoggedChoice, prompt: LogPrompt, echo: bool, base: &LogEntry) -> LogEntry {
    let mut entry = LogEntry {
        choice: choice.index,
        prompt: LogPrompt {
            ids: choice.prompt_ids.or(prompt.ids),
            text: prompt.text,
        },
        answer: choice.answer,
        finish: choice.finish,
        has_reasoning: choice.has_reasoning,
        ..base.clone()
    };
    if echo {
        entry.drop_echo();
    }
    entry
}

/// Adds what stands beside prompt and answer; `other` is the other half of a batch.
pub(super) fn dress(
    entry: &mut LogEntry,
    value: &Value,
    other: Option<&Value>,
    options: &LogOptions,
) {
    let found = |path: &Option<String>| {
        let path = path.as_ref()?;
        at(value, path).or_else(|| at(other?, path))
    };
    let own_id = word(value, &IDS);
    let id = match &options.id_field {
        Some(_) => found(&options.id_field).and_then(|id| as_word(&id)),
        None => other
            .and_then(|other| word(other, &["custom_id"]))
            .or(own_id),
    };
    entry.id = id.unwrap_or_else(|| std::mem::take(&mut entry.id));
    entry.group = match &options.group_field {
        Some(_) => found(&options.group_field).and_then(|group| as_word(&group)),
        None => word(value, &["group"]),
    };
    entry.model = entry.model.take().or_else(|| word(value, &["model"]));
    let start = match &options.start_field {
        Some(_) => found(&options.start_field).and_then(|time| LogTime::of(&time)),
        None => named(value, &STARTS)
            .and_then(LogTime::of)
            .or(entry.started),
    };
    let end = match &options.end_field {
        Some(_) => found(&options.end_field).and_then(|time| LogTime::of(&time)),
        None => named(value, &ENDS).and_then(LogTime::of),
    };
    let seconds = number(value, &["response_time"]).filter(|seconds| *seconds >= 0.0);
    entry.started = start;
    entry.ended = end.or_else(|| Some(start?.after(seconds?)));
    own_fields(entry, value, options);
}

/// What answers of `generate --json` have besides.
fn own_fields(entry: &mut LogEntry, value: &Value, options: &LogOptions) {
    let opening = value.get("opening_len").and_then(Value::as_u64);
    entry.opening_len = opening.and_then(|n| usize::try_from(n).ok());
    let subject = value.get("subject").cloned();
    let subject = subject.and_then(|subject| serde_json::from_value(subject).ok());
    let Some(subject): Option<SubjectInfo> = subject else {
        return;
    };
    if options.id_field.is_none() {
        entry.id = subject.id.clone();
    }
    // The text begins with the opening, the ids do not.
    if entry.answer.ids.is_some() {
        entry.answer.text = None;
    }
    entry.subject = Some(subject);
}
