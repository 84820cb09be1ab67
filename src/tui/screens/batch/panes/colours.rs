//! How lanes are told apart: by a letter, and by a colour that some of them share.

use ratatui::style::Style;

use crate::present::mark::Mark;
use crate::present::theme::Theme;
use crate::speculate::verify::Fate;

const LETTERS: &str = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The sign of a lane.
pub(super) fn letter(lane: usize) -> char {
    let n = LETTERS.len();
    LETTERS.chars().nth(lane % n).unwrap_or('?')
}

const MARKS: [Mark; 5] = [
    Mark::Fate(Fate::Accepted),
    Mark::Bonus,
    Mark::Fate(Fate::Relaxed),
    Mark::Fate(Fate::Lost),
    Mark::Fate(Fate::Rejected),
];

/// A lane's own row: its letter in a block of its colour.
pub(super) fn block(theme: &Theme, lane: usize) -> Style {
    theme.block(MARKS[lane % MARKS.len()])
}

/// A lane's colour, for hatching.
pub(super) fn line(theme: &Theme, lane: usize) -> Style {
    theme.mark(MARKS[lane % MARKS.len()])
}
