//! The stream of entries: file after file, line after line.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use serde_json::Value;

use super::chunks;
use super::entry::{LogEntry, LogPlace};
use super::fields::word;
use super::format::LogFormat;
use super::joining::{Closed, LineJoiner, Stopped};
use super::options::LogOptions;
use super::refusal::LogRefusal;
use super::report::{LogReport, LogSkip};
use super::rows::NextRow;
use super::shape::{LoggedLine, allowed, line};
use super::source::{LogReading, LogSource};
use super::values::NextValue;
use crate::text_input::Next;

/// A stream of the entries of one or more files.
pub struct LogReader {
    options: LogOptions,
    sources: VecDeque<LogSource>,
    current: Option<(LogSource, LogReading)>,
    /// The last entry's line, and which on that line it was.
    line: u64,
    nth: u32,
    joining: LineJoiner,
    ready: VecDeque<LogEntry>,
    report: LogReport,
    /// Bytes read from the disk, of this many.
    taken: Arc<AtomicU64>,
    n_bytes: u64,
    first_file: String,
    ended: bool,
}

/// One line, row or element.
enum LogUnit {
    Json(String),
    Row(Value),
    Bad(LogSkip, String),
    Broken(io::Error),
    End,
}

impl LogReader {
    /// Opens all files and looks at their first lines. Files of a batch's requests are read
    /// before the others, which are read in the order given.
    ///
    /// # Errors
    /// A file that cannot be read or is packed in something other than gzip; no file with
    /// anything in it.
    pub fn open(paths: &[PathBuf], options: &LogOptions) -> Result<Self> {
        let taken = Arc::new(AtomicU64::new(0));
        let look = |path: &PathBuf| LogSource::look(path, options, &taken);
        let sources = paths.iter().map(look).collect::<Result<Vec<_>>>()?;
        let Some(first) = sources.first() else {
            bail!("no log given: name one or more files");
        };
        let first_file = first.name.to_string();
        let (empty, mut sources): (Vec<_>, Vec<_>) = sources
            .into_iter()
            .partition(|source| source.looked.is_empty);
        ensure!(
            !sources.is_empty(),
            "{first_file} is empty: no answers to read"
        );
        let is_empty = |source: &LogSource| format!("{} is empty", source.name);
        let report = LogReport {
            broken: empty.iter().map(is_empty).collect(),
            ..LogReport::default()
        };
        sources.sort_by_key(|source| !source.looked.is_requests);
        taken.store(0, Ordering::Relaxed);
        Ok(LogReader {
            options: options.clone(),
            n_bytes: sources.iter().map(|source| source.n_bytes).sum(),
            sources: sources.into(),
            current: None,
            line: 0,
            nth: 0,
            joining: LineJoiner::new(),
            ready: VecDeque::new(),
            report,
            taken,
            first_file,
            ended: false,
        })
    }

    /// What became of the lines so far.
    pub fn report(&self) -> &LogReport {
        &self.report
    }

    /// The share of the files' bytes read so far, 0 to 1.
    pub fn done(&self) -> f64 {
        let taken = self.taken.load(Ordering::Relaxed);
        (taken as f64 / self.n_bytes.max(1) as f64).min(1.0)
    }

    /// Reads one more line, or opens the next file.
    fn step(&mut self) -> Result<()> {
        let Some((source, reading)) = &mut self.current else {
            return self.next_file();
        };
        let (number, unit) = next_unit(reading);
        self.nth = if self.line == number { self.nth + 1 } else { 0 };
        self.line = number;
        let place = LogPlace {
            file: Arc::clone(&source.name),
            line: number,
            nth: self.nth,
        };
        match unit {
            LogUnit::Json(text) if text.trim().is_empty() => Ok(()),
            LogUnit::Json(text) => self.take(place, text.trim()),
            LogUnit::Row(value) => {
                let format = self.options.format.unwrap_or(source.looked.table_format());
                self.take_value(place, &value, "", Some(format))
            }
            LogUnit::Bad(skip, why) => {
                self.report.n_lines += 1;
                self.report.skip(&place, skip, why);
                Ok(())
            }
            LogUnit::Broken(error) => {
                let file = &source.name;
                self.report.broken.push(format!(
                    "{file} breaks off in line {number} ({error}): what came before is read"
                ));
                self.current = None;
                self.close_file()
            }
            LogUnit::End => {
                self.current = None;
                self.close_file()
            }
        }
    }

