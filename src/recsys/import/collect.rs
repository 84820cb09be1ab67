//! Reads a catalog's files row by row, and counts what was read and left out;
//! `conclude.rs` assembles the result.
//!
//! Does not know dialects: a reader can only refuse a row or a file.

use std::collections::BTreeMap;

use color_eyre::eyre::{Report, bail, eyre};

use super::files::columns::{Column, Header, ImportRow, csv_names};
use super::files::csv::separator_of;
use super::files::part::ImportPart;
use super::files::records::{Cut, Met, Records};
use super::files::source::ImportSource;
use super::findings::{FileReport, Findings, N_SHOWN};
use super::gathered::Gathered;
use super::refusal::{Reason, Refusal, RowResult, Taken};
use super::{Decided, Options, Progress, Watch};
use crate::text_input::{LINE_BYTES_MAX, LateByte, too_long};

/// Rows between two reports of progress.
const ROWS_A_TELL: u64 = 1 << 14;

/// Which of a catalog's tables a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Items,
    Users,
    Ratings,
    /// Shelves of books: without subjects.
    Shelves,
}

pub(crate) struct Collector<'a, 'w> {
    pub(crate) source: &'a ImportSource,
    pub(crate) options: &'a Options,
    watch: &'a mut Watch<'w>,
    decided: &'a Decided,
    pub(crate) gathered: Gathered,
    pub(super) findings: Findings,
    /// The files so far, as named in messages.
    pub(super) file_names: Vec<String>,
    pub(super) left_out: BTreeMap<Reason, u64>,
    pub(super) n_kept: BTreeMap<Table, u64>,
}

/// A file that is being read.
struct Reading<'p> {
    part: &'p ImportPart,
    table: Table,
    records: Records,
    report: FileReport,
    n_met: u64,
}

impl<'a, 'w> Collector<'a, 'w> {
    pub(crate) fn new(
        source: &'a ImportSource,
        options: &'a Options,
        watch: &'a mut Watch<'w>,
        decided: &'a Decided,
    ) -> Self {
        Collector {
            source,
            options,
            watch,
            decided,
            gathered: Gathered::default(),
            findings: Findings::default(),
            file_names: Vec::new(),
            left_out: BTreeMap::new(),
            n_kept: BTreeMap::new(),
        }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.findings.notes.contains(&note) {
            self.findings.notes.push(note);
        }
    }

    /// A required part.
    pub(crate) fn need(&self, name: &str) -> Result<ImportPart, Report> {
        let part = self.source.plain_or_gz(name).cloned();
        part.ok_or_else(|| eyre!("{}: there is no {name}", self.source.path.display()))
    }

    /// Reads a file line by line; a line that `read` refuses is counted, and reading
    /// continues. `separator` separates fields.
    ///
    /// # Errors
    /// The file cannot be opened, or a reader refuses the whole of it; with `strict`,
    /// the first bad line; cancelled.
    pub(crate) fn each_line(
        &mut self,
        part: &ImportPart,
        table: Table,
        separator: Option<&str>,
        mut read: impl FnMut(&mut Gathered, &str) -> RowResult,
    ) -> Result<(), Report> {
        let mut reading = self.open(part, table)?;
        reading.report.separator = separator.map(str::to_owned);
        while self.advance(&mut reading, Cut::Lines)? {
            let result = read(&mut self.gathered, reading.records.line());
            self.settle(&mut reading, result)?;
        }
        self.close(reading)
    }

