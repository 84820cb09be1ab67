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
    /// The roots' rows, and all rows of steps.
    pub(super) roots: Load,
    pub(super) n_rows: usize,
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
        let mut drafted = Load::default();
        let steps = pass.lanes.iter().zip(contexts);
        for (lane, &(own, shared)) in steps.filter(|(lane, _)| lane.step.is_some()) {
            times.n_roots += 1;
            times.n_tokens += lane.committed;
            times.roots = times.roots.and(Load::of(1, own, shared));
            drafted = drafted.and(Load::of(lane.rows, own, shared));
            times.alone_ms += f64::from(costs.alone().ms(1, own + shared));
        }
        if times.n_roots == 0 {
            return times;
        }
        times.n_rows = drafted.rows;
        times.measured_ms = pass.ms() * drafted.rows as f64 / pass.rows.max(1) as f64;
        times.plain_ms = f64::from(ms(costs, times.n_roots, times.roots));
        times.drafted_ms = f64::from(ms(costs, times.n_roots, drafted));
        times
    }
}

/// A single sequence has its own costs, as its automatic budget uses them.
fn ms(costs: &PassCosts, sequences: usize, load: Load) -> f32 {
    match sequences {
        1 => {
            let context = (load.own_reads + load.shared_reads) / load.rows.max(1) as f32;
            costs.alone().ms(load.rows, context.round() as usize)
        }
        _ => costs.ms(load),
    }
}
