//! The cause of a step's end.

use super::{BranchStop, LAXEST, LowCause, Unmatched};
use crate::speculate::TokenId;
use crate::speculate::backoff::Backoff;
use crate::speculate::branch::Branch;
use crate::speculate::params::Params;
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
    if let Some(right) = step.offered.and_then(|offered| offered.right) {
        return LowCause::BelowBudget { rank: right.rank };
    }
    if let Some((rank, p)) = refused(step, eos) {
        return LowCause::Refused { rank, p };
    }
    if is_on_lost_branch(step, committed) {
        return LowCause::Lost;
    }
    let depth = step.verdict.path.len();
    // The drafts alone do not say what else retrieval could have drafted: a drafter may leave
    // out continuations below a budget that it did not fill.
    match step.offered.map(|offered| offered.here) {
        Some(0) | None if depth >= params.branch => LowCause::BranchEnd(BranchStop::Limit),
        None => LowCause::NotRecorded,
        // Nothing was offered even after the root: there is no branch that ended.
        Some(0) if depth > 0 => LowCause::BranchEnd(BranchStop::NoMore),
        Some(_) => LowCause::NotOffered,
    }
}

/// The best of the drafts refused where the path stopped, if a rule within a sweep's reach
/// takes it: its rank and probability.
fn refused(step: &Step, eos: &[TokenId]) -> Option<(u32, f32)> {
    let stop = step.verdict.stop();
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
