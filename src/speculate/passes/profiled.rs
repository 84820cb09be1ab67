//! What a pass took, against what it and its alternatives cost by the profile.

use super::PassRecord;
use crate::speculate::cost::{Load, PassCosts};

/// What a pass took, and what it and its alternatives cost by the profile. Rows of prompts
/// are left out of all of it; their share of the time is in proportion to their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ProfiledPass {
    /// Steps in the pass: a root's row each.
    pub(super) n_roots: usize,
    pub(super) n_tokens: usize,
    /// Rows of steps.
    pub(super) n_rows: usize,
    /// Tokens that the roots' rows attend to, of their own and of shared prefixes, summed.
    pub(super) own: usize,
    pub(super) shared: usize,
    /// The steps' share of the measured time.
    pub(super) measured_ms: f64,
    /// By the profile: with all rows of steps, with the roots alone, and all roots one by
    /// one.
    pub(super) drafted_ms: f64,
    pub(super) plain_ms: f64,
    pub(super) alone_ms: f64,
}

impl ProfiledPass {
    /// `contexts`: what a root's row of each lane attends to, own and shared.
    pub(super) fn of(pass: &PassRecord, contexts: &[(usize, usize)], costs: &PassCosts) -> Self {
        let mut times = ProfiledPass::default();
        let (mut plain, mut drafted, mut n_drafting) = (Load::default(), Load::default(), 0);
        let steps = pass.lanes.iter().zip(contexts);
        for (lane, &(own, shared)) in steps.filter(|(lane, _)| lane.step.is_some()) {
            times.n_roots += 1;
            times.n_tokens += lane.committed;
            times.n_rows += lane.rows;
            times.own += own;
            times.shared += shared;
            plain = plain.and(Load::of(1, 1, own, shared));
            drafted = drafted.and(Load::of(1, lane.rows, own, shared));
            n_drafting += usize::from(lane.rows > 1);
            times.alone_ms += f64::from(costs.ms_for(1, Load::of(1, 1, own, shared)));
        }
        if times.n_roots == 0 {
            return times;
        }
        times.measured_ms = pass.ms() * times.n_rows as f64 / pass.rows.max(1) as f64;
        let n = times.n_roots;
        let retrieval = n_drafting as f32 * costs.retrieval_ms_for(n);
        times.plain_ms = f64::from(costs.ms_for(n, plain));
        times.drafted_ms = f64::from(costs.ms_for(n, drafted) + retrieval);
        times
    }
}
