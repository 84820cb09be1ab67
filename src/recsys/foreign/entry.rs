//! One answer of a foreign file, whatever its fields are called.

use serde_json::{Map, Value};

use super::super::subject::SubjectKind;
use super::answer_text::{answer, no_answer, said};
use super::lenient_json::{self, Repair};
use super::markers;

/// Names of the subject's id, without underscores and capitals, and their kinds; the
/// first one present counts. In batch responses, `id` is the request's.
const IDS: [(&str, Option<SubjectKind>); 20] = [
    ("customid", None),
    ("id", None),
    ("uid", Some(SubjectKind::User)),
    ("userid", Some(SubjectKind::User)),
    ("user", Some(SubjectKind::User)),
    ("reviewerid", Some(SubjectKind::User)),
    ("iid", Some(SubjectKind::Item)),
    ("itemid", Some(SubjectKind::Item)),
    ("item", Some(SubjectKind::Item)),
    ("movieid", Some(SubjectKind::Item)),
    ("bookid", Some(SubjectKind::Item)),
    ("newsid", Some(SubjectKind::Item)),
    ("businessid", Some(SubjectKind::Item)),
    ("mid", Some(SubjectKind::Item)),
    ("bid", Some(SubjectKind::Item)),
    ("nid", Some(SubjectKind::Item)),
    ("asin", Some(SubjectKind::Item)),
    ("parentasin", Some(SubjectKind::Item)),
    ("idx", None),
    ("index", None),
];

/// An answer for the pools; `None` where its file does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    /// As written: `item`, `user`, ..
    pub(crate) kind: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) framework: Option<String>,
    /// The model that wrote it.
    pub(crate) model: Option<String>,
    pub(crate) text: String,
    /// The answer ended by an end-of-text token, not at a limit.
    pub(crate) ended: bool,
    /// What was removed from the text.
    pub(crate) removed: Removed,
}

/// What surrounded an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) reasoning: bool,
    pub(crate) markers: bool,
}

impl Document {
    pub(super) fn is_id_name(name: &str) -> bool {
        id_name(name).is_some()
    }

    /// An answer's fields.
    ///
    /// # Errors
    /// What is missing, with the id if there is one.
    pub(super) fn of_fields(
        fields: &Map<String, Value>,
        repair: Option<Repair>,
    ) -> Result<Self, String> {
        let (id, kind) = id_of(fields)?;
        let own = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_string);
        let named = own("kind").filter(|kind| !kind.trim().is_empty());
        let document = answer(fields, repair).and_then(|text| Self::of_text(&id, &text));
        Ok(Document {
            title: own("title").filter(|title| !title.trim().is_empty()),
            kind: named.or(kind.map(|kind| kind.to_string())),
            group: own("group").filter(|group| !group.is_empty()),
            framework: own("framework").filter(|name| !name.is_empty()),
            model: own("model").filter(|name| !name.is_empty()),
            ended: fields.get("ended").and_then(Value::as_bool).unwrap_or(true),
            ..document.map_err(|why| format!("`{id}`: {why}"))?
        })
    }

    /// `[id, prompt, answer]`, or `[id, answer]`.
    pub(super) fn of_values(values: &[Value], repair: Option<Repair>) -> Result<Self, String> {
        let (Some(id), Some(answer)) = (values.first(), values.get(1..).and_then(<[_]>::last))
        else {
            return Err("a list of fewer than two".into());
        };
        let id = plain(id).ok_or("the id is neither a string nor a number")?;
        Self::of_pair(&id, answer, repair)
    }

    /// An id and its value: `{"prompt": .., "ans": ..}`, messages, or the answer.
    pub(super) fn of_pair(id: &str, value: &Value, repair: Option<Repair>) -> Result<Self, String> {
        let id = id.trim();
        // An id stored as a float.
        let whole = id.strip_suffix(".0");
        let whole = whole.filter(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit()));
        let id = whole.unwrap_or(id);
        let text = match value {
            Value::Object(fields) => answer(fields, repair),
            other => said(other).ok_or_else(|| no_answer(repair)),
        };
        text.and_then(|text| Self::of_text(id, &text))
            .map_err(|why| format!("`{id}`: {why}"))
    }

    /// `id TAB text`.
    pub(super) fn of_tab(id: &str, text: &str) -> Result<Self, String> {
        let id = id.trim();
        Self::of_text(id, text.trim()).map_err(|why| format!("`{id}`: {why}"))
    }

    fn of_text(id: &str, text: &str) -> Result<Self, String> {
        if id.is_empty() {
            return Err("the id is empty".into());
        }
        let cleaned = markers::cleaned(text);
        if cleaned.text.trim().is_empty() {
            return Err(match text.trim().is_empty() {
                true => "the text is empty".into(),
                false => "only reasoning, no answer".into(),
            });
        }
        Ok(Document {
            id: id.to_string(),
            title: None,
            kind: None,
            group: None,
            framework: None,
            model: None,
            text: cleaned.text,
            ended: true,
            removed: Removed {
                reasoning: cleaned.had_reasoning,
                markers: cleaned.had_markers,
            },
        })
    }
}

