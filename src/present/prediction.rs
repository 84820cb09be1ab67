//! Questions about a recorded step, asked once its drafts are known and before its verdict
//! is: how many tokens it will commit, which of its drafts will be refused. The recording
//! has the answers, and the drafter's estimates are graded beside the learner's.

use super::number::{count, prob};
use super::record::Record;
use super::selection::TreeSelection;
use crate::present::describe;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// Most drafts that one question asks about.
const MOST_DRAFTS: usize = 6;
/// How many tokens of the text a question shows before the drafts.
const TOKENS_BEFORE: usize = 6;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// The number of committed tokens: one of the choices.
    HowMany,
    /// The drafts after the root that the rule refuses: any of the choices.
    WhichRefused,
}

/// A possible answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionChoice {
    /// The draft token that it is about; `None`: it is a number.
    pub(crate) node: Option<usize>,
    /// As it is offered.
    pub text: String,
    /// Whether it belongs to the answer, by the recording.
    pub is_right: bool,
    /// Whether the drafter's estimates would choose it.
    pub(crate) is_estimated: bool,
}

/// A question about a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepQuestion {
    /// Index of the step.
    pub step: usize,
    /// What is asked.
    pub kind: QuestionKind,
    /// In the order in which they are offered.
    pub choices: Vec<QuestionChoice>,
}

impl StepQuestion {
    /// A step's question; `None`: it has no drafts. Every other step whose root has several
    /// drafts asks which of them are refused. No question tells by what it asks how far the
    /// path goes.
    pub fn about(record: &Record, step: &Step) -> Option<Self> {
        if step.tree.n_drafts() == 0 {
            return None;
        }
        let siblings: Vec<usize> = step.tree.children(0).take(MOST_DRAFTS).collect();
        let (kind, choices) = match siblings.len() > 1 && step.index % 2 == 1 {
            true => (QuestionKind::WhichRefused, drafts(record, step, &siblings)),
            false => (QuestionKind::HowMany, numbers(step)),
        };
        Some(StepQuestion {
            step: step.index,
            kind,
            choices,
        })
    }

    /// The question of the first step from `first` on that has one.
    pub fn next(record: &Record, first: usize) -> Option<Self> {
        let rest = record.trace.steps.iter().skip(first);
        rest.into_iter()
            .find_map(|step| StepQuestion::about(record, step))
    }

    /// In words.
    pub(crate) fn ask(&self, record: &Record, step: &Step) -> String {
        let after = record.text_before(step, 0, TOKENS_BEFORE);
        let drafts = count(step.tree.n_drafts(), "token");
        match self.kind {
            QuestionKind::HowMany => format!(
                "{drafts} drafted after {after}. How many tokens will this step commit, the \
                 model's own next one included?"
            ),
            QuestionKind::WhichRefused => format!(
                "{drafts} drafted after {after}. Which of these, each a possible next token, \
                 will be refused?"
            ),
        }
    }

    /// Whether these choices, and no others, are the answer.
    pub fn is_right(&self, marked: &[bool]) -> bool {
        let right = self.choices.iter().map(|choice| choice.is_right);
        right.eq(marked.iter().copied())
    }

    /// Whether the drafter's estimates give the answer.
    pub(crate) fn is_estimated_right(&self) -> bool {
        self.choices.iter().all(|c| c.is_right == c.is_estimated)
    }

    /// What happened, in words.
    pub(crate) fn told(&self, step: &Step) -> String {
        let accepted = step.verdict.path.len();
        let own = match step.verdict.bonus {
            Some(_) => " and the model's own next one",
            None => ", and the text ends",
        };
        let expected = step.tree.expected_accepted() + 1.0;
        match self.kind {
            QuestionKind::HowMany => format!(
                "{}: {}{own}. The drafter expected {expected:.1}.",
                count(step.verdict.n_committed(), "token"),
                count(accepted, "draft"),
            ),
            QuestionKind::WhichRefused => {
                let refused = self.choices.iter().filter(|choice| choice.is_right);
                let n = refused.count();
                format!("{n} of {} refused.", count(self.choices.len(), "draft"))
            }
        }
    }
}

