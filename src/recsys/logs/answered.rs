//! A response: its choices, each with an answer. Chat and text completions, a bare message,
//! responses of OpenAI's newer interface, llama.cpp's, SGLang's and TGI's own servers.

use serde_json::Value;

use super::chunks;
use super::entry::{LogAnswer, LogFinish, LogPiece, LogToken};
use super::fields::{content, id, ids, named, number, unfolded, word};
use super::format::LogFormat;
use super::logprobs;
use super::refusal::LogRefusal;
use super::report::LogSkip;
use crate::speculate::TokenId;

/// HTTP statuses from here on are failures.
const FAILED_STATUS: f64 = 400.0;
/// Where a response is nested.
const BODIES: [&str; 4] = ["body", "message", "json", "response"];
const TOKEN_IDS: [&str; 4] = ["token_ids", "output_token_ids", "output_ids", "tokens"];

/// One answer of a response.
#[derive(Clone, Debug, Default)]
pub(super) struct LoggedChoice {
    pub(super) index: u32,
    pub(super) answer: LogAnswer,
    pub(super) finish: LogFinish,
    /// vLLM's, where it returns token ids.
    pub(super) prompt_ids: Option<Vec<TokenId>>,
    /// Tokens of reasoning were logged apart from the answer's text.
    pub(super) has_reasoning: bool,
}

/// The choices of a response.
#[derive(Clone, Debug)]
pub(super) struct LoggedResponse {
    pub(super) format: LogFormat,
    pub(super) choices: Vec<LoggedChoice>,
}

/// Whether a value has the fields of a response.
pub(super) fn is_response(value: &Value) -> bool {
    let is_list = |name: &str| value.get(name).is_some_and(Value::is_array);
    is_list("choices")
        || is_list("output") && value.get("object").is_some()
        || value.get("content").is_some_and(Value::is_string) && is_llama_cpp(value)
        || value.get("meta_info").is_some()
        || value.get("details").is_some() && value.get("generated_text").is_some()
}

fn is_llama_cpp(value: &Value) -> bool {
    let own = [
        "stop_type",
        "stopped_eos",
        "tokens_predicted",
        "completion_probabilities",
    ];
    own.iter().any(|name| value.get(name).is_some())
}

/// The choices of a response; also in a text, in the body of an HTTP response, or in
/// chunks.
///
/// # Errors
/// An error in place of a response; an unknown layout; no choice with an answer.
pub(super) fn answered(response: &Value) -> Result<LoggedResponse, LogRefusal> {
    if let Some(whole) = chunks::joined(response) {
        return answered(&whole);
    }
    let response = unfolded(response);
    let response = response.as_ref();
    failed(response)?;
    if is_response(response) {
        return of_response(response);
    }
    if let Some(body) = named(response, &BODIES) {
        return answered(body);
    }
    let text = content(response).or_else(|| content(named(response, &["content", "text"])?));
    let answer = LogAnswer {
        text,
        ids: named(response, &TOKEN_IDS).and_then(ids),
        tokens: None,
    };
    let choice = LoggedChoice {
        answer,
        finish: finish(response),
        ..LoggedChoice::default()
    };
    with_answers(LogFormat::OpenaiChat, vec![choice], response)
}

/// # Errors
/// A response that says that the request failed.
pub(super) fn failed(response: &Value) -> Result<(), LogRefusal> {
    let status = number(response, &["status_code", "statusCode", "status"]);
    let told = match (response.get("error"), response.get("detail"), status) {
        (Some(error), ..) if !error.is_null() && error.as_str() != Some("") => error.clone(),
        (_, detail, Some(status)) if status >= FAILED_STATUS => detail
            .cloned()
            .unwrap_or_else(|| format!("status {status}").into()),
        _ => return Ok(()),
    };
    let message = word(&told, &["message"]).or_else(|| told.as_str().map(str::to_owned));
    Err(LogRefusal::new(
        LogSkip::Failed,
        message.unwrap_or_else(|| told.to_string()),
    ))
}

fn of_response(response: &Value) -> Result<LoggedResponse, LogRefusal> {
    if let Some(listed) = response.get("choices").and_then(Value::as_array) {
        let is_chat = listed.iter().any(|choice| choice.get("message").is_some());
        let format = match is_chat {
            true => LogFormat::OpenaiChat,
            false => LogFormat::OpenaiCompletion,
        };
        let at = |(at, listed): (usize, &Value)| choice(at, listed, response);
        let choices = listed.iter().enumerate().map(at).collect();
        return with_answers(format, choices, response);
    }
    if let Some(output) = response.get("output").and_then(Value::as_array) {
        return with_answers(
            LogFormat::OpenaiChat,
            vec![of_output(output, response)],
            response,
        );
    }
    let choice = native(response);
    with_answers(LogFormat::OpenaiCompletion, vec![choice], response)
}

/// Drops the choices without an answer; there must be one with it.
fn with_answers(
    format: LogFormat,
    mut choices: Vec<LoggedChoice>,
    response: &Value,
) -> Result<LoggedResponse, LogRefusal> {
    choices.retain(|choice| !choice.answer.is_empty());
    match choices.is_empty() {
        true => Err(LogRefusal::new(
            LogSkip::NoAnswer,
            format!("no text in {}", super::fields::names(response)),
        )),
        false => Ok(LoggedResponse { format, choices }),
    }
}

