//! A request: its prompts, and how it is to be sampled.

use serde_json::Value;

use super::entry::{LogMessage, LogPrompt, LogPromptText};
use super::fields::{content, id, ids, named, number, unfolded, word};

/// Where a request is nested.
const BODIES: [&str; 3] = ["body", "params", "json"];
/// Where its sampling is nested.
const SAMPLING: [&str; 5] = [
    "sampling_params",
    "parameters",
    "model_parameters",
    "optional_params",
    "params",
];

/// What was asked.
#[derive(Clone, Debug, Default)]
pub(super) struct LoggedRequest {
    /// One, or several in one request.
    prompts: Vec<LogPrompt>,
    pub(super) temperature: Option<f64>,
    pub(super) model: Option<String>,
    /// The answer's text begins with the prompt.
    pub(super) echo: bool,
}

impl LoggedRequest {
    /// Of a request, or of an entry that has the request's fields; also in a text, or in
    /// the body of an HTTP request.
    pub(super) fn of(request: &Value) -> Self {
        let request = unfolded(request);
        let body = named(&request, &BODIES).map(unfolded);
        let request = match &body {
            Some(body) if body.is_object() => body,
            _ => &request,
        };
        LoggedRequest {
            prompts: prompts(request),
            temperature: temperature(request),
            model: word(request, &["model"]),
            echo: request.get("echo").and_then(Value::as_bool) == Some(true),
        }
    }

    /// The prompt of one of `n` choices: with several prompts, each has as many.
    pub(super) fn prompt(&self, choice: usize, n: usize) -> LogPrompt {
        let per_prompt = (n / self.prompts.len().max(1)).max(1);
        let prompt = self.prompts.get(choice / per_prompt);
        prompt.or(self.prompts.first()).cloned().unwrap_or_default()
    }

    pub(super) fn has_prompt(&self) -> bool {
        !self.prompts.is_empty()
    }
}

fn temperature(request: &Value) -> Option<f64> {
    let nested = SAMPLING.iter().filter_map(|name| request.get(name));
    let mut places = std::iter::once(request).chain(nested);
    places.find_map(|place| number(unfolded(place).as_ref(), &["temperature"]))
}

fn prompts(request: &Value) -> Vec<LogPrompt> {
    let logged = named(request, &["prompt_token_ids", "prompt_ids"]).and_then(ids);
    let mut prompts = worded(request);
    if let Some(ids) = logged {
        match prompts.as_mut_slice() {
            [only] => only.ids = Some(ids),
            _ => prompts = vec![of_ids(ids)],
        }
    }
    prompts
}

fn worded(request: &Value) -> Vec<LogPrompt> {
    if let Some(messages) = named(request, &["messages"]) {
        let system = word(request, &["system"]);
        return messages_after(system, messages).into_iter().collect();
    }
    if let Some(prompt) = named(request, &["prompt", "inputs", "input_ids"]) {
        return prompts_of(prompt);
    }
    match named(request, &["input"]) {
        Some(input) => messages_after(word(request, &["instructions"]), input)
            .into_iter()
            .collect(),
        None => Vec::new(),
    }
}

/// A text, messages or token ids, or a list of those.
fn prompts_of(value: &Value) -> Vec<LogPrompt> {
    match value {
        Value::Array(values) if values.iter().all(Value::is_string) => {
            let texts = values.iter().filter_map(Value::as_str);
            texts.map(|text| of_text(text.to_owned())).collect()
        }
        Value::Array(values) if values.iter().all(Value::is_array) => {
            values.iter().filter_map(prompt_of).collect()
        }
        value => prompt_of(value).into_iter().collect(),
    }
}

/// A text, messages or token ids. A text of JSON is messages if each element is one, and a
/// text otherwise.
pub(super) fn prompt_of(value: &Value) -> Option<LogPrompt> {
    match value {
        Value::String(text) => match unfolded(value).as_array() {
            Some(values) if values.iter().all(|value| message(value).is_some()) => {
                of_messages(values)
            }
            _ => Some(of_text(text.clone())),
        },
        Value::Array(values) if !values.is_empty() => match values.iter().map(id).collect() {
            Some(ids) => Some(of_ids(ids)),
            None => of_messages(values),
        },
        Value::Object(_) => worded(value).into_iter().next(),
        _ => None,
    }
}

