//! Allocates the rows of a pass where they pay: of all sequences' draft trees, it takes the
//! nodes whose expected tokens are worth their time, whichever sequence they belong to.
//!
//! The last committed token of every sequence needs its row. One heap holds each sequence's
//! next node. Since a child never outranks its parent, the best m nodes form a forest
//! closed towards the roots for every m, and no other m nodes have a higher expectation.
//! The m with the most expected tokens per millisecond wins. All m are tried: t is a
//! staircase, so a row that does not pay can be followed by some that do.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::MARGIN;
use super::pass::{Load, PassCosts};
use super::worth::Prices;

/// What a sequence could draft, and what its rows read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offer {
    /// Path probabilities of its drafts, in draft order.
    pub(crate) path_probs: Vec<f32>,
    /// Tokens that a row attends to after the shared prefix.
    pub(crate) own: usize,
    /// Tokens of the shared prefix.
    pub(crate) shared: usize,
}

impl Offer {
    /// Its rows, the root's included.
    fn load(&self, rows: usize) -> Load {
        Load::of(1, rows, self.own, self.shared)
    }

    fn draft(&self) -> Load {
        Load::further(1, self.own, self.shared)
    }
}

/// The rows of each sequence, and what they are expected to yield.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Allocation {
    /// Rows per sequence in the order of the offers, the root's row included.
    pub(crate) rows: Vec<usize>,
    /// The lowest path probability that was given a row; `None`: no draft was.
    pub(crate) cut: Option<f32>,
    /// The path probability that one more row would need to pay: the time it adds, divided
    /// by the time per expected token.
    pub(crate) needed: f32,
    /// Tokens that the pass is expected to commit.
    pub(crate) expected: f32,
    /// What drafting is charged for.
    pub(crate) prices: Prices,
}

/// The next node of a sequence.
#[derive(PartialEq)]
struct Next {
    path_prob: f32,
    sequence: usize,
    node: usize,
}

impl Eq for Next {}

impl Ord for Next {
    /// The most probable node first; ties go to the earlier sequence.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_prob = self.path_prob.total_cmp(&other.path_prob);
        by_prob.then(other.sequence.cmp(&self.sequence))
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Allocates at most `most` rows to the sequences of a pass. For a single sequence, the
/// result is that of [`super::StepCosts::best_rows_of`].
pub(crate) fn allocate(offers: &[Offer], costs: &PassCosts, most: usize) -> Allocation {
    let n = offers.len();
    let mut load = offers
        .iter()
        .fold(Load::default(), |load, offer| load.and(offer.load(1)));
    let mut walked = Walked::begin(n, costs.ms_for(n, load));
    let mut heap: BinaryHeap<Next> = (0..n).filter_map(|i| next_of(offers, i, 0)).collect();
    while let Some(next) = heap.pop() {
        if load.rows >= most {
            break;
        }
        load = load.and(offers[next.sequence].draft());
        walked.take(&next, costs.ms_for(n, load));
        heap.extend(next_of(offers, next.sequence, next.node + 1));
    }
    walked.allocation(costs, offers)
}

fn next_of(offers: &[Offer], sequence: usize, node: usize) -> Option<Next> {
    let path_prob = *offers[sequence].path_probs.get(node)?;
    Some(Next {
        path_prob,
        sequence,
        node,
    })
}

/// The nodes taken in order, and the best number of them so far.
struct Walked {
    /// The sequence and path probability of each node.
    taken: Vec<(usize, f32)>,
    n: f32,
    /// Milliseconds of the pass without drafts.
    plain_ms: f32,
    expected: f32,
    best: usize,
    best_rate: f32,
}

impl Walked {
    fn begin(n: usize, ms: f32) -> Self {
        Walked {
            taken: Vec::new(),
            n: n as f32,
            plain_ms: ms,
            expected: 0.0,
            best: 0,
            best_rate: n as f32 * MARGIN / ms,
        }
    }

    fn take(&mut self, next: &Next, ms: f32) {
        self.taken.push((next.sequence, next.path_prob));
        self.expected += next.path_prob;
        let rate = (self.n + self.expected) / ms;
        if rate > self.best_rate {
            (self.best, self.best_rate) = (self.taken.len(), rate);
        }
    }

    fn allocation(self, costs: &PassCosts, offers: &[Offer]) -> Allocation {
        let n = offers.len();
        let mut rows = vec![1; n];
        let chosen = &self.taken[..self.best];
        chosen.iter().for_each(|&(sequence, _)| rows[sequence] += 1);
        let of_rows = offers.iter().zip(&rows);
        let load = of_rows.fold(Load::default(), |load, (offer, &rows)| {
            load.and(offer.load(rows))
        });
        let expected = self.n + chosen.iter().map(|taken| taken.1).sum::<f32>();
        let ms = costs.ms_for(n, load);
        let prices = Prices {
            token_ms: self.plain_ms / self.n.max(1.0),
            row_ms: (ms - self.plain_ms) / chosen.len().max(1) as f32,
            retrieval_ms: costs.retrieval_ms_for(n),
        };
        Allocation {
            rows,
            cut: chosen.last().map(|taken| taken.1),
            needed: (costs.ms_for(n, load.and_one_more()) - ms) * expected / ms,
            expected,
            prices,
        }
    }
}

#[cfg(test)]
#[path = "allocation_test.rs"]
mod tests;
