//! What a step costs by its number of rows, as a run recorded it: t(n) beside the time of
//! n steps of one row.

use crate::speculate::cost::{CostProfile, StepCosts};
use crate::speculate::trace::Header;

/// A measured number of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CostBar {
    pub(crate) rows: usize,
    /// Of one step of so many rows.
    pub(crate) ms: f32,
    /// Of as many steps of one row.
    pub(crate) one_by_one: f32,
}

impl CostBar {
    /// The step's time over that of as many steps of one row.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.ms / self.one_by_one)
    }
}

/// Of the measured numbers of rows those that double, in the context in which the run
/// began.
pub(crate) fn cost_bars(header: &Header) -> Vec<CostBar> {
    bars_of(&header.cost, header.prompt_ids.len())
}

/// The same by another profile, such as the one measured on this machine; none where it has
/// no points.
pub(crate) fn cost_bars_by(profile: &CostProfile, header: &Header) -> Vec<CostBar> {
    match profile.is_empty() {
        true => Vec::new(),
        false => bars_of(profile, header.prompt_ids.len()),
    }
}

fn bars_of(profile: &CostProfile, context: usize) -> Vec<CostBar> {
    let costs = StepCosts::new(profile);
    let bar = |rows: usize| CostBar {
        rows,
        ms: costs.ms(rows, context),
        one_by_one: costs.ms(1, context) * rows as f32,
    };
    let doubled = costs.measured_rows().filter(|n| n.is_power_of_two());
    doubled.map(bar).collect()
}
