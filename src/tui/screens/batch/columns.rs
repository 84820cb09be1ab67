//! The columns of the lanes.

use crate::tui::widgets::sort::SortColumn;

/// A column of the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaneColumn {
    Subject,
    Mal,
    Tokens,
    Rows,
}

impl SortColumn for LaneColumn {
    const ALL: &'static [Self] = &[
        LaneColumn::Subject,
        LaneColumn::Mal,
        LaneColumn::Tokens,
        LaneColumn::Rows,
    ];

    fn name(self) -> &'static str {
        match self {
            LaneColumn::Subject => "subject",
            LaneColumn::Mal => "MAL",
            LaneColumn::Tokens => "tokens",
            LaneColumn::Rows => "rows",
        }
    }

    fn is_text(self) -> bool {
        self == LaneColumn::Subject
    }
}
