//! Assembles the rows of a pass: every lane retrieves and drafts, drafts get rows where they
//! pay, and prompts get the rows that are left.

use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use super::lane::Lane;
use super::part::LaneRows;
use crate::model::decoder::MAX_BATCH_ROWS;
use crate::speculate::cost::{Offer, PassCosts, Prices, allocate};
use crate::speculate::params::MAX_ROWS;

/// How many rows each lane's step gets, and what a row cost.
#[derive(Default)]
pub(super) struct Allotted {
    /// By lane; 0: no step in this pass.
    rows: Vec<usize>,
    /// The lowest path probability that was given a shared row.
    pub(crate) cut: Option<f32>,
    /// The path probability that one more row would have needed.
    pub(crate) needed: Option<f32>,
    /// What drafting is charged for; `None`: no lane shares the rows with another.
    pub(crate) prices: Option<Prices>,
}

/// Retrieves drafts for every decoding lane that has none waiting.
pub(super) fn retrieve(lanes: &mut [Option<Lane>]) {
    let asked = lanes.iter_mut().flatten();
    let asked = asked.filter(|lane| lane.decodes() && lane.offered.is_none());
    let (mut drafting, mut plain): (Vec<&mut Lane>, Vec<&mut Lane>) =
        asked.partition(|lane| lane.state.asks_retrieval());
    let ask = |lane: &mut &mut Lane| lane.offered = Some(lane.state.retrieve());
    plain.iter_mut().for_each(ask);
    each(&mut drafting, ask);
}

/// Up to this many are done faster than threads wake up.
const FEW: usize = 3;

/// Spreads the work over threads if there are more than a few items.
pub(super) fn each<T: Send>(all: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
    match all.len() {
        0..=FEW => all.iter_mut().for_each(work),
        _ => all.par_iter_mut().for_each(work),
    }
}

/// How many rows each lane's step gets. Lanes that do not fit wait; the first of them is
/// served first in the next pass.
pub(super) fn allot(lanes: &mut [Option<Lane>], turn: &mut usize, costs: &PassCosts) -> Allotted {
    let n = lanes.len();
    let mut allotted = Allotted {
        rows: vec![0; n],
        ..Allotted::default()
    };
    let (mut left, mut waiting) = (MAX_BATCH_ROWS, None);
    for i in (0..n).map(|i| (*turn + i) % n) {
        let Some(rows) = lanes[i].as_mut().and_then(least_rows) else {
            continue;
        };
        if rows <= left {
            allotted.rows[i] = rows;
            left -= rows;
        } else {
            waiting.get_or_insert(i);
        }
    }
    *turn = waiting.unwrap_or(*turn);
    share(lanes, left, costs, &mut allotted);
    allotted
}

/// The minimum rows of a lane's step: only the root's if the lane shares rows, else all that
/// its own budget drafts. `None`: it has no step to take.
fn least_rows(lane: &mut Lane) -> Option<usize> {
    if !lane.decodes() {
        return None;
    }
    let shares = lane.shares_rows();
    let offered = lane.offered.as_mut()?;
    if shares {
        return Some(1);
    }
    lane.state.cut_to_pay(&mut offered.tree);
    lane.state.cut_to_context(&mut offered.tree);
    Some(offered.tree.n_rows())
}

/// Gives the remaining rows to the drafts of the lanes that share rows, where they pay.
fn share(lanes: &[Option<Lane>], left: usize, costs: &PassCosts, allotted: &mut Allotted) {
    let mut sharing = Vec::new();
    let mut offers = Vec::new();
    for (i, lane) in lanes.iter().enumerate() {
        let lane = lane.as_ref().filter(|_| allotted.rows[i] > 0);
        let lane = lane.filter(|lane| lane.shares_rows());
        if let Some((lane, offered)) = lane.and_then(|l| Some((l, l.offered.as_ref()?))) {
            let drafts = &offered.tree.nodes[1..];
            offers.push(Offer {
                path_probs: drafts.iter().map(|node| node.path_prob).collect(),
                own: lane.state.context_len() - lane.shared,
                shared: lane.shared,
            });
            sharing.push(i);
        }
    }
    if offers.is_empty() {
        return;
    }
    let given = allocate(&offers, costs, sharing.len() + left);
    for (&i, rows) in sharing.iter().zip(given.rows) {
        allotted.rows[i] = rows;
    }
    (allotted.cut, allotted.needed) = (given.cut, Some(given.needed));
    allotted.prices = (sharing.len() > 1).then_some(given.prices);
}

/// The rows of a pass: steps first, then as much of the prompts as fits.
pub(super) fn assemble(lanes: &mut [Option<Lane>], allotted: &Allotted) -> Vec<LaneRows> {
    let mut parts = Vec::new();
    for (i, &rows) in allotted
        .rows
        .iter()
        .enumerate()
        .filter(|(_, rows)| **rows > 0)
    {
        if let Some(lane) = &mut lanes[i]
            && let Some(offered) = lane.offered.take()
        {
            parts.push(LaneRows::step(i, lane, offered, rows));
        }
    }
    let mut left = MAX_BATCH_ROWS - parts.iter().map(LaneRows::n_rows).sum::<usize>();
    for (i, lane) in lanes.iter().enumerate() {
        let Some(lane) = lane.as_ref().filter(|lane| lane.reads()) else {
            continue;
        };
        let n = lane.n_missing().min(MAX_ROWS).min(left);
        if n > 0 {
            parts.push(LaneRows::prompt(i, lane, n));
            left -= n;
        }
    }
    parts
}
