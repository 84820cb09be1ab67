//! Follows a rerun alongside the recorded run: what it would draft at a step with the
//! same context, and whether the recording can tell.
//!
//! Drafts depend on the context, the parameters, the pools, retrieval's rests, and what
//! the calibration has learned so far. The first is equal while the same tokens are
//! committed; the last two are followed here.

use std::cmp::Ordering;

use super::{Change, Knob, Rejudged};
use crate::speculate::TokenId;
use crate::speculate::backoff::Backoff;
use crate::speculate::cost::StepCosts;
use crate::speculate::params::{Budget, Drafter, Params};
use crate::speculate::trace::{RowsBy, Step, Trace};

/// The state of both runs before a step.
pub(crate) struct Course {
    recorded: Params,
    rows: RowsBy,
    /// Of the rerun, which keeps them throughout; `None`: as recorded.
    rerun: Option<Params>,
    /// The rests of retrieval in the recorded run, and in the rerun.
    recorded_rest: Backoff,
    rerun_rest: Backoff,
    /// The current calibration is not the one that learned from the previous steps.
    is_switched: bool,
    /// The rerun's calibration has learned something else.
    has_learned_otherwise: bool,
}

impl Course {
    pub(crate) fn begin(trace: &Trace, change: &Change) -> Self {
        let begun = trace.header.branch.as_ref().and_then(|b| b.backoff.clone());
        let rest = begun.unwrap_or_default();
        let last = trace.params_at(trace.steps.len());
        Course {
            recorded: trace.header.params,
            rows: trace.header.rows,
            rerun: (!change.is_empty()).then(|| change.over(&last)),
            recorded_rest: rest.clone(),
            rerun_rest: rest,
            is_switched: false,
            has_learned_otherwise: false,
        }
    }

    /// Moves to a step.
    pub(crate) fn enter(&mut self, step: &Step) {
        let Some(params) = step.params else {
            return;
        };
        let calibration = |p: &Params| (p.verify, p.drafter);
        self.is_switched |= calibration(&params) != calibration(&self.recorded);
        self.recorded = params;
    }

    /// The rerun's parameters.
    pub(crate) fn asked(&self) -> &Params {
        self.rerun.as_ref().unwrap_or(&self.recorded)
    }

    /// The rule is the recorded one.
    pub(crate) fn keeps_the_rule(&self) -> bool {
        self.asked().verify == self.recorded.verify
    }

    /// Continues after a step that committed the same.
    pub(crate) fn leave(&mut self, step: &Step, again: &Rejudged) {
        let keeps_any = (1..step.tree.n_rows()).any(|node| again.is_kept(node));
        self.recorded_rest.after_step(step.tree.n_drafts() > 0);
        self.rerun_rest.after_step(keeps_any);
        self.has_learned_otherwise |= learns_otherwise(step, again, self.asked());
    }

    /// The nodes that the rerun would draft: paths no longer than the branch, of those
    /// the first ones up to the budget, none while retrieval rests. `None`: all.
    pub(crate) fn kept(&self, step: &Step, costs: &StepCosts) -> Option<Vec<bool>> {
        let (recorded, asked) = (&self.recorded, self.asked());
        let is_shorter = asked.branch < recorded.branch;
        let same_rows = asked.verify.drafts() && asked.budget == recorded.budget;
        if same_rows && !is_shorter && self.rests() == self.rested() {
            return None;
        }
        let nodes = &step.tree.nodes;
        let is_short = |node: usize| nodes[node].depth <= asked.branch;
        let mut rows = match asked.drafts() && !self.rests() {
            true => asked.budget.max_rows(),
            false => 1,
        };
        // What other runs left of a pass's rows is in the recorded trees alone.
        if asked.budget.is_auto() && self.rows.is_own() {
            let best = (0..nodes.len()).filter(|&node| is_short(node)).take(rows);
            let path_probs = best.map(|node| nodes[node].path_prob);
            rows = rows.min(costs.best_rows_of(path_probs, step.context_len));
        }
        let mut n_kept = 0;
        let keep = |node| {
            let is_kept = is_short(node) && n_kept < rows;
            n_kept += usize::from(is_kept);
            is_kept
        };
        let kept: Vec<bool> = (0..nodes.len()).map(keep).collect();
        kept.contains(&false).then_some(kept)
    }

