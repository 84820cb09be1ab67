//! What the next run starts from: the cost profile, and the calibration. The latter is
//! the shipped one, so that a run is a function of its header; with `--learn`, it is
//! what earlier runs learned.

use crate::retrieval::{Calibration, Calibrations, shipped_calibration};
use crate::speculate::cost::CostProfile;
use crate::speculate::learned::CalibrationStart;
use crate::speculate::params::Params;
use crate::speculate::trace::StartFrom;

/// Describes a calibration carried from run to run.
const EARLIER_RUNS: &str = "earlier runs";

/// Where runs start, unless a run says otherwise.
pub struct Start {
    /// The cost profile that automatic budgets follow.
    pub cost: CostProfile,
    calibration: CalibrationStart,
    /// The same, without what runs have learned since.
    given_calibration: CalibrationStart,
    /// Whether a run's calibration is where the next one starts.
    learns: bool,
}

impl Default for Start {
    /// Every draft looks free, and the calibration is as shipped.
    fn default() -> Self {
        Start {
            cost: CostProfile::default(),
            calibration: shipped_calibration(),
            given_calibration: shipped_calibration(),
            learns: false,
        }
    }
}

impl Start {
    /// Whether a finished run's calibration is where the next one starts.
    pub fn set_learning(&mut self, learns: bool) {
        self.learns = learns;
    }

    /// Turns learning off; returns whether it was on.
    pub(super) fn pause_learning(&mut self) -> bool {
        std::mem::take(&mut self.learns)
    }

    /// The full start of a run, given this part of it.
    pub(super) fn unless_given(&self, given: StartFrom) -> (CostProfile, CalibrationStart) {
        let calibration = given.calibration;
        (
            given.cost.unwrap_or_else(|| self.cost.clone()),
            calibration.unwrap_or_else(|| self.calibration.clone()),
        )
    }

    /// The session's original start, without what runs have learned since.
    pub(super) fn given(&self) -> StartFrom {
        StartFrom {
            cost: Some(self.cost.clone()),
            calibration: Some(self.given_calibration.clone()),
        }
    }

    /// Where calibrations start from now on; `None`: as shipped.
    pub fn set_calibration(&mut self, start: Option<CalibrationStart>) {
        self.calibration = start.unwrap_or_else(shipped_calibration);
        self.given_calibration = self.calibration.clone();
    }

    /// Where calibrations start.
    pub(crate) fn calibration(&self) -> &CalibrationStart {
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
