//! What became of a token: its glyph and its name.

use crate::speculate::verify::Fate;

/// What became of a token, the model's own included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Fate(Fate),
    /// The model's own next token.
    Bonus,
}

impl Mark {
    /// Of a committed token, whose fate is `None` for the bonus token.
    pub(crate) fn of(fate: Option<Fate>) -> Self {
        fate.map_or(Mark::Bonus, Mark::Fate)
    }

    pub(crate) fn glyph(self) -> &'static str {
        match self {
            Mark::Fate(Fate::Accepted) => "✓",
            Mark::Fate(Fate::Relaxed) => "≈",
            Mark::Fate(Fate::Rejected) => "✗",
            Mark::Fate(Fate::Lost) => "⇄",
            Mark::Fate(Fate::Unreached) => "·",
            Mark::Bonus => "+",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Mark::Fate(Fate::Accepted) => "accepted",
            Mark::Fate(Fate::Relaxed) => "relaxed",
            Mark::Fate(Fate::Rejected) => "rejected",
            Mark::Fate(Fate::Lost) => "lost",
            Mark::Fate(Fate::Unreached) => "unreached",
            Mark::Bonus => "bonus",
        }
    }

    /// In the order in which legends and bars list them.
    pub(crate) const ALL: [Mark; 6] = [
        Mark::Fate(Fate::Accepted),
        Mark::Fate(Fate::Relaxed),
        Mark::Bonus,
        Mark::Fate(Fate::Rejected),
        Mark::Fate(Fate::Lost),
        Mark::Fate(Fate::Unreached),
    ];
}
