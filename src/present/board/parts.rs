//! The steps of rows in parts: by group, by the heading above them, and by where in the
//! answer they began.

use super::BoardRow;
use crate::console::visible;
use crate::speculate::headings::headings;
use crate::speculate::stats::{Stats, ratio};
use crate::speculate::trace::{Step, Trace};

/// The first token of each stretch of an answer.
pub(crate) const POSITIONS: [usize; 8] = [0, 16, 32, 64, 128, 256, 512, 1024];
/// What stands above the first heading.
const NO_HEADING: &str = "(no heading)";

/// Figures of some steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StepTally {
    /// Forward passes.
    pub steps: usize,
    /// Tokens committed.
    pub tokens: usize,
    /// Steps with a hit.
    pub hits: usize,
    /// Draft tokens.
    pub drafted: usize,
    /// Draft tokens committed.
    pub committed: usize,
}

impl StepTally {
    pub(super) fn of(stats: &Stats) -> Self {
        StepTally {
            steps: stats.steps,
            tokens: stats.tokens,
            hits: stats.hit_steps,
            drafted: stats.fates.drafted(),
            committed: stats.fates.committed(),
        }
    }

    fn add_step(&mut self, step: &Step) {
        self.add(&StepTally {
            steps: 1,
            tokens: step.verdict.n_committed(),
            hits: usize::from(step.is_hit()),
            drafted: step.tree.n_drafts(),
            committed: step.verdict.path.len(),
        });
    }

    /// Adds other steps.
    pub fn add(&mut self, other: &StepTally) {
        self.steps += other.steps;
        self.tokens += other.tokens;
        self.hits += other.hits;
        self.drafted += other.drafted;
        self.committed += other.committed;
    }

    /// Tokens per step.
    pub fn mal(&self) -> Option<f64> {
        ratio(self.tokens, self.steps)
    }

    /// Share of the drafts that were committed.
    pub fn acceptance(&self) -> Option<f64> {
        ratio(self.committed, self.drafted)
    }

    /// Share of the drafts that were not.
    pub fn waste(&self) -> Option<f64> {
        self.acceptance().map(|share| 1.0 - share)
    }

    /// Share of steps with a hit.
    pub fn hit_rate(&self) -> Option<f64> {
        ratio(self.hits, self.steps)
    }
}

/// How rows' steps are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Breakdown {
    /// By the subject's group.
    #[default]
    Group,
    /// By the heading of the answer that the step is below.
    Heading,
    /// By where in the answer the step begins.
    Position,
}

impl Breakdown {
    /// In the order of the screen.
    pub const ALL: [Breakdown; 3] = [Breakdown::Group, Breakdown::Heading, Breakdown::Position];

    /// On the command line: `group`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// # Errors
    /// Lists the names.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let found = Breakdown::ALL.into_iter().find(|b| b.name() == text);
        found.ok_or_else(|| format!("`{text}`: must be group, heading or position"))
    }

    /// The next one; after the last the first.
    pub(crate) fn next(self) -> Self {
        match self {
            Breakdown::Group => Breakdown::Heading,
            Breakdown::Heading => Breakdown::Position,
            Breakdown::Position => Breakdown::Group,
        }
    }

    /// The parts with their figures: positions in order, others by their steps, most first.
    /// Rows without drafts are left out.
    pub fn of<'a>(self, rows: impl IntoIterator<Item = &'a BoardRow>) -> Vec<(String, StepTally)> {
        let mut parts = NamedTallies::default();
        for row in rows.into_iter().filter(|row| row.drafts) {
            match self {
                Breakdown::Group => parts.add(row.group(), &row.tally()),
                Breakdown::Heading => {
                    let headings = row.by_heading.iter();
                    headings.for_each(|(heading, tally)| parts.add(heading, tally));
                }
                Breakdown::Position => {
                    let tallies = row.by_position.iter().enumerate();
                    tallies.for_each(|(i, tally)| parts.add(&position(i), tally));
                }
            }
        }
        parts.list.retain(|(_, tally)| tally.steps > 0);
        if self != Breakdown::Position {
            parts
                .list
                .sort_by_key(|(_, tally)| std::cmp::Reverse(tally.steps));
        }
        parts.list
    }
}

/// Figures by name, in the order in which the names came.
#[derive(Default)]
struct NamedTallies {
    list: Vec<(String, StepTally)>,
    places: std::collections::HashMap<String, usize>,
}

impl NamedTallies {
    fn add(&mut self, name: &str, tally: &StepTally) {
        let at = match self.places.get(name) {
            Some(&at) => at,
            None => {
                self.list.push((name.to_string(), StepTally::default()));
                self.places.insert(name.to_string(), self.list.len() - 1);
                self.list.len() - 1
            }
        };
        self.list[at].1.add(tally);
    }
}

/// A stretch of an answer: `16-31`.
fn position(i: usize) -> String {
    match POSITIONS.get(i + 1) {
        Some(next) => format!("{}-{}", POSITIONS[i], next - 1),
        None => format!("{}+", POSITIONS[i]),
    }
}

/// A run's steps by where in the answer they began.
pub(super) fn by_position(trace: &Trace) -> Vec<StepTally> {
    let mut tallies = vec![StepTally::default(); POSITIONS.len()];
    let mut at = trace.taken_over().count();
    for step in &trace.steps {
        let stretch = POSITIONS.partition_point(|&from| from <= at) - 1;
        tallies[stretch].add_step(step);
        at += step.verdict.n_committed();
    }
    tallies
}

/// A run's steps by the heading under which they begin, as scores of logs have it. A branch's
/// steps are also below the headings that it took over.
pub(super) fn by_heading(trace: &Trace) -> Vec<(String, StepTally)> {
    let ids = trace.token_ids();
    let headings = headings(ids.iter().map(|&id| trace.token_bytes(id)));
    let mut parts = NamedTallies::default();
    let mut at = trace.taken_over().count();
    for step in &trace.steps {
        let n_above = headings.partition_point(|&(_, first)| first <= at);
        let above = n_above.checked_sub(1).map(|last| headings[last].0.as_str());
        let mut tally = StepTally::default();
        tally.add_step(step);
        parts.add(&visible::row(above.unwrap_or(NO_HEADING)), &tally);
        at += step.verdict.n_committed();
    }
    parts.list
}
