//! The features of a correction: the logit, the path, and a cell in each of several
//! small tables. Does not know how it is learned.

use crate::retrieval::query::estimate::logistic::logit;
use crate::speculate::TokenId;

/// Cells of the offset: one per table is active.
const TABLES: [usize; 5] = [KINDS, ORDERS, COUNTS, RANKS, DEPTHS];
const KINDS: usize = 6;
const ORDERS: usize = 8;
const COUNTS: usize = 6;
const RANKS: usize = 4;
const DEPTHS: usize = 12;
/// Bias, slope and the path's weight.
const PLAIN: usize = 3;
/// Weights of a correction.
pub(crate) const N_WEIGHTS: usize = PLAIN + KINDS + ORDERS + COUNTS + RANKS + DEPTHS;

/// The longest evidence that offered a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backing {
    kind: u8,
    order: u8,
    count: u8,
}

/// The features of a correction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    /// Logit of the estimate, given that the path before it is accepted.
    pub(crate) z: f32,
    /// Logarithm of the path's probability.
    pub(crate) path: f32,
    backing: Backing,
    rank: u8,
    depth: u8,
}

/// The features of a draft's candidates, by parent node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    list: Vec<(TokenId, Standing)>,
    /// By tree node: where its candidates begin; closed by the next one's.
    starts: Vec<usize>,
}

impl Backing {
    #[inline]
    pub(crate) fn new(kind: u8, order: usize, count: usize) -> Self {
        let order = match order {
            0..=3 => order,
            4..=5 => 4,
            6..=8 => 5,
            9..=15 => 6,
            _ => 7,
        };
        Backing {
            kind,
            order: order as u8,
            count: count.max(1).ilog2().min(COUNTS as u32 - 1) as u8,
        }
    }
}

impl Standing {
    /// `rank` among its siblings from 0, `depth` from 1.
    #[inline]
    pub(crate) fn new(
        prob: f32,
        path_prob: f32,
        backing: Backing,
        rank: usize,
        depth: usize,
    ) -> Self {
        Standing {
            z: logit(prob),
            path: path_prob.max(1e-3).ln(),
            backing,
            rank: rank.min(RANKS - 1) as u8,
            depth: depth.clamp(1, DEPTHS) as u8 - 1,
        }
    }

    /// The weights of the offset's cells.
    #[inline]
    pub(crate) fn cells(&self) -> [usize; TABLES.len()] {
        let Backing { kind, order, count } = self.backing;
        let cells = [kind, order, count, self.rank, self.depth];
        let mut start = PLAIN;
        let mut at = [0; TABLES.len()];
        for (table, cell) in cells.into_iter().enumerate() {
            at[table] = start + usize::from(cell);
            start += TABLES[table];
        }
        at
    }
}

impl Offers {
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.starts.clear();
    }

    /// The candidates that follow are offered below this node; nodes come in
    /// the tree's order.
    pub(crate) fn begin(&mut self, node: usize) {
        self.starts.resize(node + 1, self.list.len());
    }

    #[inline]
    pub(crate) fn push(&mut self, token: TokenId, standing: Standing) {
        self.list.push((token, standing));
    }

    pub(crate) fn find(&self, parent: usize, token: TokenId) -> Option<Standing> {
        let start = *self.starts.get(parent)?;
        let end = self.starts.get(parent + 1).copied();
        let offered = &self.list[start..end.unwrap_or(self.list.len())];
        let found = offered.iter().find(|o| o.0 == token);
        found.map(|o| o.1)
    }
}
