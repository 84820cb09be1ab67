//! Why acceptance is low: one cause for every step's end, over a run or a set of runs, each
//! with its lever and what that would bring.
//!
//! A step's accepted path stops at a node. The right tokens there are those that the rule
//! takes; the one that the step committed, the model's own choice, is always among them.
//! Under a lossless rule it is the only one. Why none of them was accepted from the drafts is
//! the step's cause. Pure: reads recorded steps alone.

mod causes;
mod lever;
mod tally;

use std::sync::LazyLock;

use super::TokenId;
use super::explain::prob;
use super::params::AcceptanceRule;
use super::row::NodeDistribution;
use super::rule::{Ruling, Standing, rule};
use super::sweep::Axes;
use super::trace::Step;

pub use causes::causes;
pub use lever::Brings;
pub use lever::Lever;
pub use tally::WhyLow;

/// The relaxed rule that accepts the most of those that a sweep tries: a draft that it refuses
/// is no matter of rules.
pub(crate) static LAXEST: LazyLock<AcceptanceRule> = LazyLock::new(Axes::laxest);

/// Why a step committed no more than it did: the first that holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LowCause {
    /// Retrieval offered nothing.
    NothingMatched(Unmatched),
    /// Continuations were offered where the path stopped, but no right token.
    NotOffered,
    /// A right token was offered, but the budget did not reach it.
    BelowBudget {
        /// Its place among all offers: a budget of `rank + 1` rows drafts it.
        rank: usize,
    },
    /// A draft was refused that a rule within a sweep's reach takes.
    Refused {
        /// Its rank; 1 is the argmax.
        rank: u32,
        /// Its probability.
        p: f32,
    },
    /// The right token was drafted at this depth, on a branch that the rule took and that
    /// lost.
    Lost,
    /// All was accepted to the branch's end.
    BranchEnd(BranchStop),
    /// The recording does not say whether a right token was among the offers that were not
    /// drafted.
    NotRecorded,
}

/// Why retrieval offered nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It found nothing probable enough to draft.
    Nothing,
    /// It rested, after steps without drafts.
    Rested,
    /// The parameters allow no drafts.
    NotAsked,
}

/// Why nothing was offered after an accepted path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchStop {
    /// The branch limit.
    Limit,
    /// No source had anything probable after it.
    NoMore,
    /// The answer ended with it, or reached a limit.
    Answer,
}

/// The causes without their details, in the order in which they are asked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, serde::Serialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CauseKind {
    /// See [`LowCause::NothingMatched`].
    NothingMatched,
    /// See [`LowCause::NotOffered`].
    NotOffered,
    /// See [`LowCause::BelowBudget`].
    BelowBudget,
    /// See [`LowCause::Refused`].
    Refused,
    /// See [`LowCause::Lost`].
    Lost,
    /// See [`LowCause::BranchEnd`].
    BranchEnd,
    /// See [`LowCause::NotRecorded`].
    NotRecorded,
}

impl CauseKind {
    /// In the order of the enum.
    pub const ALL: [CauseKind; 7] = [
        CauseKind::NothingMatched,
        CauseKind::NotOffered,
        CauseKind::BelowBudget,
        CauseKind::Refused,
        CauseKind::Lost,
        CauseKind::BranchEnd,
        CauseKind::NotRecorded,
    ];

    /// In JSON: `below_budget`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// In a column: `below budget`.
    pub fn title(self) -> &'static str {
        match self {
            CauseKind::NothingMatched => "nothing matched",
            CauseKind::NotOffered => "not offered",
            CauseKind::BelowBudget => "below budget",
            CauseKind::Refused => "refused",
            CauseKind::Lost => "branch lost",
            CauseKind::BranchEnd => "branch end",
            CauseKind::NotRecorded => "not recorded",
        }
    }

    /// In a sentence's words.
    pub fn about(self) -> &'static str {
        match self {
            CauseKind::NothingMatched => "retrieval offered nothing",
            CauseKind::NotOffered => "the right token was in none of the continuations",
            CauseKind::BelowBudget => "the right token was offered, but below the budget",
            CauseKind::Refused => "a draft was refused that a laxer rule takes",
            CauseKind::Lost => "the right token was drafted on a branch that lost",
            CauseKind::BranchEnd => "all was accepted to the branch's end",
            CauseKind::NotRecorded => "the recording does not say what else was offered",
        }
    }

    /// Whether it keeps acceptance low: not so for what was accepted to its end.
    pub fn is_loss(self) -> bool {
        !matches!(self, CauseKind::BranchEnd | CauseKind::NotRecorded)
    }
}

