//! Whether this machine still fits the cost profile that its budgets go by, over the
//! runs of a session; and measuring it again, when asked to.

use crate::speculate::cost::StepCosts;
use crate::speculate::drift::Drift;

/// The last steps against the profile.
#[derive(Clone, Debug, Default)]
pub struct Drifting {
    pub costs: StepCosts,
    pub steps: Drift,
    /// It was told once; again only after another measurement.
    pub is_told: bool,
}
