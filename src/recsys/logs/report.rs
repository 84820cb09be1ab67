//! What became of the lines of logs: kept, or skipped for a reason.

use std::collections::BTreeMap;

use super::entry::{LogEntry, LogPlace, LogPromptText};
use super::format::LogFormat;
use super::options::LogOptions;

/// Longest line, row or element of an array, in bytes; [`LogSkip::TooLong`] names it.
pub(super) const ENTRY_BYTES_MAX: usize = 1 << 25;

/// Reasons for which a line, an array's element or a choice is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::Display)]
pub enum LogSkip {
    /// Longer than the limit: it was not loaded.
    #[strum(to_string = "longer than 32 MiB, the limit for a line")]
    TooLong,
    /// Bytes that are no text.
    #[strum(to_string = "not UTF-8")]
    NotText,
    /// Not JSON, or cut off.
    #[strum(to_string = "damaged JSON")]
    Damaged,
    /// A row with other columns than the header, or a quote that does not end.
    #[strum(to_string = "a damaged row")]
    DamagedRow,
    /// JSON of a layout that is not known, or not the one that was asked for.
    #[strum(to_string = "of an unknown layout")]
    UnknownLayout,
    /// A failed request.
    #[strum(to_string = "an error instead of an answer")]
    Failed,
    /// A request or a choice without a text.
    #[strum(to_string = "without an answer")]
    NoAnswer,
    /// Of two files joined: an answer whose request is not there.
    #[strum(to_string = "an answer without its request")]
    NoRequest,
    /// Of two files joined: a request whose answer is not there.
    #[strum(to_string = "a request without its answer")]
    NoResponse,
    /// Of two files joined: an id that came before.
    #[strum(to_string = "an id that came before")]
    Repeated,
    /// Token ids that are none, or masks of another length.
    #[strum(to_string = "with damaged token ids")]
    BadIds,
}

/// Lines that were skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSkipped {
    /// How many.
    pub n: u64,
    /// The first of them.
    pub first: LogPlace,
    /// What is wrong with that one.
    pub why: String,
}

/// Counts over all files; every line that is not blank is in one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// Lines, rows, or elements of an array; each is used or skipped.
    pub n_lines: u64,
    /// Those of which entries were made.
    pub n_used: u64,
    /// Entries, by format; a line may hold several, and two lines joined are one.
    pub kept: BTreeMap<LogFormat, u64>,
    /// Lines without an entry, by reason.
    pub skipped: BTreeMap<LogSkip, LogSkipped>,
    /// Files that break off: their name, and where and why. What came before is kept.
    pub broken: Vec<String>,
    /// Entries whose prompt is not logged.
    pub n_without_prompt: u64,
    /// Entries whose reasoning is logged apart: it is not part of the answer.
    pub n_with_reasoning: u64,
    /// Entries in which a field that was asked for is not there, by option.
    pub unfound: BTreeMap<&'static str, u64>,
}

impl LogReport {
    /// Entries of all formats.
    pub fn n_kept(&self) -> u64 {
        self.kept.values().sum()
    }

    /// Skipped lines of all reasons.
    pub fn n_skipped(&self) -> u64 {
        self.skipped.values().map(|skipped| skipped.n).sum()
    }

    /// Lines for the user: what was skipped or left out, and what broke off.
    pub fn told(&self) -> Vec<String> {
        let mut lines = self.broken.clone();
        lines.extend(self.skipped.iter().map(|(reason, skipped)| {
            let LogSkipped { n, first, why } = skipped;
            let noun = if *n == 1 { "line" } else { "lines" };
            format!("{n} {noun} skipped, {reason}; the first: {first}: {why}")
        }));
        let n_kept = self.n_kept();
        lines.extend(self.unfound.iter().map(|(option, n)| {
            format!("{option}: the field is not there in {n} of {n_kept} entries")
        }));
        let counted = [
            (self.n_without_prompt, "have no prompt"),
            (
                self.n_with_reasoning,
                "have reasoning beside the answer, which is left out",
            ),
        ];
        let counted = counted.into_iter().filter(|(n, _)| *n > 0);
        lines.extend(counted.map(|(n, what)| format!("{n} of {n_kept} entries {what}")));
        lines
    }

    /// Counts a line without an entry.
    pub(super) fn skip(&mut self, place: &LogPlace, reason: LogSkip, why: String) {
        let skipped = self.skipped.entry(reason);
        let skipped = skipped.or_insert_with(|| LogSkipped {
            n: 0,
            first: place.clone(),
            why,
        });
        skipped.n += 1;
    }

    /// Counts an entry.
    pub(super) fn keep(&mut self, entry: &LogEntry, options: &LogOptions) {
        *self.kept.entry(entry.format).or_default() += 1;
        let has_prompt = entry.prompt.ids.is_some() || entry.prompt.text != LogPromptText::Absent;
        self.n_without_prompt += u64::from(!has_prompt);
        self.n_with_reasoning += u64::from(entry.has_reasoning && entry.answer.ids.is_none());
        let asked = [
            ("--prompt-field", &options.prompt_field, has_prompt),
            ("--id-field", &options.id_field, !entry.id.is_empty()),
            ("--group-field", &options.group_field, entry.group.is_some()),
            (
                "--start-field",
                &options.start_field,
                entry.started.is_some(),
            ),
            ("--end-field", &options.end_field, entry.ended.is_some()),
        ];
        for (option, field, is_there) in asked {
            if field.is_some() && !is_there {
                *self.unfound.entry(option).or_default() += 1;
            }
        }
    }
}
