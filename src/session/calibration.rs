//! Where calibrations start, as `--calibration` says.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};

use crate::session::recorded::load_trace;
use crate::speculate::learned::CalibrationStart;

/// What `--calibration` names.
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
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "shipped" => CalibrationChoice::Shipped,
            path => CalibrationChoice::Trace(PathBuf::from(path)),
        })
    }

    /// `None`: as shipped.
    ///
    /// # Errors
    /// A file that is no trace, or says nothing of its calibration.
    pub fn start(&self) -> Result<Option<CalibrationStart>> {
        match self {
            CalibrationChoice::Shipped => Ok(None),
            CalibrationChoice::Trace(path) => read(path).wrap_err("--calibration").map(Some),
        }
    }
}

fn read(path: &Path) -> Result<CalibrationStart> {
    let shown = path.display();
    let start = load_trace(path)?.header.calibration.ok_or_else(|| {
        eyre!("{shown}: a trace of format 1 does not record where its calibration started")
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(CalibrationStart {
        from: (!start.is_shipped()).then(|| name.into_owned()),
        ..start
    })
}
