//! What the steps of answers come to: sums that add up over answers, as a whole and by
//! position, by heading and by the field that local drafts came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::speculate::cost::StepCosts;
use crate::speculate::params::Source;
use crate::speculate::speed_up::ms_by_profile;
use crate::speculate::stats::{FateCounts, Stats, ratio};
use crate::speculate::trace::Step;

/// Where the ranges of positions in the answer begin, in tokens.
pub const POSITIONS: [usize; 8] = [0, 16, 32, 64, 128, 256, 512, 1024];

/// Sums over steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreSums {
    /// Forward passes.
    pub steps: usize,
    /// Tokens committed, the bonus tokens included.
    pub tokens: usize,
    /// Rows of all passes.
    pub rows: usize,
    /// Steps whose retrieval found a draft token.
    pub hit_steps: usize,
    /// Draft tokens by fate.
    pub fates: FateCounts,
    /// Milliseconds of the steps by the cost profile, and of autoregressive ones; 0 without
    /// one.
    pub(crate) ms: f64,
    pub(crate) plain_ms: f64,
}

impl ScoreSums {
    fn of(step: &Step, costs: &StepCosts) -> Self {
        let mut fates = FateCounts::default();
        step.verdict.fates.iter().for_each(|&fate| fates.add(fate));
        let (plain_ms, ms) = ms_by_profile(std::slice::from_ref(step), costs).unwrap_or_default();
        ScoreSums {
            steps: 1,
            tokens: step.verdict.n_committed(),
            rows: step.tree.n_rows(),
            hit_steps: usize::from(step.is_hit()),
            fates,
            ms,
            plain_ms,
        }
    }

    /// Adds other steps.
    pub fn join(&mut self, other: &ScoreSums) {
        self.steps += other.steps;
        self.tokens += other.tokens;
        self.rows += other.rows;
        self.hit_steps += other.hit_steps;
        self.fates.join(&other.fates);
        self.ms += other.ms;
        self.plain_ms += other.plain_ms;
    }

    /// Tokens per step; `None` without steps.
    pub fn mal(&self) -> Option<f64> {
        ratio(self.tokens, self.steps)
    }

    /// Share of the steps with a hit.
    pub fn hit_rate(&self) -> Option<f64> {
        ratio(self.hit_steps, self.steps)
    }

    /// Rows per step.
    pub fn rows_per_step(&self) -> Option<f64> {
        ratio(self.rows, self.steps)
    }

    /// Estimated by the cost profile; `None` without one.
    pub fn speed_up(&self) -> Option<f64> {
        (self.ms > 0.0).then(|| self.plain_ms / self.ms)
    }
}

/// The figures of one answer, or of many.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryScore {
    /// The steps that the rule judged, as statistics of runs have them.
    pub stats: Stats,
    /// The same steps, with their costs.
    pub sums: ScoreSums,
    /// Steps that follow the logged answer where the rule would have committed, or may have
    /// committed, another token.
    pub unjudged: ScoreSums,
    /// By the position of the step's first token in the answer, as [`POSITIONS`] has them.
    pub positions: [ScoreSums; POSITIONS.len()],
    /// By the number of the heading under which the step begins.
    pub headings: BTreeMap<u32, ScoreSums>,
    /// Drafts credited to the text itself: found in the prompt, and in the answer so far.
    pub from_prompt: FateCounts,
    /// As above.
    pub from_answer: FateCounts,
}

impl Default for EntryScore {
    fn default() -> Self {
        EntryScore {
            stats: Stats::empty(),
            sums: ScoreSums::default(),
            unjudged: ScoreSums::default(),
            positions: Default::default(),
            headings: BTreeMap::new(),
            from_prompt: FateCounts::default(),
            from_answer: FateCounts::default(),
        }
    }
}

/// Where a step stands in its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepPlace {
    /// Tokens of the answer before it.
    pub(super) position: usize,
    /// The number of the heading above it.
    pub(super) heading: Option<u32>,
}

impl EntryScore {
    pub(super) fn add_unjudged(&mut self, step: &Step, costs: &StepCosts) {
        self.unjudged.join(&ScoreSums::of(step, costs));
    }

    /// Adds a step. `is_from_prompt`: of a node that is credited to the local source.
    pub(super) fn add(
        &mut self,
        step: &Step,
        costs: &StepCosts,
        place: StepPlace,
        is_from_prompt: impl Fn(usize) -> bool,
    ) {
        let sums = ScoreSums::of(step, costs);
        self.stats.add(step);
        self.sums.join(&sums);
        let range = POSITIONS.partition_point(|&begin| begin <= place.position);
        self.positions[range - 1].join(&sums);
        if let Some(heading) = place.heading {
            self.headings.entry(heading).or_default().join(&sums);
        }
        for (i, &fate) in step.verdict.fates.iter().enumerate() {
            if step.credited(i + 1) == Some(Source::Local) {
                match is_from_prompt(i + 1) {
                    true => self.from_prompt.add(fate),
                    false => self.from_answer.add(fate),
                }
            }
        }
    }

    /// Adds other answers.
    pub fn join(&mut self, other: &EntryScore) {
        self.stats.join(&other.stats);
        self.sums.join(&other.sums);
        self.unjudged.join(&other.unjudged);
        let positions = self.positions.iter_mut().zip(&other.positions);
        positions.for_each(|(mine, others)| mine.join(others));
        for (&heading, sums) in &other.headings {
            self.headings.entry(heading).or_default().join(sums);
        }
        self.from_prompt.join(&other.from_prompt);
        self.from_answer.join(&other.from_answer);
    }

    /// Share of the steps that the rule judged; 1 for a strict rule.
    pub fn judged_share(&self) -> Option<f64> {
        ratio(self.sums.steps, self.sums.steps + self.unjudged.steps)
    }

    /// The longest match of any step, in tokens.
    pub fn longest_match(&self) -> usize {
        self.stats.match_lengths.len().saturating_sub(1)
    }
}
