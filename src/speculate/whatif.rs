//! What if? A recorded run judged again under other parameters, from its rows
//! alone. Exact up to and including the first step whose committed tokens
//! change, or after which a rerun would draft otherwise (see `whatif/course.rs`); what comes
//! after needs a rerun.

mod course;

use super::TokenId;
use super::cost::StepCosts;
use super::params::{AcceptanceRule, Budget, Params};
use super::stats::FateCounts;
use super::trace::{Step, Trace};
use super::verify::{Fate, Verdict, verify_kept};
use course::Course;

/// What is to be different in every step; what is `None` stays as recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    pub verify: Option<AcceptanceRule>,
    /// Lower: the recorded draft order is cut.
    pub budget: Option<Budget>,
    /// Shorter: longer paths are cut.
    pub branch: Option<usize>,
}

/// A parameter that a recording cannot answer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Knob {
    /// Another rule for tokens that were drawn, or drafts for a run without any.
    Rule,
    /// More rows than were recorded.
    Budget,
    /// Longer paths than were recorded.
    Branch,
    Drafter,
    Sources,
    #[strum(serialize = "source weights")]
    SourceWeights,
    #[strum(serialize = "suffix length")]
    SuffixLength,
    #[strum(serialize = "repetition penalty")]
    RepeatPenalty,
    #[strum(serialize = "temperature")]
    Sampling,
    #[strum(serialize = "length")]
    MaxTokens,
    /// None that was moved: what the calibration would have learned otherwise.
    Calibration,
}

impl Knob {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Why it needs a rerun.
    pub fn why(self) -> &'static str {
        match self {
            Knob::Rule => "the recording holds no drafts, or drawn tokens, to judge by this rule",
            Knob::Budget => "can be lowered only: the further drafts were never judged",
            Knob::Branch => "other drafts would have taken the rows of those that go, or followed",
            Knob::Drafter | Knob::Sources | Knob::SourceWeights | Knob::SuffixLength => {
                "other drafts would have been made"
            }
            Knob::RepeatPenalty | Knob::Sampling => "the model would have chosen otherwise",
            Knob::MaxTokens => "the run would have ended elsewhere",
            Knob::Calibration => {
                "drafts that go would have taught it something: the next ones differ"
            }
        }
    }
}

impl Change {
    /// From parameters to others: what can be judged again, and the knobs that
    /// were moved and need a rerun whatever the recording holds.
    pub fn between(from: &Params, to: &Params) -> (Change, Vec<Knob>) {
        let change = Change {
            verify: (from.verify != to.verify).then_some(to.verify),
            budget: (from.budget != to.budget).then_some(to.budget),
            branch: (from.branch != to.branch).then_some(to.branch),
        };
        let moved = [
            (Knob::Drafter, from.drafter != to.drafter),
            (Knob::Sources, from.sources != to.sources),
            (
                Knob::SourceWeights,
                from.source_weights != to.source_weights,
            ),
            (Knob::SuffixLength, from.max_suffix != to.max_suffix),
            (
                Knob::RepeatPenalty,
                from.repeat_penalty != to.repeat_penalty || from.repeat_window != to.repeat_window,
            ),
            (Knob::Sampling, from.sampling != to.sampling),
            (Knob::MaxTokens, from.max_tokens != to.max_tokens),
        ];
        let moved = moved.into_iter().filter(|&(_, is_moved)| is_moved);
        (change, moved.map(|(knob, _)| knob).collect())
    }

    pub fn is_empty(&self) -> bool {
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
    /// Its nodes are those of the recorded tree; those that would not have been
    /// drafted count as unreached there: ask [`Rejudged::fate`].
    pub verdict: Verdict,
    /// Which nodes would have been drafted; `None`: all that were.
    kept: Option<Vec<bool>>,
    /// The same tokens are committed.
    pub is_same: bool,
}

impl Rejudged {
    pub fn is_kept(&self, node: usize) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept[node])
    }

    /// `None` for the root, and for what would not have been drafted.
    pub fn fate(&self, node: usize) -> Option<Fate> {
        self.verdict.fate(node).filter(|_| self.is_kept(node))
    }

    fn add_to(&self, figures: &mut Figures) {
        figures.steps += 1;
        figures.tokens += self.verdict.n_committed();
        for node in 1..=self.verdict.fates.len() {
            if let Some(fate) = self.fate(node) {
                figures.fates.add(fate);
            }
        }
    }
}

