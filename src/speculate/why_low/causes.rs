//! The cause of a step's end.

use super::{BranchStop, LAXEST, LowCause, Unmatched};
use crate::speculate::TokenId;
use crate::speculate::backoff::Backoff;
use crate::speculate::branch::Branch;
use crate::speculate::params::{MAX_ROWS, Params};
use crate::speculate::rule::{Ruling, rule};
use crate::speculate::trace::{Step, Trace};
use crate::speculate::verify::Fate;

/// The cause of every step of a run.
pub fn causes(trace: &Trace) -> Vec<LowCause> {
    let header = &trace.header;
    let begun = header.branch.as_ref();
    let begun: Option<Backoff> = begun.and_then(|b: &Branch| b.backoff.clone());
    let (mut rest, mut params) = (begun.unwrap_or_default(), header.params);
    // Wherever retrieval was asked, its offers are recorded: the rests of a batch's run
    // follow from nothing else.
    let has_offers = trace.steps.iter().any(|step| step.offered.is_some());
    let steps = trace.steps.iter().map(|step| {
        params = step.params.unwrap_or(params);
        let rests = match has_offers {
            true => step.offered.is_none(),
            false => params.budget.is_auto() && rest.rests(),
        };
        rest.after_step(step.tree.n_drafts() > 0);
        match cause_of(step, &params, &header.eos) {
            LowCause::NothingMatched(Unmatched::Nothing) if rests => {
                LowCause::NothingMatched(Unmatched::Rested)
            }
            cause => cause,
        }
    });
    steps.collect()
}

/// The cause of a step; whether retrieval rested is not seen.
pub(crate) fn cause_of(step: &Step, params: &Params, eos: &[TokenId]) -> LowCause {
    let n_offered = step.offered.map_or(0, |offered| offered.n);
    if !step.is_hit() && n_offered == 0 {
        return LowCause::NothingMatched(match params.drafts() {
            true => Unmatched::Nothing,
            false => Unmatched::NotAsked,
        });
    }
    let Some(committed) = step.verdict.bonus else {
        return LowCause::BranchEnd(BranchStop::Answer);
    };
    let offered = Continued::of(step, params);
    if let Continued::Known {
        right: Some(rank), ..
    } = offered
    {
        return LowCause::BelowBudget { rank };
    }
    if let Some((rank, p)) = refused(step, eos) {
        return LowCause::Refused { rank, p };
    }
    if is_on_lost_branch(step, committed) {
        return LowCause::Lost;
    }
    match offered {
        Continued::Unknown => LowCause::NotRecorded,
        Continued::Known { here: 0, .. } if step.verdict.path.len() >= params.branch => {
            LowCause::BranchEnd(BranchStop::Limit)
        }
        // Nothing was offered even after the root: there is no branch that ended.
        Continued::Known { here: 0, .. } if !step.verdict.path.is_empty() => {
            LowCause::BranchEnd(BranchStop::NoMore)
        }
        Continued::Known { .. } => LowCause::NotOffered,
    }
}

/// What was offered where the accepted path stopped.
enum Continued {
    Known {
        /// How many continuations.
        here: usize,
        /// The best right token that was not drafted.
        right: Option<usize>,
    },
    Unknown,
}

impl Continued {
    fn of(step: &Step, params: &Params) -> Self {
        if let Some(offered) = &step.offered {
            return Continued::Known {
                here: offered.here,
                right: offered.right.map(|right| right.rank),
            };
        }
        let (n_rows, most) = (step.tree.n_rows(), params.budget.max_rows());
        let is_whole = step.n_offered <= n_rows && (n_rows < most || most >= MAX_ROWS);
        match is_whole {
            true => Continued::Known {
                here: step.tree.children(stop(step)).count(),
                right: None,
            },
            false => Continued::Unknown,
        }
    }
}

/// The node at which the accepted path stopped.
fn stop(step: &Step) -> usize {
    step.verdict.path.last().copied().unwrap_or(0)
}

/// The best of the drafts refused where the path stopped, if a rule within a sweep's reach
/// takes it: its rank and probability.
fn refused(step: &Step, eos: &[TokenId]) -> Option<(u32, f32)> {
    let stop = stop(step);
    let refused = step
        .tree
        .children(stop)
        .filter(|&node| step.verdict.fate(node) == Some(Fate::Rejected));
    let scores = refused.filter_map(|node| {
        let at = step.scored().standing(node);
        let is_taken = rule(at, *LAXEST, eos) == Some(Ruling::Relaxed);
        let score = at.score?;
        is_taken.then_some((score.rank?, score.p))
    });
    scores.min_by_key(|(rank, _)| *rank)
}

/// Whether the committed token was drafted at this depth on a branch that lost.
fn is_on_lost_branch(step: &Step, committed: TokenId) -> bool {
    let depth = step.verdict.path.len() + 1;
    let nodes = step.tree.nodes.iter().enumerate();
    let mut at_depth = nodes.filter(|(_, n)| n.depth == depth && n.token == committed);
    at_depth.any(|(node, _)| {
        let path = step.tree.path(node);
        path.iter()
            .any(|&n| step.verdict.fate(n) == Some(Fate::Lost))
    })
}