fn messages_after(system: Option<String>, value: &Value) -> Option<LogPrompt> {
    let mut prompt = prompt_of(value)?;
    let Some(content) = system else {
        return Some(prompt);
    };
    let system = LogMessage {
        role: "system".to_owned(),
        content,
    };
    prompt.text = match prompt.text {
        LogPromptText::Messages(mut messages) => {
            messages.insert(0, system);
            LogPromptText::Messages(messages)
        }
        LogPromptText::Text(text) => {
            let user = LogMessage {
                role: "user".to_owned(),
                content: text,
            };
            LogPromptText::Messages(vec![system, user])
        }
        LogPromptText::Absent => LogPromptText::Absent,
    };
    Some(prompt)
}

fn of_text(text: String) -> LogPrompt {
    LogPrompt {
        text: LogPromptText::Text(text),
        ids: None,
    }
}

fn of_ids(ids: Vec<u32>) -> LogPrompt {
    LogPrompt {
        ids: Some(ids),
        text: LogPromptText::Absent,
    }
}

fn of_messages(values: &[Value]) -> Option<LogPrompt> {
    let messages: Vec<LogMessage> = values.iter().filter_map(message).collect();
    (!messages.is_empty()).then_some(LogPrompt {
        ids: None,
        text: LogPromptText::Messages(messages),
    })
}

/// A turn, in OpenAI's names or in ShareGPT's.
pub(super) fn message(value: &Value) -> Option<LogMessage> {
    let role = match value.get("role").or_else(|| value.get("from"))?.as_str()? {
        "human" => "user",
        "gpt" | "chatgpt" | "bing" | "bard" | "model" | "bot" => "assistant",
        "developer" => "system",
        other => other,
    };
    let said = named(value, &["content", "value"]);
    Some(LogMessage {
        role: role.to_owned(),
        content: said.and_then(content).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(prompt: &LogPrompt) -> String {
        match &prompt.text {
            LogPromptText::Absent => format!("{:?}", prompt.ids),
            LogPromptText::Text(text) => text.clone(),
            LogPromptText::Messages(messages) => {
                let turn = |m: &LogMessage| format!("<{}>{}", m.role, m.content);
                messages.iter().map(turn).collect()
            }
        }
    }

    #[test]
    fn a_request_names_its_prompt_in_many_ways() {
        for (request, want) in [
            (json!({"prompt": "p"}), "p"),
            (json!({"prompt": [1, 2]}), "Some([1, 2])"),
            (json!({"prompt": [[1, 2]]}), "Some([1, 2])"),
            (
                json!({"messages": [{"role": "user", "content": "p"}]}),
                "<user>p",
            ),
            (
                json!({"messages": [{"role": "user", "content": [
                    {"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"},
                ]}]}),
                "<user>ab",
            ),
            (
                json!({"system": "s", "messages": [{"role": "user", "content": "p"}]}),
                "<system>s<user>p",
            ),
            (
                json!({"input": "p", "instructions": "s"}),
                "<system>s<user>p",
            ),
            (json!({"body": {"prompt": "p"}, "method": "POST"}), "p"),
            (json!("{\"prompt\": \"p\"}"), "p"),
        ] {
            assert_eq!(
                text(&LoggedRequest::of(&request).prompt(0, 1)),
                want,
                "{request}"
            );
        }
    }

    #[test]
    fn several_prompts_share_the_choices_in_order() {
        let asked =
            LoggedRequest::of(&json!({"prompt": ["a", "b"], "temperature": 0, "model": "m"}));
        let prompts: Vec<String> = (0..4).map(|i| text(&asked.prompt(i, 4))).collect();
        assert_eq!(prompts, ["a", "a", "b", "b"]);
        assert_eq!(
            (asked.temperature, asked.model.as_deref()),
            (Some(0.0), Some("m"))
        );
    }
}
