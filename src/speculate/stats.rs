//! Figures of a run, from its trace alone: MAL, acceptance by source and depth,
//! hits, repetition, times.

mod joined;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::params::Source;
use super::trace::{Step, Timing, Trace};
use super::verify::Fate;

/// Draft tokens by fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FateCounts {
    pub(crate) accepted: usize,
    pub(crate) relaxed: usize,
    pub(crate) rejected: usize,
    pub(crate) lost: usize,
    pub(crate) unreached: usize,
}

impl FateCounts {
    pub(crate) fn add(&mut self, fate: Fate) {
        *match fate {
            Fate::Accepted => &mut self.accepted,
            Fate::Relaxed => &mut self.relaxed,
            Fate::Rejected => &mut self.rejected,
            Fate::Lost => &mut self.lost,
            Fate::Unreached => &mut self.unreached,
        } += 1;
    }

    /// Adds others.
    pub(crate) fn join(&mut self, other: &FateCounts) {
        self.accepted += other.accepted;
        self.relaxed += other.relaxed;
        self.rejected += other.rejected;
        self.lost += other.lost;
        self.unreached += other.unreached;
    }

    pub(crate) fn drafted(&self) -> usize {
        self.committed() + self.rejected + self.lost + self.unreached
    }

    /// Accepted and relaxed.
    pub fn committed(&self) -> usize {
        self.accepted + self.relaxed
    }

    /// Accepted and relaxed over drafted; `None` without drafts.
    pub(crate) fn acceptance(&self) -> Option<f64> {
        ratio(self.committed(), self.drafted())
    }
}

/// A source's part in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStats {
    /// Which source.
    pub source: Source,
    /// Steps in which it matched.
    pub(crate) hit_steps: usize,
    /// Fates of the draft tokens credited to it.
    pub fates: FateCounts,
}

/// Pool hits by the length of their longest match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MatchStats {
    /// Steps that drafted something, and whose longest match was of this length.
    pub(crate) hits: usize,
    /// Draft tokens that they drafted.
    pub(crate) drafted: usize,
    /// Their draft tokens that were committed: accepted or relaxed.
    pub(crate) taken: usize,
}

impl MatchStats {
    /// Draft tokens committed per hit; `None` without hits.
    pub(crate) fn taken_per_hit(&self) -> Option<f64> {
        ratio(self.taken, self.hits)
    }

    pub(crate) fn add(&mut self, other: &MatchStats) {
        self.hits += other.hits;
        self.drafted += other.drafted;
        self.taken += other.taken;
    }
}

/// Figures of the first n steps of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Forward passes.
    pub steps: usize,
    /// Tokens committed, bonus included.
    pub tokens: usize,
    /// Tokens that the model chose itself, after the accepted drafts.
    pub bonus: usize,
    /// Of all draft tokens.
    pub fates: FateCounts,
    /// Steps whose retrieval found a draft token.
    pub(crate) hit_steps: usize,
    /// One per source, in the order of [`Source::ALL`].
    pub sources: Vec<SourceStats>,
    /// Index d-1: (accepted or relaxed at depth d, of steps that had a draft
    /// there below a committed node).
    pub(crate) by_depth: Vec<(usize, usize)>,
    /// Index m: steps whose longest match in any source was m tokens.
    pub(crate) match_lengths: Vec<usize>,
    /// Index m: the pool hits whose longest match was m tokens. 0: nothing in the
    /// context was found, and frequent tokens were drafted.
    #[serde(default)]
    pub(crate) by_match: Vec<MatchStats>,
    /// Milliseconds of the steps whose times are recorded, by phase; `None`: of none.
    pub timing: Option<Timing>,
    /// Steps whose times are not recorded, and their tokens.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) untimed_steps: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) untimed_tokens: usize,
    /// Rows of all forward passes.
    pub(crate) rows: usize,
}

impl Stats {
    /// Figures of a whole run.
    pub fn of(trace: &Trace) -> Self {
        Self::of_steps(&trace.steps)
    }

    pub(crate) fn of_steps(steps: &[Step]) -> Self {
        let mut stats = Stats::empty();
        steps.iter().for_each(|step| stats.add(step));
        stats
    }

    /// Before the first step.
    pub fn empty() -> Self {
        let source = |source| SourceStats {
            source,
            hit_steps: 0,
            fates: FateCounts::default(),
        };
        Stats {
            steps: 0,
            tokens: 0,
            bonus: 0,
            fates: FateCounts::default(),
            hit_steps: 0,
            sources: Source::ALL.map(source).to_vec(),
            by_depth: Vec::new(),
            match_lengths: Vec::new(),
            by_match: Vec::new(),
            timing: None,
            untimed_steps: 0,
            untimed_tokens: 0,
            rows: 0,
        }
    }

    /// Adds one step.
    pub fn add(&mut self, step: &Step) {
        self.steps += 1;
        self.tokens += step.verdict.n_committed();
        self.bonus += usize::from(step.verdict.bonus.is_some());
        self.hit_steps += usize::from(step.is_hit());
        self.rows += step.tree.n_rows();
        self.add_times(step);
        self.add_fates(step);
        self.add_depths(step);
        self.add_matches(step);
    }

    fn add_times(&mut self, step: &Step) {
        match &step.timing {
            Some(timing) => self.timing.get_or_insert_default().add(timing),
            None => {
                self.untimed_steps += 1;
                self.untimed_tokens += step.verdict.n_committed();
            }
        }
    }

