//! The error of cancelled work on a model's files.

/// The fetch was cancelled; find it with `report.is::<Cancelled>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fetching the model was cancelled; the partial download is kept and will be resumed")]
pub struct Cancelled;