    fn next_file(&mut self) -> Result<()> {
        let Some(mut source) = self.sources.pop_front() else {
            return self.finish();
        };
        let reading = source.open(&self.taken)?;
        (self.line, self.nth) = (0, 0);
        self.current = Some((source, reading));
        Ok(())
    }

    /// A line of JSON, or of a stream of events.
    fn take(&mut self, place: LogPlace, text: &str) -> Result<()> {
        let event = chunks::event(text);
        let text = match event {
            Some("") => {
                self.report.n_lines += 1;
                self.report.n_used += 1;
                return Ok(());
            }
            Some(chunks::DONE) => {
                self.report.n_lines += 1;
                self.report.n_used += 1;
                return self.close_streams();
            }
            Some(data) => data,
            None => text,
        };
        match serde_json::from_str::<Value>(text) {
            Ok(value) if event.is_some() && self.is_text_chunk(&value) => {
                self.report.n_lines += 1;
                let id = word(&value, &["id"]).unwrap_or_default();
                let met = self.chunk(id, &place, &value);
                self.settle(&place, met, None)
            }
            Ok(value) => self.take_value(place, &value, text, None),
            Err(error) => {
                self.report.n_lines += 1;
                let why = error.to_string();
                self.report.skip(&place, LogSkip::Damaged, why);
                Ok(())
            }
        }
    }

    /// Whether an event is a chunk of a completion, which has no delta to be known by.
    fn is_text_chunk(&self, value: &Value) -> bool {
        let options = &self.options;
        chunks::is_event_chunk(value)
            && !chunks::is_chunk(value)
            && options.answer_field.is_none()
            && allowed(options.format, LogFormat::OpenaiCompletion).is_ok()
    }

    fn take_value(
        &mut self,
        place: LogPlace,
        value: &Value,
        text: &str,
        format: Option<super::LogFormat>,
    ) -> Result<()> {
        self.report.n_lines += 1;
        let met = self.met(&place, value, text);
        self.settle(&place, met, format)
    }

    /// Counts a line and keeps what came of it.
    fn settle(
        &mut self,
        place: &LogPlace,
        met: Result<Vec<LogEntry>, Stopped>,
        format: Option<LogFormat>,
    ) -> Result<()> {
        match met {
            Ok(entries) => {
                self.report.n_used += 1;
                let formatted = entries.into_iter().map(|entry| LogEntry {
                    format: format.unwrap_or(entry.format),
                    ..entry
                });
                self.keep(formatted.collect());
            }
            Err(Stopped::Refused(LogRefusal { skip, why })) => {
                self.report.skip(place, skip, why);
            }
            Err(Stopped::Failed(error)) => {
                return Err(error).wrap_err_with(|| format!("{place}: joining the batch"));
            }
        }
        Ok(())
    }

    /// The entries of a value; none while it waits for others.
    fn met(
        &mut self,
        place: &LogPlace,
        value: &Value,
        text: &str,
    ) -> Result<Vec<LogEntry>, Stopped> {
        let (options, both) = (&self.options, (value, text));
        match line(value, options, &LogEntry::blank(place.clone()))? {
            LoggedLine::Entries(entries) => Ok(entries),
            LoggedLine::Chunk(id) => self.chunk(id, place, value),
            LoggedLine::Request(id) => self.joining.request(&id, place, both, options),
            LoggedLine::Response(id) => self.joining.response(&id, place, both, options),
        }
    }

    /// A chunk of a streamed response; its entries come when it is closed.
    fn chunk(
        &mut self,
        id: String,
        place: &LogPlace,
        value: &Value,
    ) -> Result<Vec<LogEntry>, Stopped> {
        let options = &self.options;
        let closed = self.joining.chunk(id, place.clone(), value, options)?;
        self.close(closed);
        Ok(Vec::new())
    }

    fn keep(&mut self, entries: Vec<LogEntry>) {
        for mut entry in entries {
            self.report.keep(&entry, &self.options);
            if entry.id.is_empty() {
                entry.id = entry.place.name();
            }
            self.ready.push_back(entry);
        }
    }

