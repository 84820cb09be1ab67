//! The acceptance board: a row a subject, from recorded runs, sorted by any figure; totals,
//! distributions and breakdowns over the rows.
//!
//! A row is made from a trace, whatever made that: a batch, a sweep, this session, or a log
//! that was scored. Knows no files and no widgets.

mod column;
mod form;
mod log_door;
mod parts;
mod spread;

use std::collections::HashMap;
use std::path::PathBuf;

use crate::protocol::{RunId, SweepId};
use crate::speculate::stats::repetition;
use crate::speculate::sweep::Job;
use crate::speculate::trace::{SubjectInfo, Trace};
use crate::speculate::why_low::{CauseKind, WhyLow, causes, plainest};

pub use column::BoardColumn;
pub use column::SortDirection;
pub use form::BoardForm;
pub use log_door::{LogDoor, LogRequest, MoreRows};
pub use parts::Breakdown;
pub use parts::StepTally;
pub(crate) use spread::Spread;

/// Where a row's run opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowFrom {
    /// A trace on disk.
    File(PathBuf),
    /// A run of this session.
    Run(RunId),
    /// An answer of a log, by its number.
    Log(u32),
    /// A run of a sweep: which sweep, which subject, which cell.
    Sweep(SweepId, usize, Option<usize>),
}

impl RowFrom {
    /// A sweep's run.
    pub(crate) fn sweep(sweep: SweepId, job: Job) -> Self {
        RowFrom::Sweep(sweep, job.subject, job.cell)
    }
}

/// Whether rows keep their prompts and answers, which may be private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Texts {
    /// They do not.
    #[default]
    LeftOut,
    /// They do.
    Kept,
}

/// What was asked, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowText {
    /// As the model read it.
    pub prompt: String,
    /// As generated.
    pub answer: String,
}

/// A subject's run in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardRow {
    /// Where its run opens.
    pub from: RowFrom,
    /// Whom it is about.
    pub subject: SubjectInfo,
    /// Rule and budget: `strict · budget 8`.
    pub settings: String,
    /// Whether anything could be drafted.
    pub drafts: bool,
    /// Whether the run ended by itself.
    pub is_whole: bool,
    /// Causes and figures of its steps.
    pub why: WhyLow,
    /// Share of repeated 4-grams.
    pub repetition: f64,
    /// The step that explains its figure: the plainest one of the most frequent cause.
    pub look_at: Option<usize>,
    /// Its steps by where in the answer they began, in the buckets of its positions.
    pub by_position: Vec<StepTally>,
    /// Its steps by the heading above them, in the order of the text.
    pub by_heading: Vec<(String, StepTally)>,
    /// `None`: left out.
    pub text: Option<RowText>,
}

impl BoardRow {
    /// Of a recorded run.
    pub fn of(trace: &Trace, from: RowFrom, texts: Texts) -> Self {
        let header = &trace.header;
        let params = &header.params;
        let causes = causes(trace);
        let why = WhyLow::of_causes(trace, &causes);
        let settings = match params.drafts() {
            true => format!(
                "{} · budget {}",
                params.verify.describe(),
                params.budget.describe()
            ),
            false => params.verify.describe(),
        };
        let main = why.main();
        BoardRow {
            from,
            subject: header.subject.clone(),
            settings,
            drafts: params.drafts(),
            is_whole: trace.end.is_some(),
            look_at: main.and_then(|main| plainest(&causes, main)),
            repetition: repetition(&trace.token_ids()),
            by_position: parts::by_position(trace),
            by_heading: parts::by_heading(trace),
            text: (texts == Texts::Kept).then(|| RowText {
                prompt: header.prompt.clone(),
                answer: trace.text(),
            }),
            why,
        }
    }

    /// The most frequent cause among those that keep acceptance low.
    pub fn main(&self) -> Option<CauseKind> {
        self.why.main().filter(|_| self.drafts)
    }

    /// The longest match of a step, in tokens.
    pub(crate) fn longest_match(&self) -> usize {
        self.why.stats.match_lengths.len().saturating_sub(1)
    }

    /// The group whose pool drafted.
    pub(crate) fn group(&self) -> &str {
        self.subject.group.as_deref().unwrap_or("—")
    }

    /// All of its steps.
    pub(crate) fn tally(&self) -> StepTally {
        StepTally::of(&self.why.stats)
    }
}

/// Rows, and the figures of all of them.
#[derive(Clone, Debug, Default)]
pub struct Board {
    rows: Vec<BoardRow>,
    /// Where a run's row is.
    places: HashMap<RowFrom, usize>,
}

impl Board {
    /// Adds a row, or replaces the one of the same run.
    pub fn insert(&mut self, row: BoardRow) {
        match self.places.get(&row.from) {
            Some(&at) => self.rows[at] = row,
            None => {
                self.places.insert(row.from.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// As they came.
    pub fn rows(&self) -> &[BoardRow] {
        &self.rows
    }

    /// The indices of the rows that a filter leaves, sorted by a column. What has no figure
    /// comes last; equal figures keep the order in which they came.
    pub fn sorted(
        &self,
        column: BoardColumn,
        direction: SortDirection,
        keep: impl Fn(&BoardRow) -> bool,
    ) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows.len())
            .filter(|&i| keep(&self.rows[i]))
            .collect();
        order.sort_by(|&a, &b| column.compare(&self.rows[a], &self.rows[b], direction));
        order
    }

    /// The causes and figures of some rows together, those without drafts left out.
    pub fn together<'a>(rows: impl IntoIterator<Item = &'a BoardRow>) -> WhyLow {
        let mut all = WhyLow::default();
        let drafting = rows.into_iter().filter(|row| row.drafts);
        drafting.for_each(|row| all.add(&row.why));
        all
    }
}

#[cfg(test)]
#[path = "board_test.rs"]
mod tests;