/// Figures of a stretch of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub steps: usize,
    /// Tokens committed, bonus included.
    pub tokens: usize,
    pub fates: FateCounts,
}

impl Figures {
    /// Mean accepted length; `None` without steps.
    pub fn mal(&self) -> Option<f64> {
        share(self.tokens, self.steps)
    }

    /// Committed tokens that only a relaxed rule took.
    pub fn relaxed_share(&self) -> Option<f64> {
        share(self.fates.relaxed, self.tokens)
    }

    /// Accepted and relaxed over drafted.
    pub fn acceptance(&self) -> Option<f64> {
        self.fates.acceptance()
    }

    fn add(&mut self, step: &Step) {
        self.steps += 1;
        self.tokens += step.verdict.n_committed();
        let fates = step.verdict.fates.iter();
        fates.for_each(|&fate| self.fates.add(fate));
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// As recorded, and under the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OldNew {
    pub old: Figures,
    pub new: Figures,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Every step, judged in its recorded context.
    pub steps: Vec<Rejudged>,
    /// The first step whose committed tokens change. From the next one on the
    /// recorded contexts are not those that the change would have led to.
    pub first_change: Option<usize>,
    /// The first step for which the recording holds too little, if it comes before
    /// that, and the knob that asks for more. From it on the run needs a rerun.
    pub first_unknown: Option<(usize, Knob)>,
    /// Figures of the steps that are exact.
    pub exact: OldNew,
    /// Figures of all steps in their recorded contexts: exact only if nothing
    /// changed and nothing is unknown.
    pub in_recorded_contexts: OldNew,
}

impl WhatIf {
    /// Steps, from the first on, of which the verdict is exact.
    pub fn n_exact(&self) -> usize {
        let changed = self.first_change.map(|step| step + 1);
        let unknown = self.first_unknown.map(|(step, _)| step);
        let ends = changed.into_iter().chain(unknown);
        ends.fold(self.steps.len(), usize::min)
    }

    /// The new verdict where it is exact; `None`: needs a rerun.
    pub fn verdict(&self, step: usize) -> Option<&Verdict> {
        self.steps[..self.n_exact()].get(step).map(|s| &s.verdict)
    }

    /// Something needs a rerun to be known.
    pub fn needs_rerun(&self) -> bool {
        self.n_exact() < self.steps.len()
    }
}

/// Judges every step of a recorded run again. What is exact is so of a rerun that
/// starts from the recorded profile and calibration
/// ([`Header::start_under`](super::trace::Header::start_under)).
pub fn what_if(trace: &Trace, change: &Change) -> WhatIf {
    let mut answer = WhatIf {
        steps: Vec::with_capacity(trace.steps.len()),
        first_change: None,
        first_unknown: None,
        exact: OldNew::default(),
        in_recorded_contexts: OldNew::default(),
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
        course.leave(step, &again);
        answer.add(step, again, knob);
    }
    answer
}

impl WhatIf {
    fn add(&mut self, step: &Step, again: Rejudged, unknown: Option<Knob>) {
        self.in_recorded_contexts.old.add(step);
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

/// What of a header judging goes by.
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
        let tokens = |verdict: &Verdict| verdict.committed(&step.tree).map(|(id, _)| id).collect();
        let (old, new): (Vec<TokenId>, Vec<TokenId>) = (tokens(&step.verdict), tokens(&verdict));
        Rejudged {
            is_same: old == new,
            verdict,
            kept,
        }
    }
}

#[cfg(test)]
#[path = "whatif_test.rs"]
pub(crate) mod tests;
