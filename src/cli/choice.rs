//! The values of `--cost` and `--calibration`.

use std::path::PathBuf;

use crate::file_name::absolute;
use crate::speculate::cost::{CostProfile, inline, parse_inline};

#[derive(Clone, Debug, PartialEq)]
pub enum CostChoice {
    /// `1:3.3,8:7.5`
    Given(CostProfile),
    /// A saved profile, or a trace whose header has one.
    File(PathBuf),
}

impl CostChoice {
    /// # Errors
    /// An invalid table, by its part.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match parse_inline(text) {
            Some(profile) => Ok(CostChoice::Given(profile?)),
            None => Ok(CostChoice::File(PathBuf::from(text))),
        }
    }

    /// As an option's value.
    pub(crate) fn word(&self) -> String {
        match self {
            CostChoice::Given(profile) => inline(profile),
            CostChoice::File(path) => absolute(path),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CalibrationChoice {
    /// The weights that the program ships for each rule.
    #[default]
    Shipped,
    /// Where that run started.
    Trace(PathBuf),
}

impl CalibrationChoice {
    /// # Errors
    /// None: anything but `shipped` is a file's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "shipped" => CalibrationChoice::Shipped,
            path => CalibrationChoice::Trace(PathBuf::from(path)),
        })
    }
}
