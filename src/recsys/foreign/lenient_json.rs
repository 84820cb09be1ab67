//! JSON as other programs write it: `NaN` and `Infinity` in place of numbers, half of a
//! surrogate pair in a string, raw control characters. Also finds where a value ends
//! without parsing it. Does not know what values mean.

use serde_json::Value;

/// These are escaped by name in JSON strings.
const SHORT_ESCAPES: [(char, char); 3] = [('\n', 'n'), ('\r', 'r'), ('\t', 't')];

/// What was dropped from a value to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    NotANumber,
    LoneSurrogate,
}

impl Repair {
    /// For a message about the value.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Repair::NotANumber => "NaN is not a string",
            Repair::LoneSurrogate => {
                "it contains half of a surrogate pair, which is not valid \
                text"
            }
        }
    }
}

/// Parses one whole value. `NaN`, infinities and strings with a lone surrogate
/// become null.
///
/// # Errors
/// What is wrong with it, without the place.
pub(super) fn parse(text: &str) -> Result<(Value, Option<Repair>), String> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok((value, None)),
        Err(error) => error,
    };
    let (repaired, repair) = repaired(text);
    match serde_json::from_str(&repaired) {
        Ok(value) => Ok((value, repair)),
        Err(_) => Err(what(&error)),
    }
}

/// The parser's message without its place in the value.
pub(super) fn what(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = message.rsplit_once(" at line ");
    place.map_or(message.clone(), |(what, _)| what.to_string())
}

/// Bytes of the string that `text` begins with, its quotes included; `None` if it
/// does not end.
pub(super) fn string_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Bytes of the value that `text` begins with; `None` if it does not end.
pub(super) fn value_len(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at += string_len(&text[at..])? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            b',' | b'\n' if depth == 0 => return Some(at),
            _ if depth == 0 => {
                at += 1;
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    (depth == 0 && at > 0).then_some(at)
}

/// The text with everything replaced that is not valid JSON.
fn repaired(text: &str) -> (String, Option<Repair>) {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut repair) = (text, None);
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let len = string_len(rest).unwrap_or(rest.len());
            let (string, behind) = rest.split_at(len);
            if has_lone_surrogate(string) {
                repair = Some(Repair::LoneSurrogate);
                out.push_str("null");
            } else {
                push_string(&mut out, string);
            }
            rest = behind;
        } else if let Some(behind) = after_not_a_number(rest) {
            repair = repair.or(Some(Repair::NotANumber));
            out.push_str("null");
            rest = behind;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (out, repair)
}

fn after_not_a_number(text: &str) -> Option<&str> {
    let words = ["NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"];
    let behind = words.iter().find_map(|word| text.strip_prefix(word))?;
    let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    ends.then_some(behind)
}

fn push_string(out: &mut String, string: &str) {
    for c in string.chars() {
        let short = SHORT_ESCAPES.iter().find(|(raw, _)| *raw == c);
        match short {
            Some((_, letter)) => out.extend(['\\', *letter]),
            None if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            None => out.push(c),
        }
    }
}

/// An unpaired `\u` surrogate escape.
fn has_lone_surrogate(string: &str) -> bool {
    let bytes = string.as_bytes();
    let (mut at, mut high) = (0, false);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            if high {
                return true;
            }
            at += 1;
            continue;
        }
        let unit = code_unit(string, at);
        match unit {
            Some(0xdc00..=0xdfff) if high => high = false,
            Some(0xdc00..=0xdfff) => return true,
            _ if high => return true,
            Some(0xd800..=0xdbff) => high = true,
            _ => {}
        }
        at += if unit.is_some() { 6 } else { 2 };
    }
    high
}

/// The UTF-16 code unit escaped at this byte.
fn code_unit(string: &str, at: usize) -> Option<u32> {
    let digits = string.get(at..)?.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_python_writes_is_read_and_the_rest_of_it_kept() {
        let text = r#"{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN \"NaN\"", "d": "half \ud83c", "e": 2}"#;
        let want = json!({"a": null, "b": [null, null], "c": "NaN \"NaN\"", "d": null, "e": 2});
        assert_eq!(parse(text), Ok((want, Some(Repair::LoneSurrogate))));
        let raw = "{\"a\": \"two\nlines\tand \u{1}\"}";
        let want = json!({"a": "two\nlines\tand \u{1}"});
        assert_eq!(parse(raw), Ok((want, None)));
    }

    #[test]
    fn whole_pairs_of_surrogates_stay() {
        for whole in [
            r#""\ud83c\udfac""#,
            r#""\\ud83c""#,
            r#""\u00e9\ud83d\ude00!""#,
        ] {
            assert!(!has_lone_surrogate(whole), "{whole}");
        }
        for half in [
            r#""\ud83c""#,
            r#""\udfac\ud83c""#,
            r#""\ud83c \udfac""#,
            r#""\ud83c\n""#,
        ] {
            assert!(has_lone_surrogate(half), "{half}");
        }
    }

    #[test]
    fn a_value_ends_where_json_says() {
        for (text, len) in [
            (r#"{"a": "}"} , 2"#, Some(10)),
            (r#"["a\"]", [1]], x"#, Some(13)),
            (r#""a" "#, Some(3)),
            ("NaN, 2", Some(3)),
            ("12}", Some(2)),
            (r#"{"a": "#, None),
            (r#""a"#, None),
        ] {
            assert_eq!(value_len(text), len, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\"\\\\:,u0-9dDcCaNn\u{e9}\n -]{0,40}") {
            let _ = (parse(&text), value_len(&text), has_lone_surrogate(&text));
        }

        #[test]
        fn what_is_json_ends_where_it_ends(text in ".*", number in any::<i32>()) {
            let json = json!({"a": [&text, number], "b": {"c": &text}}).to_string();
            prop_assert_eq!(value_len(&(json.clone() + ", 1")), Some(json.len()));
            let (value, repair) = parse(&json).expect("JSON");
            prop_assert_eq!((value.to_string(), repair), (json, None));
        }
    }
}
