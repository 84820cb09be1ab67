//! How a file is cut into entries, found in its beginning.

use serde_json::Value;

use super::entry::{LogEntry, LogPlace};
use super::format::LogFormat;
use super::options::LogOptions;
use super::shape::{LoggedLine, line};
use super::{chunks, plain};
use crate::recsys::import::files::csv::{Fields, cut, separator_of};

/// What is between two entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A line's end.
    Lines,
    /// Nothing: JSON over any number of lines, or one array.
    Values,
    /// Rows of columns with this separator, under a header.
    Rows(char),
}

/// What a file's beginning says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileLayout {
    pub(super) layout: Layout,
    /// The first entry is the request half of a batch.
    pub(super) is_requests: bool,
    /// Nothing but spaces, and no more to come.
    pub(super) is_empty: bool,
}

impl FileLayout {
    pub(super) fn at(head: &str, options: &LogOptions) -> Self {
        let layout = match options.format {
            Some(LogFormat::Csv) => Layout::Rows(separator_of(first_line(head))),
            Some(LogFormat::Tsv) => Layout::Rows('\t'),
            _ => layout(head, options),
        };
        FileLayout {
            layout,
            is_requests: first_value(head, layout).is_some_and(|value| is_request(&value)),
            is_empty: head.trim().is_empty(),
        }
    }
}

impl FileLayout {
    /// Of a table.
    pub(super) fn table_format(self) -> LogFormat {
        match self.layout {
            Layout::Rows('\t') => LogFormat::Tsv,
            _ => LogFormat::Csv,
        }
    }
}

fn first_line(head: &str) -> &str {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.next().unwrap_or_default()
}

fn layout(head: &str, options: &LogOptions) -> Layout {
    let mut lines = head.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let next = lines.next();
    let is_whole = serde_json::from_str::<Value>(first).is_ok();
    match first.chars().next() {
        Some('[') => match is_whole && next.is_some_and(|next| next.starts_with('[')) {
            true => Layout::Lines,
            false => Layout::Values,
        },
        Some('{') => match is_whole || next.is_none_or(|next| next.starts_with('{')) {
            true if !is_whole && first.len() == 1 => Layout::Values,
            true => Layout::Lines,
            // A line that is cut off is not the beginning of many.
            false if first.len() > 1 && first.ends_with('}') => Layout::Lines,
            false => Layout::Values,
        },
        _ if chunks::event(first).is_some() => Layout::Lines,
        _ => rows(first, options).unwrap_or(Layout::Lines),
    }
}

/// A header with a name that is known, or that the options have.
fn rows(header: &str, options: &LogOptions) -> Option<Layout> {
    let separator = separator_of(header);
    let mut fields = Fields::default();
    cut(header, separator, None, &mut fields);
    let asked = [&options.answer_field, &options.prompt_field];
    let is_asked = |name: &str| asked.into_iter().flatten().any(|asked| asked == name);
    let is_known = |name: &str| is_asked(name) || plain::is_known_name(name);
    fields
        .iter()
        .any(is_known)
        .then_some(Layout::Rows(separator))
}

fn first_value(head: &str, layout: Layout) -> Option<Value> {
    let text = match layout {
        Layout::Lines => first_line(head),
        Layout::Values => head.trim_start_matches(['[', ' ', '\n', '\t']),
        Layout::Rows(_) => return None,
    };
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    values.next()?.ok()
}

fn is_request(value: &Value) -> bool {
    let place = LogPlace {
        file: "".into(),
        line: 0,
        nth: 0,
    };
    let looked = line(value, &LogOptions::default(), &LogEntry::blank(place));
    matches!(looked, Ok(LoggedLine::Request(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str) -> Layout {
        FileLayout::at(head, &LogOptions::default()).layout
    }

    #[test]
    fn the_first_lines_say_how_a_file_is_cut() {
        for (head, want) in [
            ("{\"a\": 1}\n{\"a\": 2}\n", Layout::Lines),
            ("{\"a\": 1", Layout::Lines),
            ("{\"a\": \n{\"a\": 2}\n", Layout::Lines),
            ("{\"a\" 1}\n{\"a\": 2}\n", Layout::Lines),
            ("data: {\"a\": 1}\n\n", Layout::Lines),
            ("event: x\ndata: {}\n", Layout::Lines),
            ("[{\"a\": 1}, {\"a\": 2}]", Layout::Values),
            ("[\n{\"a\": 1},\n{\"a\": 2}]", Layout::Values),
            ("{\n  \"a\": 1\n}\n", Layout::Values),
            ("{\n{\n", Layout::Values),
            ("[{\"from\": 1}]\n[{\"from\": 2}]", Layout::Lines),
            ("prompt,response\n", Layout::Rows(',')),
            ("Prompt;Response\n", Layout::Rows(';')),
            ("id\tprompt\ttext\n", Layout::Rows('\t')),
            ("\"prompt\",\"answer\"\n", Layout::Rows(',')),
            ("text\n", Layout::Rows(',')),
            ("once upon a time", Layout::Lines),
            ("", Layout::Lines),
        ] {
            assert_eq!(of(head), want, "{head:?}");
        }
        let options = LogOptions {
            answer_field: Some("said".into()),
            ..LogOptions::default()
        };
        assert_eq!(
            FileLayout::at("who,said", &options).layout,
            Layout::Rows(',')
        );
    }

    #[test]
    fn requests_of_a_batch_are_known_by_their_first_line() {
        let options = LogOptions::default();
        let request =
            "{\"custom_id\": \"a\", \"method\": \"POST\", \"body\": {\"prompt\": \"p\"}}\n";
        assert!(FileLayout::at(request, &options).is_requests);
        assert!(FileLayout::at(&format!("[\n{request}]"), &options).is_requests);
        let answer = "{\"custom_id\": \"a\", \"response\": {\"body\": {}}}\n";
        assert!(!FileLayout::at(answer, &options).is_requests);
    }
}