    /// Reads the rows of a CSV file by the columns that its header names.
    ///
    /// # Errors
    /// As [`Self::each_line`]; a file without a good header.
    pub(crate) fn each_row(
        &mut self,
        part: &ImportPart,
        table: Table,
        columns: &[Column],
        read: impl FnMut(&mut Gathered, &ImportRow<'_>) -> RowResult,
    ) -> Result<(), Report> {
        self.each_row_of(part, table, |_| columns, read)
    }

    /// As [`Self::each_row`], for headers whose columns depend on each other.
    pub(crate) fn each_row_of<'c>(
        &mut self,
        part: &ImportPart,
        table: Table,
        columns: impl FnOnce(&[String]) -> &'c [Column],
        read: impl FnMut(&mut Gathered, &ImportRow<'_>) -> RowResult,
    ) -> Result<(), Report> {
        let mut reading = self.open(part, table)?;
        let mut separator = None;
        while self.advance(&mut reading, Cut::Lines)? {
            let line = reading.records.line().trim();
            // Written before a header by spreadsheets.
            match line.trim_matches('"').strip_prefix("sep=") {
                Some(said) if said.chars().count() == 1 => separator = said.chars().next(),
                _ => break,
            }
        }
        let separator = separator.unwrap_or_else(|| separator_of(reading.records.line()));
        let names = csv_names(reading.records.line(), separator);
        let columns = columns(&names);
        let header = Header::find(names, columns);
        let header = self.checked(&reading, header)?;
        let cut = Cut::Csv {
            separator,
            n_columns: header.names.len(),
        };
        self.rows(reading, header, cut, separator, read)
    }

    /// Reads the rows of a file without quotes whose header is interpreted by `header`.
    ///
    /// # Errors
    /// As [`Self::each_row`].
    pub(crate) fn each_plain_row(
        &mut self,
        part: &ImportPart,
        table: Table,
        separator: char,
        header: impl FnOnce(&str) -> Result<Header, Refusal>,
        read: impl FnMut(&mut Gathered, &ImportRow<'_>) -> RowResult,
    ) -> Result<(), Report> {
        let mut reading = self.open(part, table)?;
        self.advance(&mut reading, Cut::Lines)?;
        let header = self.checked(&reading, header(reading.records.line()))?;
        self.rows(reading, header, Cut::Plain(separator), separator, read)
    }

    fn checked(
        &self,
        reading: &Reading<'_>,
        header: Result<Header, Refusal>,
    ) -> Result<Header, Report> {
        let shown = reading.part.shown();
        if reading.records.line().trim().is_empty() {
            bail!("{shown}: empty; it needs a header");
        }
        let number = reading.records.number;
        header.map_err(|refusal| match refusal {
            Refusal::Row(_, what) | Refusal::File(what) => eyre!("{shown}:{number}: {what}"),
        })
    }

    fn rows(
        &mut self,
        mut reading: Reading<'_>,
        header: Header,
        cut: Cut,
        separator: char,
        mut read: impl FnMut(&mut Gathered, &ImportRow<'_>) -> RowResult,
    ) -> Result<(), Report> {
        reading.report.separator = Some(separator.to_string());
        reading.report.columns = header.taken();
        while self.advance(&mut reading, cut)? {
            let row = ImportRow {
                header: &header,
                fields: reading.records.fields(),
            };
            let result = row.check().and_then(|()| read(&mut self.gathered, &row));
            self.settle(&mut reading, result)?;
        }
        self.close(reading)
    }

    /// Reports which columns were used of a file without a fixed header.
    pub(crate) fn columns_taken(&mut self, columns: BTreeMap<String, String>) {
        if let Some(report) = self.findings.files.last_mut() {
            report.columns = columns;
        }
    }

    fn open<'p>(&mut self, part: &'p ImportPart, table: Table) -> Result<Reading<'p>, Report> {
        let known = self.decided.get(&part.shown()).copied();
        let records = Records::open(part, known)?;
        self.gathered.at = (self.file_names.len() as u32, 0);
        self.file_names.push(part.shown());
        Ok(Reading {
            part,
            table,
            report: FileReport::new(part, records.encoding()),
            records,
            n_met: 0,
        })
    }

    /// Goes to the next row; `false` if there is none, or no more are wanted.
    fn advance(&mut self, reading: &mut Reading<'_>, cut: Cut) -> Result<bool, Report> {
        let limit = self
            .options
            .limit
            .filter(|_| reading.table == Table::Ratings);
        loop {
            if reading.n_met.is_multiple_of(ROWS_A_TELL) {
                self.tell(reading)?;
            }
            reading.n_met += 1;
            if limit.is_some_and(|limit| self.gathered.n_ratings() >= limit) {
                self.note(format!("stopped at {} ratings", self.gathered.n_ratings()));
                return Ok(false);
            }
            match reading.records.next_row(cut) {
                Met::Row => {
                    self.gathered.at.1 = reading.records.number;
                    return Ok(true);
                }
                Met::Blank => {}
                Met::End => return Ok(false),
                Met::TooLong => {
                    let what = too_long(LINE_BYTES_MAX);
                    self.settle(reading, Err(Refusal::row(Reason::LongLine, what)))?;
                }
                Met::Broken(error) => {
                    let what = format!("the rest cannot be read: {error}");
                    self.settle(reading, Err(Refusal::row(Reason::Unreadable, what)))?;
                    return Ok(false);
                }
                Met::LateByte => {
                    return Err(Report::new(LateByte {
                        name: reading.part.shown(),
                        line: reading.records.number,
                    }));
                }
            }
        }
    }

    /// Counts what became of a row.
    fn settle(&mut self, reading: &mut Reading<'_>, result: RowResult) -> Result<(), Report> {
        reading.report.rows_read += 1;
        match result {
            Ok(Taken::Kept) => *self.n_kept.entry(reading.table).or_default() += 1,
            Ok(Taken::LeftOut(reason)) => self.leave_out(reason, 1),
            Err(Refusal::Row(reason, what)) => {
                let fault = format!(
                    "{}:{}: {what}",
                    reading.part.shown(),
                    reading.records.number
                );
                self.bad(reason, 1, fault)?;
            }
            Err(Refusal::File(what)) => {
                bail!(
                    "{}:{}: {what}",
                    reading.part.shown(),
                    reading.records.number
                )
            }
        }
        Ok(())
    }

    fn close(&mut self, mut reading: Reading<'_>) -> Result<(), Report> {
        self.tell(&reading)?;
        reading.report.encoding = reading.records.encoding();
        let (name, n) = (&reading.part.name, reading.records.n_lone_quotes);
        if n > 0 {
            self.note(format!(
                "{name}: unclosed quotes, read as plain characters: {n}"
            ));
        }
        self.findings.files.push(reading.report);
        Ok(())
    }

    fn tell(&mut self, reading: &Reading<'_>) -> Result<(), Report> {
        self.watch.tell(&Progress {
            file: reading.part.name.clone(),
            bytes_done: reading.records.bytes_done(),
            bytes_total: reading.part.n_bytes,
            n_ratings: self.gathered.n_ratings(),
        })
    }

    pub(super) fn leave_out(&mut self, reason: Reason, n: u64) {
        if n > 0 {
            *self.left_out.entry(reason).or_default() += n;
        }
    }

    /// Counts `n` bad rows of one kind.
    ///
    /// # Errors
    /// The fault itself, with `strict`.
    pub(super) fn bad(&mut self, reason: Reason, n: u64, fault: String) -> Result<(), Report> {
        if self.options.strict {
            bail!("{fault} (--strict-import stops at the first bad line)");
        }
        self.findings.n_bad_lines += n;
        self.leave_out(reason, n);
        if self.findings.shown.len() < N_SHOWN {
            self.findings.shown.push(fault);
        }
        Ok(())
    }
}
