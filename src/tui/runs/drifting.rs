//! Whether this machine still fits the cost profile that its budgets go by, over the
//! runs of a session; and measuring it again, when asked to.

use crate::speculate::cost::StepCosts;
use crate::speculate::drift::Drift;

/// The last steps against the profile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drifting {
    pub(crate) costs: StepCosts,
    pub(crate) steps: Drift,
    /// It was told once; again only after another measurement.
    pub(crate) is_told: bool,
}
