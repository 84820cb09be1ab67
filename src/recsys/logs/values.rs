//! A JSON file as its values: the elements of an array, or objects one after another, each
//! over any number of lines and none larger than the limit. After damage it goes on where
//! the next element seems to begin.

use std::io::{self, BufRead};

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextValue {
    /// The text is [`Values::text`].
    Value,
    TooLong,
    /// Not UTF-8, a text that goes over the end of its line, or cut off.
    Damaged(&'static str),
    End,
}

/// Where the scan is within a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WithinValue {
    Structure,
    Text,
    /// After a backslash in a text.
    Escape,
}

pub(super) struct JsonValues<'a> {
    bytes: Box<dyn BufRead + 'a>,
    max_bytes: usize,
    value: Vec<u8>,
    /// The line of the value's beginning, from 1.
    pub(super) line: u64,
    line_now: u64,
    /// Of the line now: bytes before its first letter; `None` once that has come.
    indent: Option<usize>,
    /// Where values begin: their indentation, and whether more follows on that line.
    start: (usize, bool),
    /// After damage: skip to where a value begins.
    lost: bool,
}

impl<'a> JsonValues<'a> {
    /// `bytes` are UTF-8 without a byte order mark.
    pub(super) fn new(bytes: Box<dyn BufRead + 'a>, max_bytes: usize) -> Self {
        JsonValues {
            bytes,
            max_bytes,
            value: Vec::new(),
            line: 0,
            line_now: 1,
            indent: Some(0),
            start: (0, false),
            lost: false,
        }
    }

    /// The value met last.
    pub(super) fn text(&self) -> &str {
        str::from_utf8(&self.value).unwrap_or_default()
    }

    /// # Errors
    /// The stream cannot be read on.
    pub(super) fn next_value(&mut self) -> io::Result<NextValue> {
        self.value.clear();
        if let Some(met) = self.skip()? {
            return Ok(met);
        }
        self.line = self.line_now;
        let met = self.take_value()?;
        Ok(match met {
            NextValue::Value if str::from_utf8(&self.value).is_err() => {
                NextValue::Damaged("not UTF-8")
            }
            met => met,
        })
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.bytes.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return Ok(read?.first().copied()),
            }
        }
    }

    /// Passes a byte, which was peeked at.
    fn pass(&mut self, byte: u8) {
        self.bytes.consume(1);
        self.indent = match (byte, self.indent) {
            (b'\n', _) => Some(0),
            (b' ' | b'\t' | b'\r', Some(n)) => Some(n + 1),
            _ => None,
        };
        self.line_now += u64::from(byte == b'\n');
    }

    /// Skips to the next value; `Some` if there is something else.
    fn skip(&mut self) -> io::Result<Option<NextValue>> {
        let mut n_other = 0;
        while let Some(byte) = self.peek()? {
            let begins = byte == b'{' && (!self.lost || self.seems_to_begin());
            match byte {
                _ if begins && n_other > 0 => return Ok(Some(NextValue::Damaged(NO_OBJECT))),
                _ if begins => {
                    self.lost = false;
                    return Ok(None);
                }
                _ if self.lost || b" \t\r\n,[]".contains(&byte) => {}
                _ => {
                    if n_other == 0 {
                        self.line = self.line_now;
                    }
                    n_other += 1;
                }
            }
            self.pass(byte);
        }
        Ok(Some(match n_other {
            0 => NextValue::End,
            _ => NextValue::Damaged(NO_OBJECT),
        }))
    }

    /// At a brace: it is the first of its line, and not deeper than values begin.
    fn seems_to_begin(&self) -> bool {
        let (indent, goes_on) = self.start;
        let is_element = |now: usize| now <= indent && (indent > 0 || goes_on);
        self.indent.is_some_and(is_element)
    }

    fn take_value(&mut self) -> io::Result<NextValue> {
        let mut inside = WithinValue::Structure;
        let mut depth = 0usize;
        let (mut is_first, mut too_long) = (true, false);
        let indent = self.indent;
        while let Some(byte) = self.peek()? {
            if inside != WithinValue::Structure && byte == b'\n' {
                self.lost = true;
                return Ok(over(too_long, "a text goes over the end of its line"));
            }
            if !is_first && byte == b'{' && self.seems_to_begin() {
                return Ok(over(too_long, "cut off"));
            }
            if is_first {
                self.start = (indent.unwrap_or(self.start.0), self.start.1);
            }
            self.pass(byte);
            if self.value.len() == 1 && indent.is_some() {
                self.start.1 = byte != b'\n' && byte != b'\r';
            }
            is_first = false;
            too_long = too_long || self.value.len() >= self.max_bytes;
            match too_long {
                true => self.value.clear(),
                false => self.value.push(byte),
            }
            inside = stepped(inside, byte, &mut depth);
            if depth == 0 {
                return Ok(over(too_long, ""));
            }
        }
        Ok(over(too_long, "cut off"))
    }
}