impl LowCause {
    /// Without the details.
    pub fn kind(&self) -> CauseKind {
        match self {
            LowCause::NothingMatched(_) => CauseKind::NothingMatched,
            LowCause::NotOffered => CauseKind::NotOffered,
            LowCause::BelowBudget { .. } => CauseKind::BelowBudget,
            LowCause::Refused { .. } => CauseKind::Refused,
            LowCause::Lost => CauseKind::Lost,
            LowCause::BranchEnd(_) => CauseKind::BranchEnd,
            LowCause::NotRecorded => CauseKind::NotRecorded,
        }
    }
}

/// The tokens that the rule takes at a node, as far as its distribution is recorded;
/// `committed`, the model's own choice there, is always one.
pub(crate) fn right_tokens(
    row: Option<&NodeDistribution>,
    committed: TokenId,
    verify: AcceptanceRule,
    eos: &[TokenId],
) -> Vec<TokenId> {
    let takes = |row, token| {
        let ruling = rule(Standing::within(row, token), verify, eos);
        matches!(ruling, Some(Ruling::Choice | Ruling::Relaxed))
    };
    let mut right = vec![committed];
    if let Some(row) = row {
        let candidates = row.top.iter().map(|candidate| candidate.0);
        let others = candidates.filter(|&token| token != committed);
        right.extend(others.filter(|&token| takes(row, token)));
    }
    right
}

impl LowCause {
    /// What stopped this step, with its figures: `rank 23 of 40 offers: a budget of 24 rows
    /// drafts it`.
    pub fn in_words(&self, step: &Step) -> String {
        match *self {
            LowCause::NothingMatched(Unmatched::Nothing) => "retrieval offered nothing".into(),
            LowCause::NothingMatched(Unmatched::Rested) => {
                "retrieval rested, after steps without drafts".into()
            }
            LowCause::NothingMatched(Unmatched::NotAsked) => {
                "the parameters allow no drafts".into()
            }
            LowCause::NotOffered => {
                let here = step.offered.map(|offered| offered.here);
                let here = here.map_or(String::new(), |n| format!(" {n}"));
                format!("the right token was in none of the{here} continuations offered there")
            }
            LowCause::BelowBudget { rank } => {
                let n = step.offered.map_or(rank, |offered| offered.n);
                let budget = rank + 1;
                format!(
                    "the right token was offer {rank} of {n}: a budget of {budget} rows drafts it"
                )
            }
            LowCause::Refused { rank, p } => {
                format!("the rule refused a draft of rank {rank}, p {}", prob(p))
            }
            LowCause::Lost => CauseKind::Lost.about().into(),
            LowCause::BranchEnd(BranchStop::Limit) => {
                "all was accepted, up to the branch limit".into()
            }
            LowCause::BranchEnd(BranchStop::NoMore) => {
                "all was accepted; no source had anything probable after it".into()
            }
            LowCause::BranchEnd(BranchStop::Answer) => {
                "all was accepted, and the answer ended".into()
            }
            LowCause::NotRecorded => {
                "not recorded whether the right token was among the offers not drafted".into()
            }
        }
    }
}

/// The step to look at for a cause: where it is plainest. Of refused drafts the most
/// probable one; of those below the budget the first in line; else the first step of the
/// longest row of such steps.
pub fn plainest(causes: &[LowCause], kind: CauseKind) -> Option<usize> {
    let steps = || (0..causes.len()).filter(|&i| causes[i].kind() == kind);
    let by = |key: &dyn Fn(&LowCause) -> f32| {
        let best = steps().map(|i| (key(&causes[i]), i));
        best.reduce(|best, next| if next.0 > best.0 { next } else { best })
    };
    let best = match kind {
        CauseKind::Refused => by(&|cause| match cause {
            LowCause::Refused { p, .. } => *p,
            _ => 0.0,
        }),
        CauseKind::BelowBudget => by(&|cause| match cause {
            LowCause::BelowBudget { rank } => -(*rank as f32),
            _ => 0.0,
        }),
        _ => {
            let run_from = |i: usize| causes[i..].iter().take_while(|c| c.kind() == kind).count();
            let runs = steps().map(|i| (run_from(i) as f32, i));
            runs.reduce(|best, next| if next.0 > best.0 { next } else { best })
        }
    };
    best.map(|(_, step)| step)
}
