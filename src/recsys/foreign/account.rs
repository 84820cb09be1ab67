//! Counts what became of a file's entries.

use color_eyre::eyre::{Result, ensure};

use super::entry::Document;

/// Bad entries reported per file.
const N_TOLD: usize = 5;

/// Entries that were lost, and what was removed from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Entries that could not be read.
    pub n_bad: usize,
    /// The first few, each with file and line.
    pub bad: Vec<String>,
    /// Answers from which blocks of reasoning were removed.
    pub(crate) n_reasoning: usize,
    /// Answers from which end-of-turn markers were removed.
    pub(crate) n_markers: usize,
}

impl Account {
    /// Passes a document on, or counts what is wrong with the entry.
    ///
    /// # Errors
    /// Those of `sink`.
    pub(super) fn take(
        &mut self,
        file: &str,
        line: usize,
        entry: Result<Document, String>,
        sink: &mut dyn FnMut(Document) -> Result<()>,
    ) -> Result<()> {
        match entry {
            Ok(doc) => {
                self.n_reasoning += usize::from(doc.removed.reasoning);
                self.n_markers += usize::from(doc.removed.markers);
                sink(doc)
            }
            Err(why) => {
                self.lose(file, Some(line), why);
                Ok(())
            }
        }
    }

    /// Counts a bad entry.
    pub(super) fn lose(&mut self, file: &str, line: Option<usize>, why: String) {
        self.n_bad += 1;
        if self.bad.len() < N_TOLD {
            let line = line.map_or(String::new(), |line| format!("{line}:"));
            self.bad.push(format!("{file}:{line} {why}"));
        }
    }

    /// Refuses a file without a readable document.
    ///
    /// # Errors
    /// The first bad entry, and how many there are.
    pub(crate) fn expect_any(&self, file: &str, n_docs: usize) -> Result<()> {
        let first = self.bad.first().map_or("", String::as_str);
        ensure!(
            n_docs > 0 || self.n_bad == 0,
            "{file}: no document could be read, {} bad entries; the first: {first}",
            self.n_bad
        );
        Ok(())
    }

    /// Adds another file's.
    pub(crate) fn add(&mut self, other: Account) {
        self.n_bad += other.n_bad;
        self.bad.extend(other.bad);
        self.n_reasoning += other.n_reasoning;
        self.n_markers += other.n_markers;
    }

    /// A line for everything lost or removed: the first bad entries, how many more
    /// there are, and what was removed from answers.
    pub fn told(&self) -> Vec<String> {
        let mut lines = self.bad.clone();
        let n_more = self.n_bad - self.bad.len();
        if n_more > 0 {
            lines.push(format!("and {n_more} more bad entries"));
        }
        let answers = |n: usize| match n {
            1 => "1 answer".to_string(),
            n => format!("{n} answers"),
        };
        if self.n_reasoning > 0 {
            lines.push(format!(
                "reasoning (<think> blocks) removed from {}",
                answers(self.n_reasoning)
            ));
        }
        if self.n_markers > 0 {
            lines.push(format!(
                "end-of-turn markers removed from {}",
                answers(self.n_markers)
            ));
        }
        lines
    }
}
