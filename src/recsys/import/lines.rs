//! A file line by line, of bounded length, with progress. Knows no dialect.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use color_eyre::eyre::Report;

use super::source::Part;

/// No honest line is longer; what is, is skipped without being kept.
const LINE_BYTES_MAX: usize = 1 << 24;
/// A quoted field may span so many lines; a quote that is never closed must not
/// swallow a file.
const QUOTED_LINES_MAX: usize = 200;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How a file's bytes are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Anything else is a fault.
    Utf8,
    /// A line that is no UTF-8 is Latin-1, where every byte is a letter.
    Utf8OrLatin1,
}

impl Encoding {
    pub fn text(self, bytes: &[u8]) -> Result<Cow<'_, str>, String> {
        match (str::from_utf8(bytes), self) {
            (Ok(text), _) => Ok(Cow::Borrowed(text)),
            // Latin-1 is the first 256 code points.
            (Err(_), Encoding::Utf8OrLatin1) => {
                Ok(bytes.iter().map(|&byte| char::from(byte)).collect())
            }
            (Err(_), Encoding::Utf8) => Err("not UTF-8".to_owned()),
        }
    }
}

/// What the next line is.
pub enum Next<'a> {
    Line(&'a [u8]),
    /// Longer than any honest line.
    TooLong,
    /// The file cannot be read on.
    Broken(io::Error),
    End,
}

pub struct Lines {
    bytes: Box<dyn BufRead>,
    n_taken: Arc<AtomicU64>,
    line: Vec<u8>,
    /// Number of the current line, or of the first of those it spans; from 1.
    pub number: u64,
    n_read: u64,
}

impl Lines {
    pub fn open(part: &Part) -> Result<Self, Report> {
        let opened = part.open()?;
        Ok(Lines {
            bytes: opened.bytes,
            n_taken: opened.n_taken,
            line: Vec::new(),
            number: 0,
            n_read: 0,
        })
    }

    pub fn bytes_done(&self) -> u64 {
        self.n_taken.load(Ordering::Relaxed)
    }

    /// The next line, without its end.
    pub fn read(&mut self) -> Next<'_> {
        self.line.clear();
        self.number = self.n_read + 1;
        match self.read_more() {
            Ok(true) => Next::Line(trim_end(&self.line)),
            Ok(false) => Next::End,
            Err(Stop::TooLong) => Next::TooLong,
            Err(Stop::Broken(error)) => Next::Broken(error),
        }
    }

    /// The next line of a CSV file: while a quote is open, it goes on.
    pub fn read_quoted(&mut self) -> Next<'_> {
        self.line.clear();
        self.number = self.n_read + 1;
        loop {
            match self.read_more() {
                Ok(true) if self.quote_is_open() => match self.n_spanned() < QUOTED_LINES_MAX {
                    true => continue,
                    false => return Next::TooLong,
                },
                Ok(true) => return Next::Line(trim_end(&self.line)),
                Ok(false) if self.line.is_empty() => return Next::End,
                // The quote is still open, which whoever parses will see.
                Ok(false) => return Next::Line(trim_end(&self.line)),
                Err(Stop::TooLong) => return Next::TooLong,
                Err(Stop::Broken(error)) => return Next::Broken(error),
            }
        }
    }

    fn n_spanned(&self) -> usize {
        (self.n_read + 1 - self.number) as usize
    }

    fn quote_is_open(&self) -> bool {
        self.line.iter().filter(|&&byte| byte == b'"').count() % 2 == 1
    }

    /// Adds one line of the file; `false` at its end.
    fn read_more(&mut self) -> Result<bool, Stop> {
        let room = (LINE_BYTES_MAX - self.line.len().min(LINE_BYTES_MAX)) as u64;
        let limited = &mut self.bytes.as_mut().take(room);
        let n = limited
            .read_until(b'\n', &mut self.line)
            .map_err(Stop::Broken)?;
        if n == 0 && room > 0 {
            return Ok(false);
        }
        self.n_read += 1;
        if self.n_read == 1 && self.line.starts_with(BOM) {
            self.line.drain(..BOM.len());
        }
        if n as u64 == room && self.line.last() != Some(&b'\n') {
            self.line.clear();
            self.bytes.skip_until(b'\n').map_err(Stop::Broken)?;
            return Err(Stop::TooLong);
        }
        Ok(true)
    }
}

enum Stop {
    TooLong,
    Broken(io::Error),
}

fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The fields of one line of a CSV file, quotes removed.
pub fn csv_fields<'a>(line: &'a str, fields: &mut Vec<Cow<'a, str>>) -> Result<(), String> {
    fields.clear();
    if !line.contains('"') {
        fields.extend(line.split(',').map(|field| Cow::Borrowed(field.trim())));
        return Ok(());
    }
    if line.bytes().filter(|&byte| byte == b'"').count() % 2 == 1 {
        return Err("a quote is not closed".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|e| e.to_string())?;
    fields.extend(
        record
            .iter()
            .map(|field| Cow::Owned(field.trim().to_owned())),
    );
    Ok(())
}
