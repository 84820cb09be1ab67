//! A line per answer and way, for spreadsheets. Holds no texts of prompts or answers.

use color_eyre::eyre::Result;

use super::figures::ScoreFigures;
use super::ways::ScoreWay;
use crate::console;
use crate::engine::scoring::{Answers, EntryScore, ScoredAnswer};

const HEADS: [&str; 26] = [
    "id",
    "place",
    "group",
    "drafter",
    "budget",
    "pool",
    "verify",
    "tokens",
    "steps",
    "mal",
    "drafted",
    "accepted",
    "relaxed",
    "rejected",
    "lost",
    "unreached",
    "acceptance",
    "waste",
    "hit_steps",
    "hit_rate",
    "longest_match",
    "repetition",
    "rows",
    "unjudged_steps",
    "judged",
    "est_speedup",
];

/// The lines, printed as they come; none if they were not asked for.
pub(super) struct Lines {
    out: Option<csv::Writer<Vec<u8>>>,
}

impl Lines {
    pub(super) fn new(wanted: bool) -> Result<Self> {
        let mut lines = Lines {
            out: wanted.then(|| csv::Writer::from_writer(Vec::new())),
        };
        if let Some(out) = &mut lines.out {
            out.write_record(HEADS)?;
        }
        Ok(lines)
    }

    /// Adds an answer.
    pub(super) fn add(
        &mut self,
        answers: &Answers,
        scored: &ScoredAnswer,
        ways: &[ScoreWay],
    ) -> Result<()> {
        let Some(out) = &mut self.out else {
            return Ok(());
        };
        let entry = &answers.entries[scored.number as usize];
        for (way, score) in ways.iter().zip(&scored.scores) {
            let arrangement = way.arrangement.map_or("", |arrangement| arrangement.name());
            let mut line = vec![
                entry.id.clone(),
                entry.place.clone(),
                entry.group.to_string(),
                way.params.drafter.name().to_string(),
                way.params.budget.to_string(),
                arrangement.to_string(),
                way.params.verify.name().to_string(),
            ];
            line.extend(cells(score, scored.repetition));
            out.write_record(&line)?;
        }
        self.print()
    }

    /// Prints the rest: the heads, if there was nothing else.
    pub(super) fn finish(mut self) -> Result<()> {
        self.print()
    }

    fn print(&mut self) -> Result<()> {
        let Some(out) = self.out.take() else {
            return Ok(());
        };
        let lines = out.into_inner()?;
        console::text(&String::from_utf8_lossy(&lines))?;
        self.out = Some(csv::Writer::from_writer(Vec::new()));
        Ok(())
    }
}

fn cells(score: &EntryScore, repetition: f64) -> Vec<String> {
    let share = |share: Option<f64>| share.map_or_else(String::new, |n| format!("{n:.6}"));
    let (figures, sums) = (ScoreFigures::of(&score.sums), &score.sums);
    let drafts = figures.drafts;
    vec![
        figures.tokens.to_string(),
        figures.steps.to_string(),
        share(figures.mal),
        drafts.drafted.to_string(),
        drafts.accepted.to_string(),
        drafts.relaxed.to_string(),
        drafts.rejected.to_string(),
        drafts.lost.to_string(),
        drafts.unreached.to_string(),
        share(drafts.acceptance),
        share(drafts.waste),
        sums.hit_steps.to_string(),
        share(figures.hit_rate),
        score.longest_match().to_string(),
        share(Some(repetition)),
        share(figures.rows),
        score.unjudged.steps.to_string(),
        share(score.judged_share()),
        share(figures.est_speedup),
    ]
}
