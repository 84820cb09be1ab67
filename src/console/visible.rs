//! Makes control characters visible, so that terminals do not act on them. Titles, ids,
//! file names, model output and error messages can contain anything.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// For one row of output; escapes line breaks and tabs, too.
pub(crate) fn row(text: &str) -> Cow<'_, str> {
    shown(text, |_| false)
}

/// For running text; keeps line breaks (`\n` and `\r\n`) and tabs.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        return Cow::Owned(shown(&text.replace("\r\n", "\n"), is_white).into_owned());
    }
    shown(text, is_white)
}

fn is_white(c: char) -> bool {
    matches!(c, '\n' | '\t')
}

/// Characters that control a terminal or mislead a reader: C0 and C1 controls, DEL,
/// Unicode's line and paragraph separators, and the characters that reverse the text after
/// them (UAX #9's embeddings, overrides and isolates).
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shown(text: &str, is_kept: fn(char) -> bool) -> Cow<'_, str> {
    let is_replaced = |c: char| is_control(c) && !is_kept(c);
    if !text.contains(is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_replaced(c) => out.push(c),
            '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + c as u32)),
            '\u{7f}' => out.push('␡'),
            other => out.extend(other.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// A value as JSON on one line, without control characters.
///
/// # Errors
/// A map whose keys are not strings.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut writer = Serializer::with_formatter(&mut line, EscapedControls);
    value.serialize(&mut writer)?;
    Ok(line)
}

/// JSON with every control character escaped, including C1 and DEL (`serde_json` escapes
/// only C0). It parses back to the same value.
struct EscapedControls;

impl Formatter for EscapedControls {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_control) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                write!(out, "\\u{:04x}", c as u32)?;
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_are_pictures_or_numbers() {
        assert_eq!(row("a\x1b]52;c;\x07b\u{9b}2J\x7f"), "a␛]52;c;␇b\\u{9b}2J␡");
        assert_eq!(row("one\ntwo\tthree\r"), "one␊two␉three␍");
        assert_eq!(row("\u{202e}x\u{2028}"), "\\u{202e}x\\u{2028}");
        assert_eq!(text("one\r\ntwo\tthree\r"), "one\ntwo\tthree␍");
    }

    #[test]
    fn harmless_text_is_not_copied() {
        for plain in ["日本 é 👩‍🚀", "12\" Remixes", ""] {
            assert!(matches!(row(plain), Cow::Borrowed(same) if same == plain));
        }
        assert!(matches!(text("a\n\tb"), Cow::Borrowed(_)));
    }

    /// Text with as many control characters as letters.
    const HOSTILE: &str =
        "(?s)(.|[\\x00-\\x1f\\x7f-\\x9f\u{2028}-\u{202e}\u{2066}-\u{2069}]){0,40}";

    proptest! {
        #[test]
        fn nothing_is_left_to_obey(given in HOSTILE) {
            prop_assert!(!row(&given).contains(is_control));
            prop_assert!(!text(&given).contains(|c| is_control(c) && !is_white(c)));
        }

        #[test]
        fn json_loses_nothing(given in HOSTILE) {
            let value = serde_json::json!({ given.as_str(): [&given] });
            let written = String::from_utf8(json(&value).expect("plain data")).expect("UTF-8");
            prop_assert!(!written.contains(is_control), "{:?}", written);
            let read: serde_json::Value = serde_json::from_str(&written).expect("JSON");
            prop_assert_eq!(read, value);
        }
    }
}
