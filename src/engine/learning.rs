//! What runs leave behind for the runs after them: what a pass costs here, and
//! how far the estimates are to be believed.

use super::Engine;
use crate::pool::Calibrations;

/// Weight of a step's time in the table of costs.
const COST_RATE: f32 = 0.03;

/// What goes on from run to run. Within a run the calibration always learns,
/// and the table of costs, which the run's header holds, never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learning {
    /// For a session.
    #[default]
    CostAndCalibration,
    /// Every run goes by the same costs: for comparing runs.
    Calibration,
    /// Every run begins like the first: for batches that can be resumed.
    Nothing,
}

impl Engine {
    /// From now on.
    pub fn set_learning(&mut self, learning: Learning) {
        self.learning = learning;
    }

    /// A step over `rows` rows took so long.
    pub(super) fn learn_cost(&mut self, rows: usize, ms: f64) {
        if self.learning == Learning::CostAndCalibration {
            self.cost.observe(rows, ms as f32, COST_RATE);
        }
    }

    /// A run ended with these calibrations.
    pub(super) fn learn_calibrations(&mut self, learned: &Calibrations) {
        if self.learning != Learning::Nothing {
            self.calibrations = learned.clone();
        }
    }
}