/// A choice of a chat or text completion.
fn choice(at: usize, choice: &Value, response: &Value) -> LoggedChoice {
    let message = choice.get("message").unwrap_or(choice);
    let text = named(message, &["content", "text"]).and_then(content);
    let index = choice.get("index").and_then(id);
    let tokens = logprobs::tokens(choice, text.as_deref());
    let logged = |names: &[&str]| {
        let own = named(choice, names).or_else(|| named(message, names));
        own.and_then(ids)
    };
    let prompt_ids = logged(&["prompt_token_ids"]);
    LoggedChoice {
        index: index.unwrap_or(at as u32),
        finish: finish(choice),
        prompt_ids: prompt_ids.or_else(|| ids(response.get("prompt_token_ids")?)),
        has_reasoning: named(message, &["reasoning_content", "reasoning"]).is_some(),
        answer: LogAnswer {
            text,
            ids: logged(&TOKEN_IDS),
            tokens,
        },
    }
}

/// Of OpenAI's newer interface: a list of items, of which messages have the answer.
fn of_output(output: &[Value], response: &Value) -> LoggedChoice {
    let kind = |item: &Value| item.get("type").and_then(Value::as_str).map(str::to_owned);
    let messages = output
        .iter()
        .filter(|item| kind(item).as_deref() == Some("message"));
    let parts: Vec<&Value> = messages
        .filter_map(|message| message.get("content"))
        .collect();
    let texts: Vec<String> = parts.iter().filter_map(|parts| content(parts)).collect();
    let reason = response
        .get("incomplete_details")
        .and_then(|d| d.get("reason"));
    let finish = match reason.and_then(Value::as_str) {
        Some(reason) => LogFinish::of(reason),
        None => LogFinish::of(&word(response, &["status"]).unwrap_or_default()),
    };
    LoggedChoice {
        finish,
        has_reasoning: output
            .iter()
            .any(|item| kind(item).as_deref() == Some("reasoning")),
        answer: LogAnswer {
            text: (!texts.is_empty()).then(|| texts.concat()),
            ..LogAnswer::default()
        },
        ..LoggedChoice::default()
    }
}

/// llama.cpp's `/completion`, SGLang's `/generate`, TGI's `/generate`.
fn native(response: &Value) -> LoggedChoice {
    let meta = named(response, &["meta_info", "details"]).unwrap_or(&Value::Null);
    let text = named(response, &["content", "text", "generated_text"]).and_then(content);
    let of_meta = pairs(meta).or_else(|| listed(meta));
    let tokens = of_meta.or_else(|| logprobs::tokens(response, text.as_deref()));
    let all_ids = |tokens: &Vec<LogToken>| tokens.iter().map(|t| t.token.id).collect();
    let by_token: Option<Vec<TokenId>> = tokens.as_ref().and_then(all_ids);
    LoggedChoice {
        finish: match finish(meta) {
            LogFinish::Unknown => finish(response),
            known => known,
        },
        answer: LogAnswer {
            ids: named(response, &TOKEN_IDS)
                .and_then(ids)
                .filter(|ids| !ids.is_empty())
                .or(by_token),
            text,
            tokens,
        },
        ..LoggedChoice::default()
    }
}

/// SGLang's `[log probability, id, text]`.
fn pairs(meta: &Value) -> Option<Vec<LogToken>> {
    let triple = |value: &Value| {
        let [chance, token, ..] = value.as_array()?.as_slice() else {
            return None;
        };
        let piece = LogPiece {
            id: Some(id(token)?),
            ..LogPiece::default()
        };
        Some((piece, chance.as_f64()?))
    };
    let chosen = meta.get("output_token_logprobs")?.as_array()?;
    let tops = meta.get("output_top_logprobs").and_then(Value::as_array);
    let token = |(at, value): (usize, &Value)| {
        let (token, chance) = triple(value)?;
        let top = tops.and_then(|tops| tops.get(at)?.as_array());
        Some(LogToken {
            token,
            logprob: Some(chance),
            top: top.into_iter().flatten().filter_map(triple).collect(),
        })
    };
    chosen.iter().enumerate().map(token).collect()
}

/// TGI's `{id, text, logprob}`.
fn listed(details: &Value) -> Option<Vec<LogToken>> {
    let token = |value: &Value| {
        let piece = LogPiece {
            id: Some(id(value.get("id")?)?),
            ..LogPiece::default()
        };
        Some(LogToken {
            token: piece,
            logprob: value.get("logprob").and_then(Value::as_f64),
            top: Vec::new(),
        })
    };
    details
        .get("tokens")?
        .as_array()?
        .iter()
        .map(token)
        .collect()
}

/// Why a choice ended, in the names of several engines.
pub(super) fn finish(choice: &Value) -> LogFinish {
    if choice.get("stopped_eos").and_then(Value::as_bool) == Some(true) {
        return LogFinish::Stop;
    }
    let reason = named(
        choice,
        &["finish_reason", "stop_type", "stop_reason", "finish"],
    );
    // vLLM and SGLang: it ended at a text that the request named, not by an end token.
    let at = choice
        .get("stop_reason")
        .or_else(|| choice.get("matched_stop"));
    let at = at.or_else(|| reason?.get("matched"));
    if let (Some(Value::String(text)), true) = (at, choice.get("finish_reason").is_some()) {
        return LogFinish::Other(format!("stopped at {text:?}"));
    }
    match reason {
        // SGLang's own server: `{"type": "stop", ..}`.
        Some(Value::Object(reason)) => {
            LogFinish::of(reason.get("type").and_then(Value::as_str).unwrap_or(""))
        }
        Some(Value::String(reason)) => LogFinish::of(reason),
        _ => LogFinish::Unknown,
    }
}

impl LogAnswer {
    /// Nothing was generated.
    pub(super) fn is_empty(&self) -> bool {
        let has_text = self.text.as_ref().is_some_and(|text| !text.is_empty());
        let has_ids = self.ids.as_ref().is_some_and(|ids| !ids.is_empty());
        let has_tokens = self
            .tokens
            .as_ref()
            .is_some_and(|tokens| !tokens.is_empty());
        !has_text && !has_ids && !has_tokens
    }
}
