//! The answers of a JSON text: an object of them by id, a list, or concatenated objects
//! over any number of lines. A damaged one does not affect the others: reading resumes
//! where something similar begins.

use color_eyre::eyre::Result;
use serde_json::{Map, Value};

use super::entry::{Document, id_within};
use super::lenient_json::{self, Repair, parse, string_len, value_len, what};

/// Receives an answer or an error, and the line it begins on.
pub(super) type Take<'a> = dyn FnMut(usize, Result<Document, String>) -> Result<()> + 'a;

/// A damaged value is repaired if it ends within this many bytes.
const REPAIRED_MAX: usize = 1 << 19;
/// How many keys, within how many bytes, decide whether an object is one answer or many.
const KEYS_LOOKED_AT: usize = 64;
/// Longest id recognized after damage.
const ID_MAX: usize = 256;

/// Passes on every answer of a text in order.
///
/// # Errors
/// Those of `take`.
pub(super) fn each(text: &str, take: &mut Take) -> Result<()> {
    let mut scan = Scan {
        text,
        at: 0,
        number: 0,
        counted: (0, 1),
    };
    while let Some(first) = scan.next_char() {
        let rest = scan.rest();
        match first {
            '{' if is_map(rest) => scan.pairs(take)?,
            '[' if is_list_of_entries(rest) => {
                scan.at += 1;
                scan.elements(take)?;
            }
            '{' | '[' | '"' => {
                scan.element(take)?;
            }
            _ => scan.damage(take)?,
        }
    }
    Ok(())
}

/// The answers in a separate value: one, or several by id.
pub(super) fn of_line(line: &str) -> Vec<Result<Document, String>> {
    let named = |why: String| match id_within(line) {
        Some(id) => format!("`{id}`: {why}"),
        None => why,
    };
    match parse(line.trim()) {
        Ok((value, repair)) => of_value(&value, repair),
        Err(why) if why.starts_with("EOF") => vec![Err(named("the line is truncated".into()))],
        Err(why) => vec![Err(named(format!("not JSON: {why}")))],
    }
}

/// Whether an object is answers by id, rather than one answer.
pub(super) fn is_map(text: &str) -> bool {
    let keys = keys(text, KEYS_LOOKED_AT);
    !keys.is_empty() && !is_one_answer(keys.into_iter())
}

pub(super) fn is_list_of_entries(text: &str) -> bool {
    let inner = text.strip_prefix('[').map(str::trim_start);
    inner.is_some_and(|inner| inner.starts_with(['{', '[']))
}

/// The first keys of the object at the start of `text`, as written.
fn keys(text: &str, n: usize) -> Vec<&str> {
    let mut keys = Vec::new();
    let text = up_to(text, REPAIRED_MAX);
    let mut rest = text.strip_prefix('{').unwrap_or_default();
    while keys.len() < n {
        rest = rest.trim_start_matches([' ', '\n', '\r', '\t', ',']);
        let Some(len) = rest.starts_with('"').then(|| string_len(rest)).flatten() else {
            break;
        };
        keys.push(&rest[1..len - 1]);
        let Some(value) = rest[len..].trim_start().strip_prefix(':') else {
            break;
        };
        let value = value.trim_start();
        let Some(len) = value_len(value) else { break };
        rest = &value[len..];
    }
    keys
}

/// At most this many bytes, up to a character boundary.
fn up_to(text: &str, n: usize) -> &str {
    let is_start = |&at: &usize| text.is_char_boundary(at);
    let end = (0..=n.min(text.len())).rev().find(is_start);
    &text[..end.unwrap_or(0)]
}

fn of_value(value: &Value, repair: Option<Repair>) -> Vec<Result<Document, String>> {
    match value {
        Value::Object(fields) => of_object(fields, repair),
        Value::Array(values) => vec![Document::of_values(values, repair)],
        Value::String(inner) => match parse(inner.trim()) {
            Ok((Value::Object(fields), repair)) => of_object(&fields, repair),
            Ok((Value::Array(values), repair)) => vec![Document::of_values(&values, repair)],
            _ => vec![Err("the string is not complete JSON".into())],
        },
        _ => vec![Err("neither an object nor a list".into())],
    }
}

fn of_object(fields: &Map<String, Value>, repair: Option<Repair>) -> Vec<Result<Document, String>> {
    if fields.is_empty() || is_one_answer(fields.keys().map(String::as_str)) {
        return vec![Document::of_fields(fields, repair)];
    }
    let pairs = fields.iter();
    pairs
        .map(|(id, value)| Document::of_pair(id, value, repair))
        .collect()
}

/// An object with one of these keys is an answer, even without an id.
const OF_AN_ANSWER: [&str; 4] = ["prompt", "ans", "text", "messages"];

fn is_one_answer<'a>(mut keys: impl Iterator<Item = &'a str>) -> bool {
    keys.any(|key| Document::is_id_name(key) || OF_AN_ANSWER.contains(&key))
}

/// A position in a text.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Answers so far, damaged ones included.
    number: usize,
    /// An earlier position and its line.
    counted: (usize, usize),
}

/// How an entry is recognized after damage.
#[derive(Clone, Copy)]
enum Entries {
    /// `"id": value`
    Pairs,
    Elements,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips separators; returns what is next.
    fn next_char(&mut self) -> Option<char> {
        let rest = self.rest();
        let next = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        self.at += rest.len() - next.len();
        next.chars().next()
    }

    /// The line of the position.
    fn line(&mut self) -> usize {
        let (from, line) = self.counted;
        let newlines = self.text[from..self.at].bytes();
        let line = line + newlines.filter(|byte| *byte == b'\n').count();
        self.counted = (self.at, line);
        line
    }

