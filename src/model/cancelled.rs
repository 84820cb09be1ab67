//! Work on a model's files that was called off.

use std::fmt;

/// The fetch was cancelled; find it with `report.is::<Cancelled>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("fetching the model was cancelled; what came is kept for the next try")
    }
}

impl std::error::Error for Cancelled {}
