//! A table as JSON objects: CSV as machines write it, with texts over many lines in quotes.
//! A quote that does not end costs its row, not the file.

use std::collections::VecDeque;
use std::io;

use serde_json::{Map, Value};

use super::report::ENTRY_BYTES_MAX;
use crate::recsys::import::files::csv::{Ended, Fields, cut};
use crate::text_input::{LineReader, Next};

/// However many quotes do not end, the next one is followed this far.
const FOLLOWED_BYTES_MIN: usize = 1 << 18;

/// What comes next.
#[derive(Debug)]
pub(super) enum NextRow {
    Row(Value),
    TooLong,
    NotText,
    Damaged(String),
    Broken(io::Error),
    End,
}

pub(super) struct LogRows {
    lines: LineReader<'static>,
    separator: char,
    header: Vec<String>,
    fields: Fields,
    /// Lines that were read in search of a quote.
    ahead: VecDeque<(u64, String)>,
    /// What ended that search, and its line.
    stopped: Option<(u64, NextRow)>,
    /// After a quote that does not end: skip to a whole row.
    lost: bool,
    /// Such quotes so far: each halves how far the next one is followed.
    n_open: u32,
    /// The row's first line, from 1.
    pub(super) line: u64,
}

impl LogRows {
    pub(super) fn new(lines: LineReader<'static>, separator: char) -> Self {
        LogRows {
            lines,
            separator,
            header: Vec::new(),
            fields: Fields::default(),
            ahead: VecDeque::new(),
            stopped: None,
            lost: false,
            n_open: 0,
            line: 0,
        }
    }

    pub(super) fn next_row(&mut self) -> NextRow {
        if self.header.is_empty() {
            match self.row() {
                NextRow::Row(_) => {
                    let names = self.fields.iter().map(str::to_owned);
                    self.header = names.collect();
                }
                other => return other,
            }
        }
        match self.row() {
            NextRow::Row(_) if self.fields.len() != self.header.len() => {
                let (n, n_header) = (self.fields.len(), self.header.len());
                NextRow::Damaged(format!("{n} fields, but the header has {n_header}"))
            }
            NextRow::Row(_) => NextRow::Row(self.value()),
            other => other,
        }
    }

    fn value(&self) -> Value {
        let pairs = self.header.iter().enumerate();
        let pairs = pairs.map(|(at, name)| (name.clone(), self.fields.exact(at).into()));
        Value::Object(pairs.collect::<Map<String, Value>>())
    }

    /// The next row's fields; blank lines are passed over.
    fn row(&mut self) -> NextRow {
        loop {
            let line = match self.next_line() {
                Ok(Some((number, line))) => {
                    self.line = number;
                    line
                }
                Ok(None) => return NextRow::End,
                Err(other) => return other,
            };
            if line.trim().is_empty() {
                continue;
            }
            let is_row = matches!(
                cut(&line, self.separator, None, &mut self.fields),
                Ended::Whole { .. }
            );
            match (is_row, self.lost) {
                (true, true) if self.fields.len() != self.header.len() => {}
                (true, _) => {
                    self.lost = false;
                    return NextRow::Row(Value::Null);
                }
                (false, true) => {}
                (false, false) => return self.joined(self.line, line),
            }
        }
    }

    /// Joins lines to this one until its quote ends.
    fn joined(&mut self, first_number: u64, first: String) -> NextRow {
        let n_quotes = |line: &str| line.bytes().filter(|byte| *byte == b'"').count();
        let mut is_open = n_quotes(&first) % 2 == 1;
        let mut whole = first;
        let mut taken = VecDeque::new();
        let max_bytes = (ENTRY_BYTES_MAX >> self.n_open.min(31)).max(FOLLOWED_BYTES_MIN);
        while whole.len() <= max_bytes {
            let (number, line) = match self.next_line() {
                Ok(Some(next)) => next,
                Ok(None) => break,
                Err(stopped) => {
                    self.stopped = Some((self.line, stopped));
                    break;
                }
            };
            whole.push('\n');
            whole.push_str(&line);
            is_open ^= n_quotes(&line) % 2 == 1;
            taken.push_back((number, line));
            if is_open {
                continue;
            }
            let ended = cut(&whole, self.separator, None, &mut self.fields);
            if matches!(ended, Ended::Whole { .. }) {
                self.line = first_number;
                return NextRow::Row(Value::Null);
            }
        }
        taken.append(&mut self.ahead);
        self.ahead = taken;
        self.lost = true;
        self.n_open += 1;
        self.line = first_number;
        NextRow::Damaged("a quote that does not end".to_owned())
    }

    fn next_line(&mut self) -> Result<Option<(u64, String)>, NextRow> {
        if let Some(ahead) = self.ahead.pop_front() {
            return Ok(Some(ahead));
        }
        if let Some((number, stopped)) = self.stopped.take() {
            self.line = number;
            return Err(stopped);
        }
        let number = self.lines.number() + 1;
        match self.lines.next_line() {
            Next::Line(line) => Ok(Some((number, line.to_owned()))),
            Next::End => Ok(None),
            other => {
                self.line = number;
                Err(match other {
                    Next::TooLong => NextRow::TooLong,
                    Next::LateByte => NextRow::NotText,
                    Next::Broken(error) => NextRow::Broken(error),
                    Next::Line(_) | Next::End => NextRow::End,
                })
            }
        }
    }
}