    /// The pairs of an object, up to its end.
    fn pairs(&mut self, take: &mut Take) -> Result<()> {
        self.at += 1;
        loop {
            match self.next_char() {
                Some('"') => {}
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                None => return self.cut_off(take),
                Some(_) => return self.damage(take),
            }
            let (rest, line) = (self.rest(), self.line());
            let behind = string_len(rest).map(|len| (&rest[..len], rest[len..].trim_start()));
            let Some((key, Some(value))) = behind.map(|(k, b)| (k, b.strip_prefix(':'))) else {
                return self.damage(take);
            };
            self.at = self.text.len() - value.trim_start().len();
            self.number += 1;
            let read = self.pair(key);
            let (number, is_lost) = (self.number, read.is_err());
            take(line, read.map_err(|why| format!("entry {number}, {why}")))?;
            if is_lost && self.rest().is_empty() {
                return Ok(());
            }
        }
    }

    fn pair(&mut self, key: &str) -> Result<Document, String> {
        let value = self.value(Entries::Pairs);
        let shown = key.trim_matches('"');
        let id: String =
            serde_json::from_str(key).map_err(|e| format!("`{shown}`: {}", what(&e)))?;
        let (value, repair) = value.map_err(|why| format!("`{id}`: {why}"))?;
        Document::of_pair(&id, &value, repair)
    }

    /// The elements of a list, up to its end.
    fn elements(&mut self, take: &mut Take) -> Result<()> {
        loop {
            match self.next_char() {
                Some(']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('{' | '[' | '"') => {
                    if !self.element(take)? {
                        return Ok(());
                    }
                }
                None => return self.cut_off(take),
                Some(_) => return self.damage(take),
            }
        }
    }

    /// `false`: it is damaged, and nothing follows.
    fn element(&mut self, take: &mut Take) -> Result<bool> {
        let (line, start) = (self.line(), self.at);
        self.number += 1;
        let number = self.number;
        let told = |why| format!("entry {number}, {why}");
        let value = self.value(Entries::Elements);
        let goes_on = value.is_ok() || !self.rest().is_empty();
        let read = match value {
            Ok((value, repair)) => of_value(&value, repair),
            Err(why) => {
                let id = id_within(&self.text[start..self.at]);
                let why = id.map_or(why.clone(), |id| format!("`{id}`: {why}"));
                vec![Err(why)]
            }
        };
        for read in read {
            take(line, read.map_err(told))?;
        }
        Ok(goes_on)
    }

    /// The next value; moves past it, or to the next entry if it is damaged.
    fn value(&mut self, entries: Entries) -> Result<(Value, Option<Repair>), String> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        let error = match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                return Ok((value, None));
            }
            Some(Err(error)) => error,
            None => return Err("truncated".into()),
        };
        if let Some(len) = value_len(up_to(rest, REPAIRED_MAX))
            && let Ok(repaired) = lenient_json::parse(&rest[..len])
        {
            self.at += len;
            return Ok(repaired);
        }
        let next = next_entry(rest, entries);
        self.at += next.unwrap_or(rest.len());
        let closes = |c: char| c.is_whitespace() || matches!(c, '}' | ']' | ',');
        let is_last =
            || value_len(rest).is_some_and(|len| rest[len..].trim_matches(closes).is_empty());
        match next.is_some() || is_last() {
            true => Err(format!("not JSON: {}", what(&error))),
            false => Err(format!(
                "the file is truncated or damaged there: its last {} bytes were not read",
                rest.len()
            )),
        }
    }

    /// Reports damage after which nothing recognizable follows.
    fn damage(&mut self, take: &mut Take) -> Result<()> {
        let (line, n) = (self.line(), self.rest().len());
        self.at = self.text.len();
        let number = self.number;
        take(
            line,
            Err(format!(
                "damaged after entry {number}: {n} bytes were not read"
            )),
        )
    }

    fn cut_off(&mut self, take: &mut Take) -> Result<()> {
        let (line, number) = (self.line(), self.number);
        take(line, Err(format!("truncated after entry {number}")))
    }
}

/// Where the next entry begins after the damaged one at the start of `text`: after its
/// closing, and with a similar beginning.
fn next_entry(text: &str, entries: Entries) -> Option<usize> {
    let open = text.chars().next()?;
    let (close, is_bare) = match open {
        '{' => ("}", false),
        '[' => ("]", false),
        '"' => ("\"", false),
        // Not a value: up to the comma before the next.
        _ => (",", true),
    };
    let key = first_key(text);
    let begins_alike =
        |value: &str| is_bare || (value.starts_with(open) && first_key(value) == key);
    let closed = text.match_indices(close);
    let mut places = closed.map(|(at, closing)| text[at + closing.len()..].trim_start());
    let next = places.find_map(|behind| {
        let next = match behind.strip_prefix(',') {
            _ if is_bare => behind,
            Some(next) => next.trim_start(),
            None if matches!(entries, Entries::Elements) => behind,
            None => return None,
        };
        let value = match entries {
            Entries::Elements => next,
            Entries::Pairs => value_of_pair(next)?,
        };
        begins_alike(value).then_some(next)
    })?;
    Some(text.len() - next.len())
}

/// What follows `"id":`.
fn value_of_pair(text: &str) -> Option<&str> {
    let quoted = text
        .starts_with('"')
        .then(|| string_len(up_to(text, ID_MAX)));
    let value = text[quoted.flatten()?..].trim_start().strip_prefix(':')?;
    Some(value.trim_start())
}

/// The first key of an object.
fn first_key(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('{')?.trim_start();
    let inner = up_to(inner, ID_MAX);
    let len = inner
        .starts_with('"')
        .then(|| string_len(inner))
        .flatten()?;
    Some(&inner[1..len - 1])
}
