//! Parses RLMRec's answers: one JSON object with `summarization` and `reasoning`, as a
//! small model writes it. Code fences, text around the object, line breaks in strings
//! and a missing end are tolerated and reported. Cannot fail.

use serde::Serialize;

/// How valid the answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Validity {
    /// Valid JSON with both fields.
    Valid,
    /// Both fields, after tolerating fences, text around the object, line breaks,
    /// missing commas or a missing end.
    Repaired,
    /// One of the two fields.
    Partial,
    /// Neither.
    Invalid,
}

impl Validity {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// An answer's fields; `None`: missing or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnswerFields {
    pub(crate) summarization: Option<String>,
    pub(crate) reasoning: Option<String>,
    pub(crate) validity: Validity,
}

const SUMMARIZATION: &str = "summarization";
const REASONING: &str = "reasoning";

/// Reads an answer, its prefilled opening included.
pub(crate) fn read(text: &str) -> AnswerFields {
    if let Some(answer) = as_it_stands(text) {
        return answer;
    }
    let fields = fields(text);
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key.trim() == name);
        found
            .map(|(_, value)| value.trim().to_string())
            .filter(|v| !v.is_empty())
    };
    let (summarization, reasoning) = (field(SUMMARIZATION), field(REASONING));
    let validity = match (&summarization, &reasoning) {
        (Some(_), Some(_)) => Validity::Repaired,
        (None, None) => Validity::Invalid,
        _ => Validity::Partial,
    };
    AnswerFields {
        summarization,
        reasoning,
        validity,
    }
}

fn as_it_stands(text: &str) -> Option<AnswerFields> {
    let object: serde_json::Value = serde_json::from_str(text.trim()).ok()?;
    let field = |name: &str| {
        let value = object.get(name)?.as_str()?.trim();
        (!value.is_empty()).then(|| value.to_string())
    };
    Some(AnswerFields {
        summarization: Some(field(SUMMARIZATION)?),
        reasoning: Some(field(REASONING)?),
        validity: Validity::Valid,
    })
}

/// Every `"key": value` after the first brace, in order; a value that is not a string
/// is read up to the next comma, brace or line break.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut rest = &text[text.find('{').map_or(0, |at| at + 1)..];
    let mut fields = Vec::new();
    while let Some(at) = rest.find('"') {
        let (key, behind) = string(&rest[at + 1..]);
        rest = behind;
        let Some(value) = behind.trim_start().strip_prefix(':') else {
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = match value.strip_prefix('"') {
            Some(begun) => string(begun),
            None => bare(value),
        };
        fields.push((key, value));
        rest = behind;
    }
    fields
}

/// A string after its opening quote, and the rest after its end. A quote ends it if
/// valid JSON can follow; any other is part of it.
fn string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if ends_a_string(&text[at + 1..]) => return (value, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n' | 'r' | 't')) => value.push(' '),
                Some((at, 'u')) => {
                    value.push(unescaped(&text[at + 1..]));
                    chars.by_ref().take(4).for_each(drop);
                }
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            '\n' | '\r' | '\t' => value.push(' '),
            _ => value.push(c),
        }
    }
    (value, "")
}

fn ends_a_string(behind: &str) -> bool {
    let next = behind.trim_start().chars().next();
    matches!(next, None | Some(',' | ':' | '}' | ']' | '"' | '`'))
}

fn unescaped(hex: &str) -> char {
    let code = hex.get(..4).and_then(|h| u32::from_str_radix(h, 16).ok());
    code.and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn bare(text: &str) -> (String, &str) {
    let end = text.find([',', '}', '\n']).unwrap_or(text.len());
    (text[..end].to_string(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (Option<String>, Option<String>, Validity) {
        let answer = read(text);
        (answer.summarization, answer.reasoning, answer.validity)
    }

    #[test]
    fn what_a_small_model_writes_is_read() {
        let both = |validity| (Some("a b".to_string()), Some("c".to_string()), validity);
        let good = r#"{"summarization": "a b", "reasoning": "c"}"#;
        assert_eq!(parts(good), both(Validity::Valid));
        for text in [
            &format!("```json\n{good}\n```"),
            &format!("Here it is: {good} I hope this helps."),
            "{\"summarization\": \"a\nb\", \"reasoning\": \"c\"}",
            "{\"summarization\": \"a b\"\n\"reasoning\": \"c\"}",
            "{\"summarization\": \"a b\", \"reasoning\": \"c",
            "{\"summarization\": \"a b\", \"reasoning\": \"c\"",
            "{\"summarization\": \"a b\", \"reasoning\": \"c\",}",
            "{\"summarization\": \"a b\", \"reasoning\": c}",
        ] {
            assert_eq!(parts(text), both(Validity::Repaired), "{text}");
        }
        let quoted = read(r#"{"summarization": "a "b" c", "reasoning": "d\u00e9"}"#);
        assert_eq!(quoted.summarization.as_deref(), Some("a \"b\" c"));
        assert_eq!(quoted.reasoning.as_deref(), Some("d\u{e9}"));
        let cut = parts("{\"summarization\": \"a b");
        assert_eq!(cut, (Some("a b".into()), None, Validity::Partial));
        for nothing in [
            "",
            "{",
            "no JSON",
            "{}",
            "[1, 2]",
            "{\"summarization\": \"\"}",
        ] {
            assert_eq!(read(nothing).validity, Validity::Invalid, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(?s)[{}\\[\\]\":,`\\\\u0-9a-d\n\u{e9}\u{1f3ac} ]{0,60}") {
            read(&text);
            read(&format!("{{\"summarization\": \"{text}"));
        }

        #[test]
        fn what_json_can_say_comes_back_whole(a in "[^\\s\\pC]{1,20}", b in "[^\\s\\pC]{1,20}") {
            let text = serde_json::json!({ "summarization": a, "reasoning": b }).to_string();
            let want = (Some(a), Some(b), Validity::Valid);
            prop_assert_eq!(parts(&text), want);
            // Truncated anywhere, the result is a prefix.
            for (at, _) in text.char_indices() {
                let cut = read(&text[..at]);
                prop_assert!(cut.validity != Validity::Valid);
            }
        }
    }
}
