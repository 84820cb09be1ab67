//! Where calibrations start, as `--calibration` says.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};

use crate::cli::CalibrationChoice;
use crate::session::recorded::load_trace;
use crate::speculate::learned::CalibrationStart;

/// The start that `--calibration` names; `None`: as shipped.
///
/// # Errors
/// A file that is not a trace, or does not record its calibration.
pub(crate) fn named(choice: &CalibrationChoice) -> Result<Option<CalibrationStart>> {
    match choice {
        CalibrationChoice::Shipped => Ok(None),
        CalibrationChoice::Trace(path) => read(path).wrap_err("--calibration").map(Some),
    }
}

fn read(path: &Path) -> Result<CalibrationStart> {
    let shown = path.display();
    let start = load_trace(path)?.header.calibration.ok_or_else(|| {
        eyre!("{shown}: traces of format 1 do not record their starting calibration")
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(CalibrationStart {
        from: (!start.is_shipped()).then(|| name.into_owned()),
        ..start
    })
}
