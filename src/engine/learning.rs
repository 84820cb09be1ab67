//! Where the calibration of the next run starts. As shipped, so that a run is a
//! function of its header; where a session asks for it, from what its runs learned.

use super::Engine;
use crate::retrieval::{Calibration, Calibrations, shipped_calibration};
use crate::speculate::learned::CalibrationStart;
use crate::speculate::params::Params;

/// What taught a calibration that goes on from run to run.
const EARLIER_RUNS: &str = "earlier runs";

impl Engine {
    /// Whether a finished run's calibration is where the next one starts.
    pub fn set_learning(&mut self, learns: bool) {
        self.learns = learns;
    }

    /// Where calibrations start from now on; `None`: as shipped.
    pub fn set_calibration(&mut self, start: Option<CalibrationStart>) {
        self.calibration = start.unwrap_or_else(shipped_calibration);
        self.given_calibration = self.calibration.clone();
    }

    /// Where calibrations start.
    pub fn calibration(&self) -> &CalibrationStart {
        &self.calibration
    }

    /// Where the next run's calibration starts under these parameters.
    pub(super) fn calibration_of(&self, params: &Params) -> Calibration {
        Calibrations::starting(&self.calibration).of(params).clone()
    }

    /// A run ended with these calibrations.
    pub(super) fn learn_calibrations(&mut self, learned: &Calibrations) {
        if self.learns {
            self.calibration = learned.as_start(EARLIER_RUNS);
        }
    }
}