/// The index of a field's name among those of ids.
fn id_name(name: &str) -> Option<usize> {
    let letters: String = name.chars().filter(|c| *c != '_').collect();
    let letters = letters.to_ascii_lowercase();
    IDS.iter().position(|(name, _)| *name == letters)
}

/// The id by the first name present, and its kind.
fn id_of(fields: &Map<String, Value>) -> Result<(String, Option<SubjectKind>), String> {
    let named = fields.iter();
    let named = named.filter_map(|(name, value)| Some((id_name(name)?, value)));
    let (name, id) = named
        .min_by_key(|(name, _)| *name)
        .ok_or("no id (id, uid, item_id, ..)")?;
    let id = plain(id).filter(|id| !id.is_empty());
    let id = id.ok_or("the id is neither a string nor a number")?;
    Ok((id, IDS[name].1))
}

/// The id that a damaged entry seems to have.
pub(super) fn id_within(raw: &str) -> Option<String> {
    let quotes = raw.match_indices('"').map(|(at, _)| at);
    let mut names = quotes.filter_map(|at| {
        let len = lenient_json::string_len(&raw[at..])?;
        let name = &raw[at + 1..at + len - 1];
        let value = raw[at + len..].trim_start().strip_prefix(':')?.trim_start();
        id_name(name)?;
        let len = match value.starts_with('"') {
            true => lenient_json::string_len(value)?,
            false => value.find([',', '}'])?,
        };
        let id = value[..len].trim().trim_matches('"');
        (!id.is_empty() && id.len() <= 100).then(|| id.to_string())
    });
    names.next()
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_string()),
        Value::Number(number) => {
            let text = number.to_string();
            Some(text.strip_suffix(".0").unwrap_or(&text).to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<(String, Option<String>, String), String> {
        let fields = value.as_object().expect("an object");
        let doc = Document::of_fields(fields, None)?;
        Ok((doc.id, doc.kind, doc.text))
    }

    #[test]
    fn answers_are_found_whatever_they_are_called() {
        let asked = json!({"role": "user", "content": "Introduce it."});
        let answered = json!({"role": "assistant", "content": "Tense."});
        for entry in [
            json!({"id": "i1", "text": "Tense."}),
            json!({"id": "i1", "prompt": "Introduce it.", "completion": " Tense."}),
            json!({"id": "i1", "messages": [asked, answered]}),
            json!({"id": "i1", "messages": [{"role": "assistant", "content": [{"type": "text", "text": "Tense."}]}]}),
            json!({"id": "i1", "conversations": [{"from": "human", "value": "?"}, {"from": "gpt", "value": "Tense."}]}),
            json!({"id": "batch_1", "custom_id": "i1", "response": {"status_code": 200, "body": {"choices": [{"message": answered}]}}}),
            json!({"id": "i1", "choices": [{"index": 0, "text": "Tense."}]}),
            json!({"ID": "i1", "Answer": "Tense."}),
        ] {
            let want = ("i1".into(), None, "Tense.".into());
            assert_eq!(read(&entry), Ok(want), "{entry}");
        }
    }

    #[test]
    fn ids_are_text_or_numbers_and_say_whom_they_mean() {
        for (entry, id, kind) in [
            (json!({"id": 1, "text": "a"}), "1", None),
            (json!({"id": 1.0, "text": "a"}), "1", None),
            (json!({"user_id": 7, "text": "a"}), "7", Some("user")),
            (json!({"movieId": 7, "text": "a"}), "7", Some("item")),
            (
                json!({"id": "x", "kind": "user", "text": "a"}),
                "x",
                Some("user"),
            ),
        ] {
            let want = (id.into(), kind.map(String::from), "a".into());
            assert_eq!(read(&entry), Ok(want), "{entry}");
        }
        for (entry, why) in [
            (json!({"text": "a"}), "no id"),
            (
                json!({"id": null, "text": "a"}),
                "neither a string nor a number",
            ),
            (json!({"id": "i1", "text": 3}), "`i1`: no answer"),
            (json!({"id": "i1", "text": " "}), "`i1`: the text is empty"),
            (
                json!({"id": "i1", "messages": [{"role": "user", "content": "?"}]}),
                "`i1`: no answer",
            ),
        ] {
            let error = read(&entry).expect_err("bad");
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_damaged_entry_is_named_by_the_id_in_it() {
        assert_eq!(
            id_within(r#"{"id": "i7", "text": "a"b"}"#),
            Some("i7".into())
        );
        assert_eq!(
            id_within(r#"{"prompt": "id", "uid": 31, x"#),
            Some("31".into())
        );
        assert_eq!(id_within(r#"{"text": "no"}"#), None);
    }
}
