//! What-if: judges a recorded run again under other parameters, from its rows alone.
//! Exact up to and including the first step whose committed tokens change, or after
//! which a rerun would draft differently (see `whatif/course.rs`); later steps need a
//! rerun.

mod course;

use super::TokenId;
use super::cost::StepCosts;
use super::parameters::{self, Reach};
use super::params::{AcceptanceRule, Budget, Params};
use super::stats::{FateCounts, ratio};
use super::trace::{Step, Trace};
use super::verify::{Fate, Verdict, verify_kept};
use course::Course;

pub use super::parameters::Knob;

/// What is to be different in every step; what is `None` stays as recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// Another acceptance rule.
    pub verify: Option<AcceptanceRule>,
    /// Lower: the recorded draft order is cut.
    pub budget: Option<Budget>,
    /// Shorter: longer paths are cut.
    pub branch: Option<usize>,
}

impl Change {
    /// Splits a change of parameters into what can be judged again, and the knobs that
    /// always need a rerun.
    pub(crate) fn between(from: &Params, to: &Params) -> (Change, Vec<Knob>) {
        let change = Change {
            verify: (from.verify != to.verify).then_some(to.verify),
            budget: (from.budget != to.budget).then_some(to.budget),
            branch: (from.branch != to.branch).then_some(to.branch),
        };
        let mut moved: Vec<Knob> = parameters::ALL
            .iter()
            .filter(|parameter| parameter.get(from) != parameter.get(to))
            .filter_map(|parameter| match parameter.reach {
                Reach::Rerun(knob) => Some(knob),
                Reach::Rejudged | Reach::RejudgedIfLess => None,
            })
            .collect();
        moved.sort_unstable();
        moved.dedup();
        (change, moved)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Change::default()
    }

    /// Parameters with this change.
    fn over(&self, recorded: &Params) -> Params {
        Params {
            verify: self.verify.unwrap_or(recorded.verify),
            budget: self.budget.unwrap_or(recorded.budget),
            branch: self.branch.unwrap_or(recorded.branch),
            ..*recorded
        }
    }
}

/// A recorded step, judged again in its recorded context.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejudged {
    /// Its nodes are those of the recorded tree; those that would not have been drafted
    /// count as unreached there: use [`Rejudged::fate`]. `None`: what would decide is not
    /// recorded.
    pub verdict: Option<Verdict>,
    /// Which nodes would have been drafted; `None`: all.
    kept: Option<Vec<bool>>,
    /// The same tokens are committed.
    pub is_same: bool,
}

impl Rejudged {
    /// Whether the cut tree still has this node.
    pub fn is_kept(&self, node: usize) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept[node])
    }

    /// `None` for the root, for nodes that would not have been drafted, and where it is not
    /// recorded.
    pub fn fate(&self, node: usize) -> Option<Fate> {
        let fate = self.verdict.as_ref()?.fate(node);
        fate.filter(|_| self.is_kept(node))
    }

    fn add_to(&self, figures: &mut Figures) {
        let Some(verdict) = &self.verdict else {
            return;
        };
        figures.steps += 1;
        figures.tokens += verdict.n_committed();
        for node in 1..=verdict.fates.len() {
            if let Some(fate) = self.fate(node) {
                figures.fates.add(fate);
            }
        }
    }
}

/// Figures of a stretch of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) steps: usize,
    /// Tokens committed, bonus included.
    pub(crate) tokens: usize,
    pub(crate) fates: FateCounts,
}

impl Figures {
    /// Mean accepted length; `None` without steps.
    pub(crate) fn mal(&self) -> Option<f64> {
        ratio(self.tokens, self.steps)
    }

    /// Tokens committed only because of a relaxed rule.
    pub(crate) fn relaxed_share(&self) -> Option<f64> {
        ratio(self.fates.relaxed, self.tokens)
    }

    /// Accepted and relaxed over drafted.
    pub(crate) fn acceptance(&self) -> Option<f64> {
        self.fates.acceptance()
    }

    fn add(&mut self, step: &Step) {
        self.steps += 1;
        self.tokens += step.verdict.n_committed();
        let fates = step.verdict.fates.iter();
        fates.for_each(|&fate| self.fates.add(fate));
    }
}

