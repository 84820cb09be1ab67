//! The columns by which lists of runs can be sorted.

use crate::tui::widgets::sort::SortColumn;

/// A figure of a run in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunColumn {
    Title,
    Settings,
    Mal,
    Tokens,
    Speed,
}

impl SortColumn for RunColumn {
    const ALL: &'static [Self] = &[
        RunColumn::Title,
        RunColumn::Settings,
        RunColumn::Mal,
        RunColumn::Tokens,
        RunColumn::Speed,
    ];

    fn name(self) -> &'static str {
        match self {
            RunColumn::Title => "title",
            RunColumn::Settings => "settings",
            RunColumn::Mal => "MAL",
            RunColumn::Tokens => "tokens",
            RunColumn::Speed => "tok/s",
        }
    }

    fn is_text(self) -> bool {
        matches!(self, RunColumn::Title | RunColumn::Settings)
    }
}
