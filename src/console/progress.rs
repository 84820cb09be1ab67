//! One line of progress on standard error, where that is a terminal.

use std::time::{Duration, Instant};

/// A line that is written over; removed when dropped.
pub(crate) struct Line {
    live: bool,
    shown: Option<Instant>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Line {
            live: super::is_live(),
            shown: None,
        }
    }

    /// There is a terminal to show it on.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Shows `text`, at most ten times a second.
    pub(crate) fn show(&mut self, text: &str) {
        let due = self
            .shown
            .is_none_or(|at| at.elapsed() > Duration::from_millis(100));
        if self.live && due {
            self.shown = Some(Instant::now());
            super::overwrite(text);
        }
    }

    /// Removes what is shown.
    pub(crate) fn clear(&mut self) {
        if self.shown.take().is_some() {
            super::overwrite("");
        }
    }

    /// A line that stays.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        note!("{text}");
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}
