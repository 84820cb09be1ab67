//! One tile of weights with a few rows: what is asked, and what comes of it.

use super::activation::{Activations, GROUP};
use super::pack::COLS;

/// The most rows that one pass over a tile multiplies at a time.
pub(crate) const ROWS_AT_ONCE: usize = 2 * GROUP;

/// A tile's results for up to [`ROWS_AT_ONCE`] rows.
pub(crate) type TileOut = [[f32; COLS]; ROWS_AT_ONCE];

/// The rows that a pass over a tile multiplies: `n` from `first` on.
#[derive(Clone, Copy)]
pub(crate) struct TileRows<'a> {
    pub(crate) acts: &'a Activations,
    pub(crate) first: usize,
    pub(crate) n: usize,
    pub(crate) ahead: Ahead<'a>,
}

impl TileRows<'_> {
    /// `n` of them from `from` on, the part `part` of `parts` that the pass has.
    pub(crate) fn part(self, (from, n): (usize, usize), part: usize, parts: usize) -> Self {
        TileRows {
            first: self.first + from,
            n,
            ahead: self.ahead.part(part, parts),
            ..self
        }
    }
}

/// What a pass over a tile fetches into the cache meanwhile: its share of the
/// tile that comes next. All passes together fetch it once, so that memory is
/// never idle while the rows are multiplied.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    pub(crate) next: &'a [u8],
    /// This pass, of so many over the tile.
    pub(crate) pass: usize,
    pub(crate) passes: usize,
}

impl Ahead<'_> {
    /// Nothing is fetched.
    pub(crate) const NONE: Self = Ahead {
        next: &[],
        pass: 0,
        passes: 1,
    };

    /// The same for a part of this pass.
    pub(crate) fn part(self, part: usize, parts: usize) -> Self {
        Ahead {
            pass: self.pass * parts + part,
            passes: self.passes * parts,
            ..self
        }
    }
}
