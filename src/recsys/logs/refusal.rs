//! Why a line holds no entry.

use super::report::LogSkip;

/// Bytes of a cause that a message shows.
const SHOWN_MAX: usize = 160;

/// A reason, and what is wrong with this line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogRefusal {
    pub(super) skip: LogSkip,
    pub(super) why: String,
}

impl LogRefusal {
    /// Long causes, which may be texts of a log, are cut.
    pub(super) fn new(skip: LogSkip, why: impl Into<String>) -> Self {
        let mut why = why.into();
        if why.len() > SHOWN_MAX {
            let is_start = |at: &usize| why.is_char_boundary(*at);
            let end = (0..=SHOWN_MAX).rev().find(is_start).unwrap_or(0);
            why.truncate(end);
            why.push_str(" ..");
        }
        LogRefusal { skip, why }
    }
}
