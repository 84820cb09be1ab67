//! A value as written by Python's `repr` or `json`: both kinds of quotes, `True`,
//! `None`, tuples, as in Amazon's 2014 products; and `NaN` and `Infinity`, which are
//! not JSON and mean "missing".

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::refusal::{Reason, Refusal};

/// Maximum nesting: damaged lines must not overflow the stack.
const DEPTH_MAX: usize = 64;
/// `\udc00`.
const LOW_SURROGATE_BYTES: usize = 6;

/// Parses one whole literal.
///
/// # Errors
/// What was expected, and at which byte.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_space();
    match parser.at == text.len() {
        true => Ok(value),
        false => Err(parser.expected("the end")),
    }
}

/// Parses a line with one object, as JSON or as a Python literal.
pub(crate) fn object<T: DeserializeOwned>(line: &str) -> Result<T, Refusal> {
    let as_json = match serde_json::from_str(line) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // The parser's own line number would always be 1.
    let as_json = as_json.to_string();
    let as_json = as_json.rsplit_once(" at line ").map_or(&*as_json, |m| m.0);
    let refused = |what: String| Refusal::row(Reason::NotAnObject, what);
    match parse(line) {
        Ok(value) => serde_json::from_value(value).map_err(|e| refused(e.to_string())),
        Err(_) => Err(refused(format!(
            "neither a JSON nor a Python object: {as_json}"
        ))),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn expected(&self, what: &str) -> String {
        format!("expected {what} at byte {}", self.at)
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Consumes this text, if it is next.
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(self.expected("less nesting"));
        }
        self.skip_space();
        for (word, value) in [
            ("True", Value::Bool(true)),
            ("true", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("false", Value::Bool(false)),
            ("None", Value::Null),
            ("null", Value::Null),
            ("NaN", Value::Null),
            ("nan", Value::Null),
            ("Infinity", Value::Null),
            ("-Infinity", Value::Null),
            ("inf", Value::Null),
            ("-inf", Value::Null),
        ] {
            if self.take(word) {
                return Ok(value);
            }
        }
        match self.rest().as_bytes().first() {
            Some(b'{') => self.dict(depth),
            Some(b'[') => self.list("[", "]", depth),
            Some(b'(') => self.list("(", ")", depth),
            Some(b'\'' | b'"' | b'u' | b'b' | b'r') => self.string().map(Value::String),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => self.number(),
            _ => Err(self.expected("a value")),
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value, String> {
        self.take("{");
        let mut map = Map::new();
        loop {
            self.skip_space();
            if self.take("}") {
                return Ok(Value::Object(map));
            }
            let key = match self.value(depth + 1)? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            self.skip_space();
            if !self.take(":") {
                return Err(self.expected("`:`"));
            }
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.separator("}")?;
        }
    }

    fn list(&mut self, open: &str, close: &str, depth: usize) -> Result<Value, String> {
        self.take(open);
        let mut values = Vec::new();
        loop {
            self.skip_space();
            if self.take(close) {
                return Ok(Value::Array(values));
            }
            values.push(self.value(depth + 1)?);
            self.separator(close)?;
        }
    }

    /// A comma, or nothing before the closing bracket.
    fn separator(&mut self, close: &str) -> Result<(), String> {
        self.skip_space();
        match self.take(",") || self.rest().starts_with(close) {
            true => Ok(()),
            false => Err(self.expected(&format!("`,` or `{close}`"))),
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let text = &rest[..end];
        let whole = text.parse::<i64>().ok().map(Number::from);
        let value = match (whole, text.parse::<f64>()) {
            (Some(whole), _) => Value::Number(whole),
            // Out-of-range numbers count as missing.
            (None, Ok(number)) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            (None, Err(_)) => return Err(self.expected("a number")),
        };
        self.at += end;
        // Python 2 marked long integers.
        self.take("L");
        Ok(value)
    }

    fn string(&mut self) -> Result<String, String> {
        let raw = self.prefix();
        let quote = match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => quote,
            _ => return Err(self.expected("a string")),
        };
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(self.expected("the string's end"));
            };
            self.at += c.len_utf8();
            match c {
                _ if c == quote => return Ok(text),
                '\\' if !raw => self.escape(&mut text)?,
                _ => text.push(c),
            }
        }
    }

    /// Skips `u`, `b` and `r` before a quote; whether it was raw.
    fn prefix(&mut self) -> bool {
        match self.rest().as_bytes().first() {
            Some(b'u' | b'b') => {
                self.at += 1;
                false
            }
            Some(b'r') => {
                self.at += 1;
                true
            }
            _ => false,
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), String> {
        let Some(c) = self.rest().chars().next() else {
            return Err(self.expected("an escaped character"));
        };
        self.at += c.len_utf8();
        match c {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '/' => text.push('/'),
            'x' => self.code_point(2, text)?,
            'u' => self.code_point(4, text)?,
            'U' => self.code_point(8, text)?,
            '\\' | '\'' | '"' => text.push(c),
            // As in Python: an unknown escape is two characters.
            _ => text.extend(['\\', c]),
        }
        Ok(())
    }

    fn code_point(&mut self, n_digits: usize, text: &mut String) -> Result<(), String> {
        let number = self
            .rest()
            .get(..n_digits)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.expected("hexadecimal digits"))?;
        self.at += n_digits;
        let low = || {
            self.low_surrogate()
                .filter(|_| (0xd800..0xdc00).contains(&number))
        };
        if let Some(low) = low() {
            self.at += LOW_SURROGATE_BYTES;
            let both = 0x1_0000 + ((number - 0xd800) << 10) + (low - 0xdc00);
            text.extend(char::from_u32(both));
            return Ok(());
        }
        // Half of a surrogate pair is not a character.
        text.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    /// The second half of a pair, if an escape for one is next.
    fn low_surrogate(&self) -> Option<u32> {
        let digits = self.rest().strip_prefix("\\u")?.get(..4)?;
        let low = u32::from_str_radix(digits, 16).ok()?;
        (0xdc00..0xe000).contains(&low).then_some(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_python_writes_is_read() {
        let text = r#"{'asin': "0001", 'title': 'It\'s "so" \xe9 \u20ac\n', 'price': 12.5, 'rank': {'Books': 6334800L},
            'categories': [['Books', u'Art'], ('x',)], 'ok': True, 'no': None, 'low': -3}"#;
        let want = json!({
            "asin": "0001", "title": "It's \"so\" \u{e9} \u{20ac}\n", "price": 12.5,
            "rank": {"Books": 6334800}, "categories": [["Books", "Art"], ["x"]],
            "ok": true, "no": null, "low": -3,
        });
        assert_eq!(parse(text), Ok(want));
    }

    #[test]
    fn json_with_what_is_no_json_is_read() {
        let text = r#"{"a": NaN, "b": [Infinity, -Infinity, nan, -inf, 1e999], "c": true, "d": null,
            "e": "\ud83d\ude00 \ud83d \/ \u00e9", "f": -1.5e3}"#;
        let want = json!({
            "a": null, "b": [null, null, null, null, null], "c": true, "d": null,
            "e": "\u{1f600} \u{fffd} / \u{e9}", "f": -1500.0,
        });
        assert_eq!(parse(text), Ok(want));
    }

    #[test]
    fn what_is_cut_or_deep_is_refused() {
        for bad in [
            "",
            "{",
            "{'a'",
            "{'a':",
            "'a",
            "[1 2]",
            "1 2",
            "\\",
            "{'a': '\\u12'}",
            "--",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\](){}'\"\\\\:,u0-9xeTrueNdD \u{e9}-]{0,40}") {
            let _ = parse(&text);
        }
    }
}