const NO_OBJECT: &str = "not an object";

fn over(too_long: bool, damage: &'static str) -> NextValue {
    match (too_long, damage) {
        (true, _) => NextValue::TooLong,
        (false, "") => NextValue::Value,
        (false, damage) => NextValue::Damaged(damage),
    }
}

fn stepped(inside: WithinValue, byte: u8, depth: &mut usize) -> WithinValue {
    match (inside, byte) {
        (WithinValue::Escape, _) | (WithinValue::Text, b'\\' | b'"') => match (inside, byte) {
            (WithinValue::Text, b'\\') => WithinValue::Escape,
            (WithinValue::Text, _) => WithinValue::Structure,
            _ => WithinValue::Text,
        },
        (WithinValue::Text, _) => WithinValue::Text,
        (WithinValue::Structure, b'"') => WithinValue::Text,
        (WithinValue::Structure, b'{' | b'[') => {
            *depth += 1;
            WithinValue::Structure
        }
        (WithinValue::Structure, b'}' | b']') => {
            *depth = depth.saturating_sub(1);
            WithinValue::Structure
        }
        (WithinValue::Structure, _) => WithinValue::Structure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &str, max_bytes: usize) -> Vec<(u64, String)> {
        let mut values = JsonValues::new(Box::new(text.as_bytes()), max_bytes);
        let mut all = Vec::new();
        loop {
            let met = values.next_value().unwrap();
            let said = match met {
                NextValue::Value => values.text().to_owned(),
                NextValue::End => return all,
                other => format!("{other:?}"),
            };
            all.push((values.line, said));
        }
    }

    fn lines_of(text: &str) -> Vec<String> {
        let values = values(text, 1 << 10);
        values
            .into_iter()
            .map(|(line, v)| format!("{line} {v}"))
            .collect()
    }

    #[test]
    fn elements_of_an_array_and_objects_in_a_row_are_values() {
        let want = ["1 {\"a\": \"}\\\"{\"}", "1 {\"b\": [{}]}"];
        assert_eq!(lines_of("[{\"a\": \"}\\\"{\"}, {\"b\": [{}]}]"), want);
        assert_eq!(lines_of("{\"a\": \"}\\\"{\"}{\"b\": [{}]}"), want);
        let pretty =
            "[\n  {\n    \"a\": {\n      \"b\": 1\n    }\n  },\n  {\n    \"c\": 2\n  }\n]\n";
        assert_eq!(lines_of(pretty).len(), 2, "{:?}", lines_of(pretty));
        assert_eq!(lines_of("  "), Vec::<String>::new());
        let flat = "[\n{\n\"a\":\n{\n\"b\": 1\n}\n},\n{\n\"c\": 2\n}\n]";
        assert_eq!(lines_of(flat).len(), 2, "{:?}", lines_of(flat));
    }

    #[test]
    fn after_damage_the_next_element_is_found() {
        let cut = "[\n{\"a\": [1, {\"b\": 2},\n{\"c\": 3},\n{\"d\": \"open},\n{\"e\": 4}\n]";
        assert_eq!(
            lines_of(cut),
            [
                "2 Damaged(\"cut off\")",
                "3 {\"c\": 3}",
                "4 Damaged(\"a text goes over the end of its line\")",
                "5 {\"e\": 4}"
            ]
        );
        let pretty = "[\n  {\n    \"a\": {\n      \"b\": 1\n  },\n  {\n    \"c\": 2\n  }\n]";
        assert_eq!(lines_of(pretty)[0], "2 Damaged(\"cut off\")");
        assert!(lines_of(pretty)[1].starts_with("6 {"));
        assert_eq!(lines_of("[1, 2, {\"a\": 1}]").len(), 2);
        assert_eq!(lines_of("[{\"a\": 1"), ["1 Damaged(\"cut off\")"]);
    }

    #[test]
    fn a_value_beyond_the_limit_is_passed_over() {
        let text = format!("[{{\"a\": \"{}\"}}, {{\"b\": 1}}]", "x".repeat(99));
        assert_eq!(
            values(&text, 50),
            [(1, "TooLong".into()), (1, "{\"b\": 1}".into())]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_end(text in "[\\[{}\\]\",:a\\\\\n ]{0,80}") {
            let n = values(&text, 20).len();
            prop_assert!(n <= text.len());
        }
    }
}