/// As recorded, and under the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OldNew {
    pub(crate) old: Figures,
    pub(crate) new: Figures,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Every step, judged in its recorded context.
    pub steps: Vec<Rejudged>,
    /// The first step whose committed tokens change. After it, the recorded contexts
    /// are no longer those of the changed run.
    pub first_change: Option<usize>,
    /// The first step for which the recording lacks data, if earlier, and the knob
    /// concerned. From there on a rerun is needed.
    pub first_unknown: Option<(usize, Knob)>,
    /// Figures of the exact steps.
    pub(crate) exact: OldNew,
    /// Figures of all steps that can be judged, in their recorded contexts: exact only if
    /// nothing changed and nothing is unknown.
    pub(crate) in_recorded_contexts: OldNew,
    /// Steps that cannot be judged: the distributions that would decide are not recorded.
    pub not_recorded: usize,
}

impl WhatIf {
    /// Number of leading steps whose verdict is exact.
    pub fn n_exact(&self) -> usize {
        let changed = self.first_change.map(|step| step + 1);
        let unknown = self.first_unknown.map(|(step, _)| step);
        let ends = changed.into_iter().chain(unknown);
        ends.fold(self.steps.len(), usize::min)
    }

    /// The new verdict if exact; `None`: needs a rerun.
    #[cfg(test)]
    pub(crate) fn verdict(&self, step: usize) -> Option<&Verdict> {
        self.steps[..self.n_exact()].get(step)?.verdict.as_ref()
    }

    /// What the steps that are not exact need.
    pub(crate) fn needed(&self) -> &'static str {
        match self.first_unknown {
            Some((_, Knob::Distributions)) => "the model",
            _ => "a rerun",
        }
    }

    /// Whether anything needs a rerun.
    pub fn needs_rerun(&self) -> bool {
        self.n_exact() < self.steps.len()
    }
}

/// Judges every step of a recorded run again. Exactness refers to a rerun from the
/// recorded profile and calibration
/// ([`Header::start_under`](super::trace::Header::start_under)).
pub fn what_if(trace: &Trace, change: &Change) -> WhatIf {
    let mut answer = WhatIf {
        steps: Vec::with_capacity(trace.steps.len()),
        first_change: None,
        first_unknown: None,
        exact: OldNew::default(),
        in_recorded_contexts: OldNew::default(),
        not_recorded: 0,
    };
    let judge = Judge {
        costs: StepCosts::new(&trace.header.cost),
        eos: &trace.header.eos,
    };
    let mut course = Course::begin(trace, change);
    for step in &trace.steps {
        course.enter(step);
        let again = judge.again(step, &course);
        let knob = course.unknown(step, judge.eos);
        let knob = knob.or_else(|| again.verdict.is_none().then_some(Knob::Distributions));
        course.leave(step, &again);
        answer.add(step, again, knob);
    }
    answer
}

impl WhatIf {
    fn add(&mut self, step: &Step, again: Rejudged, unknown: Option<Knob>) {
        match again.verdict {
            Some(_) => self.in_recorded_contexts.old.add(step),
            None => self.not_recorded += 1,
        }
        again.add_to(&mut self.in_recorded_contexts.new);
        if self.first_change.is_none() && self.first_unknown.is_none() {
            self.first_unknown = unknown.map(|knob| (step.index, knob));
            if unknown.is_none() {
                self.exact = self.in_recorded_contexts;
                self.first_change = (!again.is_same).then_some(step.index);
            }
        }
        self.steps.push(again);
    }
}

/// The parts of a header that judging depends on.
struct Judge<'a> {
    costs: StepCosts,
    eos: &'a [TokenId],
}

impl Judge<'_> {
    fn again(&self, step: &Step, course: &Course) -> Rejudged {
        let kept = course.kept(step, &self.costs);
        let verdict = verify_kept(
            step.scored(),
            course.asked().verify,
            self.eos,
            step.room,
            |node| kept.as_ref().is_none_or(|kept| kept[node]),
        );
        // What was decided by rows that are not recorded stays as it is.
        let is_as_recorded = kept.is_none() && course.keeps_the_rule();
        let verdict = verdict.or_else(|| is_as_recorded.then(|| step.verdict.clone()));
        let tokens = |verdict: &Verdict| -> Vec<TokenId> {
            verdict.committed(&step.tree).map(|(id, _)| id).collect()
        };
        let is_same = |new: &Verdict| tokens(&step.verdict) == tokens(new);
        Rejudged {
            is_same: verdict.as_ref().is_some_and(is_same),
            verdict,
            kept,
        }
    }
}

#[cfg(test)]
#[path = "whatif_test.rs"]
pub(crate) mod tests;
