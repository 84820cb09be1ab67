//! The report of an import: what it read, kept and left out, and how it understood the
//! files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::catalog::Catalog;
use super::files::part::ImportPart;
use crate::text_input::Encoding;

/// How many bad lines are spelled out; the rest are counted.
pub(crate) const N_SHOWN: usize = 5;

/// How one file was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Without folders.
    pub(crate) file: String,
    /// Blank lines and the header do not count.
    pub(crate) rows_read: u64,
    /// Of the bytes, as found.
    pub encoding: Encoding,
    /// Between fields, where there are any.
    pub separator: Option<String>,
    /// The column used, by meaning.
    pub columns: BTreeMap<String, String>,
}

impl FileReport {
    pub(super) fn new(part: &ImportPart, encoding: Encoding) -> Self {
        FileReport {
            file: part.name.clone(),
            rows_read: 0,
            encoding,
            separator: None,
            columns: BTreeMap::new(),
        }
    }

    fn describe(&self) -> String {
        let rows = counted(self.rows_read, "row");
        let mut text = format!("{}: {rows}, {}", self.file, self.encoding);
        if let Some(separator) = &self.separator {
            let shown = match separator.as_str() {
                "\t" => "tab",
                other => other,
            };
            text.push_str(&format!(", fields between {shown}"));
        }
        let columns = self.columns.iter();
        let columns: Vec<String> = columns
            .map(|(meaning, column)| match meaning == column {
                true => meaning.clone(),
                false => format!("{meaning} from {column}"),
            })
            .collect();
        if !columns.is_empty() {
            text.push_str(&format!("; {}", columns.join(", ")));
        }
        text
    }
}

/// `1 row`, `2 rows`.
fn counted(n: u64, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// What an import found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// The dialect, in words.
    pub dialect: String,
    /// Rows of all files; each was kept or left out.
    pub rows_read: u64,
    /// Rows that became items, users or ratings.
    pub rows_kept: u64,
    /// By reason.
    pub left_out: BTreeMap<String, u64>,
    /// How many of those left out were bad.
    pub n_bad_lines: u64,
    /// The first bad lines, each with its file and number.
    pub shown: Vec<String>,
    /// The scale of the ratings: `1-5`, `counts`.
    pub scale: String,
    /// An option set the scale.
    pub scale_chosen: bool,
    /// What had to be assumed about the scale.
    pub scale_assumed: Option<String>,
    /// By name, how many optional values could not be read and count as missing.
    pub unreadable: BTreeMap<String, u64>,
    /// One per file read.
    pub files: Vec<FileReport>,
    /// What else was left out or assumed, in sentences.
    pub notes: Vec<String>,
    /// It came from the cache.
    #[serde(skip)]
    pub cached: bool,
}

impl Findings {
    /// A few lines for a person, the first about the whole.
    pub fn describe(&self, catalog: &Catalog) -> Vec<String> {
        let n_ratings: usize = catalog.users.iter().map(|user| user.history.len()).sum();
        let mut lines = vec![format!(
            "{}: {}, {} items, {} users, {n_ratings} ratings{}",
            catalog.name,
            if self.dialect.is_empty() {
                "the sample"
            } else {
                &self.dialect
            },
            catalog.items.len(),
            catalog.users.len(),
            if self.cached { " (cached import)" } else { "" },
        )];
        if self.dialect.is_empty() {
            return lines;
        }
        lines.push(format!("  {}", self.accounting()));
        if n_ratings > 0 {
            lines.push(format!("  {}", self.scale_line(catalog)));
        }
        lines.extend(
            self.files
                .iter()
                .map(|file| format!("  {}", file.describe())),
        );
        lines.extend(self.notes.iter().map(|note| format!("  {note}")));
        for (name, n) in &self.unreadable {
            lines.push(format!("  {name} ignored, unreadable or out of range: {n}"));
        }
        if self.n_bad_lines > 0 {
            let bad = counted(self.n_bad_lines, "bad line");
            lines.push(format!(
                "  {bad} skipped (--strict-import stops at the first)"
            ));
            lines.extend(self.shown.iter().map(|fault| format!("    {fault}")));
        }
        lines
    }

    fn accounting(&self) -> String {
        let n_left_out: u64 = self.left_out.values().sum();
        let reasons = self.left_out.iter();
        let reasons: Vec<String> = reasons.map(|(reason, n)| format!("{n} {reason}")).collect();
        let (read, kept) = (counted(self.rows_read, "row"), self.rows_kept);
        match reasons.is_empty() {
            true => format!("{read} read, {kept} kept, none left out"),
            false => format!(
                "{read} read, {kept} kept, {n_left_out} left out: {}",
                reasons.join(", ")
            ),
        }
    }

    fn scale_line(&self, catalog: &Catalog) -> String {
        let (scale, above) = (&self.scale, catalog.protocol.positive_above_stars);
        let how = match (&self.scale_assumed, self.scale_chosen) {
            (_, true) => " as --rating-scale says".to_owned(),
            (Some(assumed), _) => format!(": {assumed} (--rating-scale sets another)"),
            (None, _) => " found from the values (--rating-scale sets another)".to_owned(),
        };
        match scale.as_str() {
            "none" => "no ratings: every interaction counts as liked".to_owned(),
            scale => format!("rating scale {scale}{how}; liked: above {above}"),
        }
    }
}
