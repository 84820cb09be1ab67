//! Entries of separate fields: a prompt and an answer as text, messages or token ids, under
//! one of many names or where the options say.

use serde_json::Value;

use super::answered::{answered, finish};
use super::asked::{LoggedRequest, prompt_of};
use super::entry::{LogAnswer, LogEntry, LogFinish, LogPrompt, LogPromptText};
use super::fields::{at, id, ids, named, names, unfolded, word};
use super::format::LogFormat;
use super::options::LogOptions;
use super::refusal::LogRefusal;
use super::report::LogSkip;

const PROMPTS: [&str; 8] = [
    "prompt",
    "input",
    "instruction",
    "question",
    "query",
    "text_input",
    "request",
    "messages",
];
const ANSWERS: [&str; 13] = [
    "output",
    "response",
    "answer",
    "completion",
    "generated_text",
    "generation",
    "reply",
    "prediction",
    "assistant",
    "ans",
    "text_output",
    "text",
    "content",
];
const PROMPT_IDS: [&str; 3] = ["prompt_token_ids", "prompt_ids", "input_token_ids"];
const ANSWER_IDS: [&str; 5] = [
    "token_ids",
    "output_token_ids",
    "completion_token_ids",
    "response_token_ids",
    "answer_ids",
];

/// Whether an entry has its answer as token ids.
pub(super) fn has_ids(value: &Value) -> bool {
    named(value, &ANSWER_IDS).is_some()
}

/// Whether an entry has an answer under one of the names.
pub(super) fn has_answer(value: &Value) -> bool {
    named(value, &ANSWERS).is_some()
}

/// Whether a column of this name means something.
pub(super) fn is_known_name(name: &str) -> bool {
    let known = PROMPTS
        .iter()
        .chain(&ANSWERS)
        .chain(&PROMPT_IDS)
        .chain(&ANSWER_IDS);
    known
        .into_iter()
        .any(|known| name.trim().eq_ignore_ascii_case(known))
}

/// The entries of a line: several if the answer is a response with several choices.
///
/// # Errors
/// No answer; ids that are none.
pub(super) fn entries(
    value: &Value,
    options: &LogOptions,
    blank: &LogEntry,
) -> Result<Vec<LogEntry>, LogRefusal> {
    let asked = LoggedRequest::of(value);
    let prompt = prompt(value, options)?;
    let base = LogEntry {
        format: match options.answer_field.is_none() && has_ids(value) {
            true => LogFormat::Ids,
            false => LogFormat::Jsonl,
        },
        prompt,
        temperature: asked.temperature,
        finish: finish(value),
        ..blank.clone()
    };
    let logged = match &options.answer_field {
        Some(path) => Some(at(value, path).ok_or_else(|| {
            let why = format!("no field `{path}`, but {}", names(value));
            LogRefusal::new(LogSkip::NoAnswer, why)
        })?),
        None => None,
    };
    match logged {
        Some(logged) => of_answer(&logged, &base),
        None => named_answer(value, &base),
    }
}

fn named_answer(value: &Value, base: &LogEntry) -> Result<Vec<LogEntry>, LogRefusal> {
    let logged = named(value, &ANSWER_IDS).map(ids);
    let text = named(value, &ANSWERS);
    match logged {
        Some(None) => Err(LogRefusal::new(
            LogSkip::BadIds,
            "the answer's ids are not a list of token ids",
        )),
        Some(logged) => {
            let answer = LogAnswer {
                ids: logged,
                text: text.and_then(Value::as_str).map(str::to_owned),
                tokens: None,
            };
            let has_answer = !answer.is_empty();
            let entry = LogEntry {
                answer,
                ..base.clone()
            };
            has_answer
                .then(|| vec![entry])
                .ok_or_else(|| LogRefusal::new(LogSkip::NoAnswer, "an empty list of token ids"))
        }
        None => match text {
            Some(text) => of_answer(text, base),
            None => {
                let why = format!("no answer in {}", names(value));
                Err(LogRefusal::new(LogSkip::NoAnswer, why))
            }
        },
    }
}

/// A text as it is, token ids, or a whole response.
fn of_answer(logged: &Value, base: &LogEntry) -> Result<Vec<LogEntry>, LogRefusal> {
    let numbers = match logged {
        Value::Array(values) if !values.is_empty() => values.iter().map(id).collect(),
        _ => None,
    };
    let is_object = |value: &Value| unfolded(value).is_object();
    let answer = match logged {
        _ if numbers.is_some() => LogAnswer {
            ids: numbers,
            ..LogAnswer::default()
        },
        Value::String(text) if !is_object(logged) && !text.starts_with("data:") => LogAnswer {
            text: Some(text.clone()),
            ..LogAnswer::default()
        },
        _ => return of_response(logged, base),
    };
    match answer.is_empty() {
        true => Err(LogRefusal::new(LogSkip::NoAnswer, "the answer is empty")),
        false => Ok(vec![LogEntry {
            answer,
            ..base.clone()
        }]),
    }
}

/// JSON that is no response is an answer, too: models are asked for it.
fn of_response(logged: &Value, base: &LogEntry) -> Result<Vec<LogEntry>, LogRefusal> {
    let answered = match (answered(logged), logged) {
        (Ok(answered), _) => answered,
        (Err(refusal), Value::String(text)) if refusal.skip == LogSkip::NoAnswer => {
            return Ok(vec![LogEntry {
                answer: LogAnswer {
                    text: Some(text.clone()),
                    ..LogAnswer::default()
                },
                ..base.clone()
            }]);
        }
        (Err(refusal), _) => return Err(refusal),
    };
    let entry = |choice: super::answered::LoggedChoice| LogEntry {
        choice: choice.index,
        answer: choice.answer,
        finish: match choice.finish {
            LogFinish::Unknown => base.finish.clone(),
            known => known,
        },
        ..base.clone()
    };
    Ok(answered.choices.into_iter().map(entry).collect())
}

/// The prompt by its path, else by its names; ids beat texts.
fn prompt(value: &Value, options: &LogOptions) -> Result<LogPrompt, LogRefusal> {
    if let Some(path) = &options.prompt_field {
        let found = at(value, path);
        return Ok(found
            .and_then(|found| prompt_of(&found))
            .unwrap_or_default());
    }
    let logged = named(value, &PROMPT_IDS).map(ids);
    if logged == Some(None) {
        let why = "the prompt's ids are not a list of token ids";
        return Err(LogRefusal::new(LogSkip::BadIds, why));
    }
    let mut prompt = worded(value);
    prompt.ids = logged.flatten().or(prompt.ids);
    Ok(prompt)
}

fn worded(value: &Value) -> LogPrompt {
    // Alpaca's: the instruction, then what it is about.
    if let (Some(instruction), Some(input)) =
        (word(value, &["instruction"]), word(value, &["input"]))
    {
        return LogPrompt {
            ids: None,
            text: LogPromptText::Text(format!("{instruction}\n{input}")),
        };
    }
    // Elsewhere, `user` is who asked.
    let asker = named(value, &["assistant"]).and_then(|_| named(value, &["user"]));
    let found = named(value, &PROMPTS).or(asker);
    found.and_then(prompt_of).unwrap_or_default()
}
