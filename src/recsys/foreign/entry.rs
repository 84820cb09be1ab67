//! One answer of somebody else's file, whatever its fields are called.

use serde_json::{Map, Value};

use super::super::catalog::SubjectKind;

/// Names of the subject's id, and whom each means.
const IDS: [(&str, Option<SubjectKind>); 14] = [
    ("id", None),
    ("uid", Some(SubjectKind::User)),
    ("user_id", Some(SubjectKind::User)),
    ("user", Some(SubjectKind::User)),
    ("iid", Some(SubjectKind::Item)),
    ("item_id", Some(SubjectKind::Item)),
    ("item", Some(SubjectKind::Item)),
    ("mid", Some(SubjectKind::Item)),
    ("bid", Some(SubjectKind::Item)),
    ("nid", Some(SubjectKind::Item)),
    ("asin", Some(SubjectKind::Item)),
    ("parent_asin", Some(SubjectKind::Item)),
    ("idx", None),
    ("index", None),
];
/// Names of the answer.
const TEXTS: [&str; 14] = [
    "text",
    "ans",
    "answer",
    "answers",
    "knowledge",
    "interest",
    "news",
    "book",
    "movie",
    "description",
    "output",
    "response",
    "generated_text",
    "summary",
];

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub id: String,
    pub kind: Option<SubjectKind>,
    pub text: String,
    pub framework: Option<String>,
    pub model: Option<String>,
}

impl Entry {
    /// `id TAB text`, an item's.
    pub fn of_tab(id: &str, text: &str) -> Result<Self, String> {
        let id = id.trim();
        if id.is_empty() {
            return Err("the id is empty".into());
        }
        let text = text.trim();
        if text.is_empty() {
            return Err("the text is empty".into());
        }
        Ok(Entry {
            id: id.to_string(),
            kind: None,
            text: text.to_string(),
            framework: None,
            model: None,
        })
    }

    /// A line of JSON, or of a JSON string that holds JSON.
    pub fn of_json(line: &str) -> Result<Self, String> {
        let parse = |text: &str| serde_json::from_str::<Value>(text.trim());
        let outer = parse(line).map_err(|_| "no whole JSON".to_string())?;
        let value = match outer {
            Value::String(inner) => {
                parse(&inner).map_err(|_| "the string holds no whole JSON".to_string())?
            }
            other => other,
        };
        match value {
            Value::Object(fields) => Self::of_fields(&fields),
            Value::Array(values) => Self::of_values(&values),
            _ => Err("neither an object nor a list".into()),
        }
    }

    fn of_fields(fields: &Map<String, Value>) -> Result<Self, String> {
        let mut only = fields.iter();
        if let (Some((id, value @ Value::Object(_))), None) = (only.next(), only.next()) {
            return Self::of_pair(id, value);
        }
        let named = IDS
            .iter()
            .find_map(|&(name, kind)| Some((fields.get(name)?, kind)));
        let (id, kind) = named.ok_or("no id (id, uid, item_id, ..)")?;
        let id = plain(id)
            .filter(|id| !id.is_empty())
            .ok_or("the id is neither text nor a number")?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_string);
        Ok(Entry {
            id,
            kind: text("kind").and_then(|kind| kind.parse().ok()).or(kind),
            text: answer(fields)?,
            framework: text("framework"),
            model: text("model"),
        })
    }

    /// `[id, prompt, answer]`, or `[id, answer]`.
    fn of_values(values: &[Value]) -> Result<Self, String> {
        let (Some(id), Some(text)) = (values.first(), values.get(1..).and_then(<[_]>::last)) else {
            return Err("a list of fewer than two".into());
        };
        let id = plain(id).ok_or("the id is neither text nor a number")?;
        Self::of_tab(&id, &said(text).ok_or("no answer")?)
    }

    /// An id and what is said of it: `{"prompt": .., "ans": ..}`, or the answer.
    pub fn of_pair(id: &str, value: &Value) -> Result<Self, String> {
        let text = match value {
            Value::Object(fields) => answer(fields)?,
            other => said(other).ok_or("no answer")?,
        };
        Self::of_tab(id, &text)
    }
}

fn answer(fields: &Map<String, Value>) -> Result<String, String> {
    let found = TEXTS
        .iter()
        .find_map(|name| fields.get(*name).and_then(said));
    let text = found.ok_or("no answer (ans, answer, text, interest, ..)")?;
    match text.is_empty() {
        true => Err("the text is empty".into()),
        false => Ok(text),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text; a list of phrases as a sentence would have them.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::Array(values) => {
            let phrases: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            (!phrases.is_empty()).then(|| phrases.join(", "))
        }
        Value::String(text) => Some(text.trim().to_string()),
        _ => None,
    }
}