    fn add_fates(&mut self, step: &Step) {
        for (i, &fate) in step.verdict.fates.iter().enumerate() {
            self.fates.add(fate);
            let credited = step.credited(i + 1);
            if let Some(s) = self.sources.iter_mut().find(|s| Some(s.source) == credited) {
                s.fates.add(fate);
            }
        }
    }

    fn add_depths(&mut self, step: &Step) {
        let path = &step.verdict.path;
        for depth in 1..=path.len() + 1 {
            let parent = if depth == 1 { 0 } else { path[depth - 2] };
            let tried = step
                .tree
                .children(parent)
                .any(|c| step.verdict.fate(c) != Some(Fate::Unreached));
            if !tried {
                continue;
            }
            if self.by_depth.len() < depth {
                self.by_depth.resize(depth, (0, 0));
            }
            self.by_depth[depth - 1].1 += 1;
            self.by_depth[depth - 1].0 += usize::from(depth <= path.len());
        }
    }

    fn add_matches(&mut self, step: &Step) {
        for hit in &step.retrieval {
            if let Some(s) = self.sources.iter_mut().find(|s| s.source == hit.source) {
                s.hit_steps += 1;
            }
        }
        let longest = step.retrieval.iter().map(|h| h.matched).max().unwrap_or(0);
        if self.match_lengths.len() <= longest {
            self.match_lengths.resize(longest + 1, 0);
        }
        self.match_lengths[longest] += 1;
        if step.is_hit() {
            self.add_hit(step, longest);
        }
    }

    fn add_hit(&mut self, step: &Step, longest: usize) {
        if self.by_match.len() <= longest {
            self.by_match.resize(longest + 1, MatchStats::default());
        }
        self.by_match[longest].add(&MatchStats {
            hits: 1,
            drafted: step.tree.n_drafts(),
            taken: step.verdict.path.len(),
        });
    }

    /// Mean accepted length: tokens committed per step, bonus included.
    pub fn mal(&self) -> Option<f64> {
        ratio(self.tokens, self.steps)
    }

    /// Rows of a forward pass, root and drafts.
    pub(crate) fn rows_per_step(&self) -> Option<f64> {
        ratio(self.rows, self.steps)
    }

    /// Share of steps with a pool hit.
    pub(crate) fn hit_rate(&self) -> Option<f64> {
        ratio(self.hit_steps, self.steps)
    }

    /// Draft tokens committed per pool hit.
    pub(crate) fn taken_per_hit(&self) -> Option<f64> {
        ratio(self.fates.committed(), self.hit_steps)
    }

    /// Milliseconds of the steps whose times are recorded; `None`: of none.
    pub fn ms(&self) -> Option<f64> {
        self.timing.as_ref().map(Timing::total)
    }

    /// The mean step's times, of those that are recorded.
    pub(crate) fn mean_timing(&self) -> Option<Timing> {
        let timed = self.steps - self.untimed_steps;
        Some(self.timing?.over(timed))
    }

    /// Decoding speed where times are recorded, the prompt not included.
    pub fn tokens_per_s(&self) -> Option<f64> {
        let ms = self.ms().filter(|&ms| ms > 0.0)?;
        let timed = self.tokens - self.untimed_tokens;
        Some(timed as f64 * 1000.0 / ms)
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// A part of a whole; `None`: the whole is nothing.
pub(crate) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Share of repeated 4-grams among all 4-grams; 0 for texts under 4 tokens. Small
/// models loop, and loops inflate acceptance.
pub fn repetition(ids: &[TokenId]) -> f64 {
    let n_grams = ids.len().saturating_sub(3);
    let distinct = ids.windows(4).collect::<HashSet<_>>().len();
    if n_grams == 0 {
        0.0
    } else {
        1.0 - distinct as f64 / n_grams as f64
    }
}

/// [`repetition`] of a text that grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repetition {
    distinct: HashSet<[TokenId; 4]>,
    n_grams: usize,
    /// The last tokens, up to three.
    last: Vec<TokenId>,
}

impl Repetition {
    pub(crate) fn push(&mut self, id: TokenId) {
        if let [a, b, c] = self.last[..] {
            self.distinct.insert([a, b, c, id]);
            self.n_grams += 1;
            self.last.remove(0);
        }
        self.last.push(id);
    }

    pub(crate) fn share(&self) -> f64 {
        match self.n_grams {
            0 => 0.0,
            n => 1.0 - self.distinct.len() as f64 / n as f64,
        }
    }
}

/// Share of positions at which two outputs have the same token, relative to the longer
/// one ([`in_common`](super::compare::in_common) aligns them first); 1.0 for two empty
/// outputs.
pub fn agreement(a: &[TokenId], b: &[TokenId]) -> f64 {
    let longer = a.len().max(b.len());
    let same = a.iter().zip(b).filter(|(x, y)| x == y).count();
    if longer == 0 {
        1.0
    } else {
        same as f64 / longer as f64
    }
}

/// The first position at which two outputs differ.
pub fn first_difference(a: &[TokenId], b: &[TokenId]) -> Option<usize> {
    let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    (common < a.len().max(b.len())).then_some(common)
}

#[cfg(test)]
#[path = "stats/stats_test.rs"]
mod tests;
