//! One tile of weights with a few rows: the inputs and the result.

use super::activation::{Activations, GROUP};
use super::pack::COLS;

/// Maximum rows multiplied in one pass over a tile.
pub(crate) const ROWS_AT_ONCE: usize = 2 * GROUP;

/// A tile's results for up to [`ROWS_AT_ONCE`] rows.
pub(crate) type TileOut = [[f32; COLS]; ROWS_AT_ONCE];

/// The rows multiplied by a pass over a tile: `n` from `first` on.
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

/// What a pass over a tile prefetches meanwhile: its share of the next tile. All passes
/// together fetch it once, so that memory is never idle during multiplication.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    pub(crate) next: &'a [u8],
    /// This pass, and the number of passes over the tile.
    pub(crate) pass: usize,
    pub(crate) passes: usize,
}

impl Ahead<'_> {
    /// Prefetches nothing.
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
