//! A file as rows: its lines, or the rows of a CSV file, whose quoted fields may span
//! lines. Does not know dialects.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use color_eyre::eyre::{Report, WrapErr};

use super::csv::{Ended, Fields, cut};
use super::part::ImportPart;
use crate::text_input::{Encoding, LINE_BYTES_MAX, LineReader, Next};

/// Maximum lines of a quoted field; an unclosed quote must not swallow a file.
const QUOTED_LINES_MAX: usize = 200;

/// How a file is split into rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Lines,
    /// Fields between separators, none of them quoted.
    Plain(char),
    /// Fields between separators; the header has this many columns.
    Csv {
        separator: char,
        n_columns: usize,
    },
}

/// What comes next in a file.
#[derive(Debug)]
pub(crate) enum Met {
    /// A row, which [`Records::line`] or [`Records::fields`] holds.
    Row,
    Blank,
    TooLong,
    /// As [`Next::LateByte`].
    LateByte,
    Broken(io::Error),
    End,
}

pub(crate) struct Records {
    lines: LineReader<'static>,
    n_taken: Arc<AtomicU64>,
    line: String,
    fields: Fields,
    /// Lines that were read ahead, with their numbers.
    ahead: VecDeque<(u64, String)>,
    /// What ended reading ahead.
    stopped: Option<Met>,
    /// Number of the row's first line, from 1.
    pub(crate) number: u64,
    /// Unclosed quotes, read as plain characters.
    pub(crate) n_lone_quotes: u64,
}

impl Records {
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(part: &ImportPart, known: Option<Encoding>) -> Result<Self, Report> {
        let opened = part.open()?;
        let lines = LineReader::new(opened.bytes, known, LINE_BYTES_MAX)
            .wrap_err_with(|| format!("reading {}", part.shown()))?;
        Ok(Records {
            lines,
            n_taken: opened.n_taken,
            line: String::new(),
            fields: Fields::default(),
            ahead: VecDeque::new(),
            stopped: None,
            number: 0,
            n_lone_quotes: 0,
        })
    }

    pub(crate) fn bytes_done(&self) -> u64 {
        self.n_taken.load(Ordering::Relaxed)
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.lines.encoding()
    }

    /// The row as a line; for CSV, its first one.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// The row's fields, if the file has any.
    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(crate) fn next_row(&mut self, how: Cut) -> Met {
        match self.next_line() {
            Met::Row => {}
            other => return other,
        }
        match how {
            _ if self.line.trim().is_empty() => return Met::Blank,
            Cut::Lines => {}
            Cut::Plain(separator) => self.fields.split(&self.line, separator),
            Cut::Csv {
                separator,
                n_columns,
            } => self.cut_csv(separator, n_columns),
        }
        // Spreadsheets write rows of separators alone.
        match how {
            Cut::Csv { .. } if self.fields.n_filled() == 0 => Met::Blank,
            _ => Met::Row,
        }
    }

    /// The next line, into `line`.
    fn next_line(&mut self) -> Met {
        if let Some((number, line)) = self.ahead.pop_front() {
            (self.number, self.line) = (number, line);
            return Met::Row;
        }
        if let Some(stopped) = self.stopped.take() {
            self.number = self.lines.number();
            return stopped;
        }
        let met = match self.lines.next_line() {
            Next::Line(line) => {
                self.line.clear();
                self.line.push_str(line);
                Met::Row
            }
            other => met(other),
        };
        self.number = self.lines.number();
        met
    }

    /// Splits the line into fields; with more lines if a quoted field continues in
    /// them. An unclosed quote is a plain character, and the lines after it are rows.
    fn cut_csv(&mut self, separator: char, n_columns: usize) {
        let ended = cut(&self.line, separator, None, &mut self.fields);
        let Ended::Open { quote, stray } = ended else {
            return;
        };
        if !stray && self.joined(separator, n_columns) {
            return;
        }
        self.n_lone_quotes += 1;
        let ended = cut(&self.line, separator, Some(quote), &mut self.fields);
        // A second one: no quote in this line is reliable.
        if matches!(ended, Ended::Open { .. }) {
            self.n_lone_quotes += 1;
            self.fields.split(&self.line, separator);
        }
    }

    /// Joins the lines ahead to the current one until its quoted field ends; `false` if
    /// it does not, or if two unrelated quotes seem to match by chance.
    fn joined(&mut self, separator: char, n_columns: usize) -> bool {
        let mut whole = self.line.clone();
        for n_more in 1..QUOTED_LINES_MAX {
            if !self.read_ahead(n_more) {
                return false;
            }
            let next = &self.ahead[n_more - 1].1;
            whole.push('\n');
            whole.push_str(next);
            if whole.len() > LINE_BYTES_MAX {
                return false;
            }
            if !next.contains('"') {
                continue;
            }
            match cut(&whole, separator, None, &mut self.fields) {
                Ended::Open { stray: false, .. } => {}
                Ended::Open { .. } | Ended::Whole { stray: true } => return false,
                Ended::Whole { .. } => {
                    if self.fields.n_filled() > n_columns
                        || self.are_rows(n_more, separator, n_columns)
                    {
                        return false;
                    }
                    self.ahead.drain(..n_more);
                    return true;
                }
            }
        }
        false
    }

    /// Ensures that this many lines are read ahead.
    fn read_ahead(&mut self, n: usize) -> bool {
        while self.ahead.len() < n {
            if self.stopped.is_some() {
                return false;
            }
            match self.lines.next_line() {
                Next::Line(line) => {
                    let line = line.to_owned();
                    self.ahead.push_back((self.lines.number(), line));
                }
                other => self.stopped = Some(met(other)),
            }
        }
        true
    }

    /// Each of the joined lines alone has a field for every column: they are rows, and
    /// the quotes at both ends are plain characters. Two columns are too few to decide.
    fn are_rows(&self, n_more: usize, separator: char, n_columns: usize) -> bool {
        let more = self.ahead.iter().take(n_more).map(|(_, line)| line);
        let is_row = |line: &String| line.split(separator).count() == n_columns;
        n_columns > 2 && std::iter::once(&self.line).chain(more).all(is_row)
    }
}

fn met(next: Next<'_>) -> Met {
    match next {
        Next::Line(_) => Met::Row,
        Next::TooLong => Met::TooLong,
        Next::LateByte => Met::LateByte,
        Next::Broken(error) => Met::Broken(error),
        Next::End => Met::End,
    }
}