    /// Streamed responses do not go on in another file.
    fn close_file(&mut self) -> Result<()> {
        self.close_streams()
    }

    fn close_streams(&mut self) -> Result<()> {
        let closed = self.joining.close_streams(&self.options);
        self.close(closed);
        Ok(())
    }

    /// Keeps what came of streams.
    fn close(&mut self, streams: impl IntoIterator<Item = Closed>) {
        for (place, closed) in streams {
            match closed {
                Ok(entries) => self.keep(entries),
                // Its lines were counted as used when they came.
                Err(LogRefusal { skip, why }) => {
                    self.report.n_used -= 1;
                    self.report.skip(&place, skip, why);
                }
            }
        }
    }

    /// Counts the halves that are left over, and refuses a log without answers.
    fn finish(&mut self) -> Result<()> {
        self.ended = true;
        let left = self.joining.left(&self.options);
        let left = left.wrap_err("joining the batch")?;
        self.keep(left.entries);
        for (place, LogRefusal { skip, why }) in left.skipped {
            self.report.n_used -= 1;
            self.report.skip(&place, skip, why);
        }
        ensure!(self.report.n_kept() > 0, self.nothing_kept());
        Ok(())
    }

    fn nothing_kept(&self) -> String {
        let file = &self.first_file;
        let n = |skip: LogSkip| {
            self.report
                .skipped
                .get(&skip)
                .map_or(0, |skipped| skipped.n)
        };
        let n_lines = self.report.n_lines;
        let told = self.report.told().join("\n  ");
        if n_lines == 0 {
            return format!("{file} has no entries: no answers to read");
        }
        if n(LogSkip::NoResponse) == n_lines {
            return format!(
                "{file}: {n_lines} requests without answers: name the file of the responses, too"
            );
        }
        if n(LogSkip::NoAnswer) == n_lines {
            return format!(
                "{file}: a log without answers; if they stand under another name, give it with \
                 --answer-field\n  {told}"
            );
        }
        format!(
            "{file}: no answer could be read of {n_lines} lines; choose a format with --format, or \
             name the fields with --prompt-field and --answer-field\n  {told}"
        )
    }
}

fn next_unit(reading: &mut LogReading) -> (u64, LogUnit) {
    let too_long = || (LogSkip::TooLong, "it was not loaded".to_owned());
    let not_text = || (LogSkip::NotText, "bytes that are not UTF-8".to_owned());
    let bad = |(skip, why)| LogUnit::Bad(skip, why);
    match reading {
        LogReading::Lines(lines) => {
            let number = lines.number() + 1;
            let unit = match lines.next_line() {
                Next::Line(line) => LogUnit::Json(line.to_owned()),
                Next::TooLong => bad(too_long()),
                Next::LateByte => bad(not_text()),
                Next::Broken(error) => LogUnit::Broken(error),
                Next::End => LogUnit::End,
            };
            (number, unit)
        }
        LogReading::Values(values) => {
            let unit = match values.next_value() {
                Ok(NextValue::Value) => LogUnit::Json(values.text().to_owned()),
                Ok(NextValue::TooLong) => bad(too_long()),
                Ok(NextValue::Damaged(why)) => bad((LogSkip::Damaged, why.to_owned())),
                Ok(NextValue::End) => LogUnit::End,
                Err(error) => LogUnit::Broken(error),
            };
            (values.line, unit)
        }
        LogReading::Rows(rows) => {
            let unit = match rows.next_row() {
                NextRow::Row(value) => LogUnit::Row(value),
                NextRow::TooLong => bad(too_long()),
                NextRow::NotText => bad(not_text()),
                NextRow::Damaged(why) => bad((LogSkip::DamagedRow, why)),
                NextRow::Broken(error) => LogUnit::Broken(error),
                NextRow::End => LogUnit::End,
            };
            (rows.line, unit)
        }
    }
}

/// An error ends the stream. At its end, a log of which no line could be kept is one.
impl Iterator for LogReader {
    type Item = Result<LogEntry>;

    fn next(&mut self) -> Option<Result<LogEntry>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Some(Ok(entry));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.step() {
                self.ended = true;
                return Some(Err(eyre!(error)));
            }
        }
    }
}
