//! Fields of a JSON value: by dotted path, by one of many names, and inside texts that
//! hold JSON themselves.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::speculate::TokenId;

/// Names of fields that a message tells.
const N_NAMES: usize = 8;

/// The value at a dotted path: `request.body.user`, `choices.0.text`. A key with dots in
/// it is found, too.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<Cow<'a, Value>> {
    let whole = match unfolded(value) {
        Cow::Borrowed(value) => return found(value, path),
        Cow::Owned(whole) => whole,
    };
    found(&whole, path).map(|value| Cow::Owned(value.into_owned()))
}

fn found<'a>(value: &'a Value, path: &str) -> Option<Cow<'a, Value>> {
    if let Some(value) = step(value, path) {
        return Some(Cow::Borrowed(value));
    }
    let mut dots = path.match_indices('.');
    dots.find_map(|(dot, _)| at(step(value, &path[..dot])?, &path[dot + 1..]))
}

fn step<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(values) => values.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The JSON in a text that holds an object or a list; anything else as it is.
pub(super) fn unfolded(value: &Value) -> Cow<'_, Value> {
    let Value::String(text) = value else {
        return Cow::Borrowed(value);
    };
    let text = text.trim();
    let looks_like = text.starts_with('{') && text.ends_with('}')
        || text.starts_with('[') && text.ends_with(']');
    let parsed = looks_like.then(|| serde_json::from_str(text).ok());
    parsed.flatten().map_or(Cow::Borrowed(value), Cow::Owned)
}

/// The first of these names that has a value; capitals do not matter.
pub(super) fn named<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let fields = value.as_object()?;
    let field = |name: &&str| {
        let found = fields.get(*name).filter(|value| is_there(value));
        found.or_else(|| by_any_case(fields, name))
    };
    names.iter().find_map(field)
}

fn by_any_case<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut alike = fields
        .iter()
        .filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    alike
        .find(|(_, value)| is_there(value))
        .map(|(_, value)| value)
}

/// Empty columns and nulls are not there.
fn is_there(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

/// As [`named`], for short texts and numbers.
pub(super) fn word(value: &Value, names: &[&str]) -> Option<String> {
    named(value, names).and_then(as_word)
}

pub(super) fn as_word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        // Subjects of this program's own lines.
        Value::Object(fields) => fields.get("id").and_then(as_word),
        _ => None,
    }
}

/// As [`named`], for a number, also in a text.
pub(super) fn number(value: &Value, names: &[&str]) -> Option<f64> {
    match named(value, names)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Token ids: a list of whole numbers, or a text of them; `None` if one is something
/// else.
pub(super) fn ids(value: &Value) -> Option<Vec<TokenId>> {
    match unfolded(value).as_ref() {
        Value::Array(values) => values.iter().map(id).collect(),
        Value::String(text) => {
            let words = text.split([' ', ',', '\t']).filter(|word| !word.is_empty());
            words.map(|word| word.parse().ok()).collect()
        }
        _ => None,
    }
}

pub(super) fn id(value: &Value) -> Option<TokenId> {
    value.as_u64().and_then(|id| TokenId::try_from(id).ok())
}

/// The text of a message's content: a text, or the texts among its parts.
pub(super) fn content(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(part).collect();
            (!texts.is_empty()).then(|| texts.concat())
        }
        _ => None,
    }
}

fn part(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => value.get("text")?.as_str(),
    }
}

/// The names of the first fields, for messages.
pub(super) fn names(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return "no fields".to_owned();
    };
    let names: Vec<&str> = fields.keys().take(N_NAMES).map(String::as_str).collect();
    let more = if fields.len() > N_NAMES { ", .." } else { "" };
    match names.is_empty() {
        true => "no fields".to_owned(),
        false => format!("the fields {}{more}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_goes_through_objects_lists_and_json_in_texts() {
        let value = json!({
            "a": {"b": [{"c": 1}], "d.e": 2},
            "text": "{\"x\": {\"y\": 3}}",
            "f.g": 4,
        });
        for (path, want) in [("a.b.0.c", 1), ("a.d.e", 2), ("text.x.y", 3), ("f.g", 4)] {
            assert_eq!(at(&value, path).as_deref(), Some(&json!(want)), "{path}");
        }
        for path in ["a.b.1", "a.b.x", "", ".", "a..b", "text.x.z"] {
            assert_eq!(at(&value, path), None, "{path}");
        }
    }

    #[test]
    fn names_are_found_in_their_order_and_in_any_case() {
        let value = json!({"Prompt": "p", "input": null, "text": ""});
        assert_eq!(word(&value, &["input", "prompt"]).as_deref(), Some("p"));
        assert_eq!(word(&value, &["text"]), None);
    }

    #[test]
    fn ids_are_whole_numbers_within_their_type() {
        for good in [json!([1, 2]), json!("[1, 2]"), json!("1 2"), json!("1,2")] {
            assert_eq!(ids(&good), Some(vec![1, 2]), "{good}");
        }
        for bad in [
            json!([1.5]),
            json!([-1]),
            json!([4294967296_u64]),
            json!("1 x"),
            json!({}),
        ] {
            assert_eq!(ids(&bad), None, "{bad}");
        }
    }
}