    /// What this step's recording cannot tell about the rerun.
    pub(crate) fn unknown(&self, step: &Step, eos: &[TokenId]) -> Option<Knob> {
        let rerun = self.rerun.as_ref()?;
        let (recorded, asked) = (&self.recorded, rerun);
        let is_drawn = step.row(0).is_some_and(|row| row.drawn.is_some());
        let is_drawn = is_drawn || recorded.sampling.is_some();
        let drafted_nothing = !recorded.verify.drafts() && asked.verify.drafts();
        if drafted_nothing || (is_drawn && !asked.verify.is_lossless()) {
            return Some(Knob::Rule);
        }
        if let Some(&moved) = Change::between(recorded, asked).1.first() {
            return Some(moved);
        }
        if !asked.drafts() || self.rests() {
            return None;
        }
        let offered = Offered::of(step, recorded, eos);
        if self.has_learned_otherwise || (self.is_switched && is_calibrated(asked)) {
            Some(Knob::Calibration)
        } else if self.rested() || offered.wants_more_rows(recorded.budget, asked.budget) {
            Some(Knob::Budget)
        } else if offered.wants_other_paths(step, recorded, asked) {
            Some(Knob::Branch)
        } else {
            None
        }
    }

    /// Whether retrieval rests in the rerun, and whether it rested in the recorded run.
    fn rests(&self) -> bool {
        self.asked().budget.is_auto() && self.rerun_rest.rests()
    }

    fn rested(&self) -> bool {
        self.recorded.budget.is_auto() && self.recorded_rest.rests()
    }
}

/// Whether the calibration corrects the drafter's estimates.
fn is_calibrated(params: &Params) -> bool {
    match params.drafter {
        Drafter::Blend | Drafter::Ngram | Drafter::Chain => true,
        Drafter::Laser | Drafter::None => false,
    }
}

/// The calibration learns from the children of committed nodes: which of them were
/// committed.
fn learns_otherwise(step: &Step, again: &Rejudged, asked: &Params) -> bool {
    if !asked.drafts() || !is_calibrated(asked) {
        return false;
    }
    let is_committed = |path: &[usize], node: usize| node == 0 || path.contains(&node);
    let seen = |path: &[usize], node: usize| {
        let parent = step.tree.nodes[node].parent.unwrap_or(0);
        is_committed(path, parent).then(|| is_committed(path, node))
    };
    let Some(verdict) = &again.verdict else {
        return true;
    };
    let (old, new) = (&step.verdict.path, &verdict.path);
    (1..step.tree.n_rows()).any(|node| {
        let now = seen(new, node).filter(|_| again.is_kept(node));
        seen(old, node) != now
    })
}

/// What retrieval could have offered at a step beyond the drafts.
struct Offered {
    /// Rows that were recorded.
    n_rows: usize,
    /// There was more than was drafted: the automatic budget cut it.
    was_cut: bool,
    /// There may have been more than the budget allowed to retrieve.
    was_full: bool,
}

impl Offered {
    fn of(step: &Step, recorded: &Params, eos: &[TokenId]) -> Self {
        let n_rows = step.tree.n_rows();
        let n_offered = step.n_offered.max(n_rows);
        // Drafts below an end of text were removed.
        let has_end = || step.tree.nodes[1..].iter().any(|n| eos.contains(&n.token));
        Offered {
            n_rows,
            was_cut: n_rows < n_offered,
            was_full: n_offered >= recorded.budget.max_rows()
                || (recorded.drafter != Drafter::Blend && has_end()),
        }
    }

    /// Whether the rerun might draft more than was recorded.
    fn wants_more_rows(&self, recorded: Budget, asked: Budget) -> bool {
        let max = asked.max_rows();
        let looks_further = self.was_full && max > recorded.max_rows();
        let is_cut_no_more = self.was_cut && !asked.is_auto() && max > self.n_rows;
        looks_further || is_cut_no_more
    }

    /// Whether the rerun might draft paths that were not recorded. A node that only one
    /// of the runs expands changes what follows: its continuations compete for the rows
    /// and affect the estimates.
    fn wants_other_paths(&self, step: &Step, recorded: &Params, asked: &Params) -> bool {
        let (shorter, longer) = match asked.branch.cmp(&recorded.branch) {
            Ordering::Equal => return false,
            Ordering::Less => (asked.branch, recorded.branch),
            Ordering::Greater => (recorded.branch, asked.branch),
        };
        let is_complete = !self.was_cut && !self.was_full;
        if asked.branch < recorded.branch && is_complete {
            return false;
        }
        let rows = asked.budget.max_rows();
        let differs = |depth: usize| (shorter..longer).contains(&depth);
        let mut needed = step.tree.nodes.iter().take(rows);
        let looks_behind = self.was_cut && asked.budget.is_auto() && rows > self.n_rows;
        looks_behind || needed.any(|node| differs(node.depth))
    }
}