/// Every number that the step could commit.
fn numbers(step: &Step) -> Vec<QuestionChoice> {
    let deepest = step.tree.nodes.iter().map(|node| node.depth).max();
    let most = deepest.unwrap_or(0) + 1;
    let committed = step.verdict.n_committed();
    let expected = (step.tree.expected_accepted() + 1.0).round() as usize;
    let choice = |n: usize| QuestionChoice {
        node: None,
        text: n.to_string(),
        is_right: n == committed,
        is_estimated: n == expected.clamp(1, most),
    };
    (1..=most).map(choice).collect()
}

/// Drafts of the root, each with the drafter's estimate.
fn drafts(record: &Record, step: &Step, nodes: &[usize]) -> Vec<QuestionChoice> {
    let choice = |&node: &usize| {
        let estimate = step.tree.nodes[node].path_prob;
        let token = describe::token(record, step, TreeSelection::Draft(node));
        QuestionChoice {
            node: Some(node),
            text: format!("{token}, estimated at {}", prob(estimate)),
            is_right: step.verdict.fate(node) == Some(Fate::Rejected),
            is_estimated: estimate < 0.5,
        }
    };
    nodes.iter().map(choice).collect()
}

/// How predictions have gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictionScore {
    /// Questions answered.
    pub asked: usize,
    /// Of them answered rightly.
    pub right: usize,
    /// Of them answered rightly by the drafter's estimates.
    pub by_estimate: usize,
}

impl PredictionScore {
    /// Counts an answered question.
    pub(crate) fn add(&mut self, question: &StepQuestion, marked: &[bool]) {
        self.asked += 1;
        self.right += usize::from(question.is_right(marked));
        self.by_estimate += usize::from(question.is_estimated_right());
    }

    /// `3 of 5 right, by the drafter's estimates 2`.
    pub(crate) fn told(&self) -> String {
        format!(
            "{} of {} right, by the drafter's estimates {}",
            self.right, self.asked, self.by_estimate
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::speculate::trace::Trace;

    fn recorded(name: &str) -> Trace {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/traces/");
        let file = File::open(format!("{folder}{name}.jsonl")).expect("a recorded run");
        Trace::load(std::io::BufReader::new(file)).expect("a trace")
    }

    #[test]
    fn every_question_has_its_recorded_answer() {
        for name in ["strict", "relaxed", "poem-64-rows", "autoregressive"] {
            let trace = recorded(name);
            let record = describe::record(&trace);
            for step in &trace.steps {
                let question = StepQuestion::about(&record, step);
                assert_eq!(question.is_some(), step.tree.n_drafts() > 0);
                let Some(question) = question else { continue };
                let answer: Vec<bool> = question.choices.iter().map(|c| c.is_right).collect();
                assert!(question.is_right(&answer));
                check(&question, step);
            }
        }
    }

    fn check(question: &StepQuestion, step: &Step) {
        let right = question.choices.iter().filter(|c| c.is_right);
        match question.kind {
            QuestionKind::HowMany => {
                let said: Vec<usize> = right.filter_map(|c| c.text.parse().ok()).collect();
                assert_eq!(said, [step.verdict.n_committed()]);
            }
            QuestionKind::WhichRefused => {
                let refused = right.filter_map(|c| c.node).map(|n| step.verdict.fate(n));
                assert!(refused.into_iter().all(|fate| fate == Some(Fate::Rejected)));
                // Which drafts are offered does not depend on the verdict.
                let offered = question.choices.iter().filter_map(|c| c.node);
                assert!(offered.eq(step.tree.children(0).take(MOST_DRAFTS)));
            }
        }
    }
}
