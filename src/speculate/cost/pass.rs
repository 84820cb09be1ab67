//! What a pass over the rows of many sequences costs: products by the number of rows, and
//! attention by what the rows read. A token's keys and values come from memory once per
//! pass, those of a shared prefix once for all sequences; every row that reads them computes.

mod reads;

use serde::{Deserialize, Serialize};

use super::{CostPoint, CostProfile, StepCosts};
use reads::ReadCosts;

/// A measured pass over rows of several sequences, with the same number of rows each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassPoint {
    /// Sequences with rows in the pass.
    pub sequences: usize,
    /// Rows of all sequences together.
    pub rows: usize,
    /// Tokens that a row attends to in its own sequence.
    pub own: usize,
    /// Tokens of the shared prefix before them.
    pub shared: usize,
    /// Median milliseconds of the pass, including reading its logits.
    pub pass_ms: f32,
    /// Interquartile range over the median.
    pub spread: f32,
}

/// The work of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Load {
    pub(crate) rows: usize,
    /// Tokens of the sequences after the shared prefix, each counted once.
    own: f32,
    /// Tokens of the shared prefix.
    shared: f32,
    /// Tokens that a row reads, summed over all rows.
    reads: f32,
}

impl Load {
    /// The load of sequences with the same number of rows and the same context.
    pub(crate) fn of(sequences: usize, rows_each: usize, own: usize, shared: usize) -> Self {
        Load {
            own: (sequences * own) as f32,
            ..Load::further(sequences * rows_each, own, shared)
        }
    }

    /// The load of further rows of sequences that have some.
    pub(crate) fn further(rows: usize, own: usize, shared: usize) -> Self {
        Load {
            rows,
            own: 0.0,
            shared: shared as f32,
            reads: (rows * (own + shared)) as f32,
        }
    }

    /// Both loads in one pass, with one shared prefix.
    pub(crate) fn and(self, further: Load) -> Load {
        Load {
            rows: self.rows + further.rows,
            own: self.own + further.own,
            shared: self.shared.max(further.shared),
            reads: self.reads + further.reads,
        }
    }

    /// One more row that reads as much as these do on average.
    pub(crate) fn and_one_more(self) -> Load {
        Load {
            rows: self.rows + 1,
            reads: self.reads + self.reads / self.rows.max(1) as f32,
            ..self
        }
    }

    /// Tokens that are read from memory.
    fn tokens(self) -> f32 {
        self.own + self.shared
    }
}

/// t(load) in milliseconds. Products are interpolated linearly between the measured numbers
/// of rows and extrapolated with the last slope; attention is in proportion to what is
/// read, see [`ReadCosts`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PassCosts {
    /// Costs of a single sequence, as its own automatic budget uses them.
    alone: StepCosts,
    /// (rows, milliseconds), ascending in both.
    products: Vec<(f32, f32)>,
    reads: ReadCosts,
    /// Retrieving and learning for one sequence.
    retrieval_ms: f32,
    is_assumed: bool,
}

/// Contexts after the shared prefix, in a profile with a price per row.
const PRICED_AT: [usize; 2] = [128, 1024];
/// The rows each sequence has where the price of a row is taken.
const PRICED_TO: usize = 4;
/// The largest tree in a profile with a price per row.
const PRICED_ROWS: usize = super::super::params::MAX_ROWS;

impl PassCosts {
    /// Costs from measured passes over several sequences; without any, estimated from steps
    /// of one sequence, see [`Self::assumed`].
    pub(crate) fn new(profile: &CostProfile) -> Self {
        match profile.passes.is_empty() {
            true => Self::of_steps(profile),
            false => Self::of_passes(profile),
        }
    }

    /// What is assumed if passes over several sequences were not measured.
    pub(crate) fn assumed(&self) -> Option<&'static str> {
        self.is_assumed.then_some(
            "passes over several sequences are not in the cost profile: their products are \
             assumed to cost as much as those of one sequence's rows, extrapolated beyond 64 \
             rows, and a row's attention as much as that of a single row (`laserscope cost \
             measure` measures them)",
        )
    }

    /// Costs of a single sequence.
    pub(crate) fn alone(&self) -> &StepCosts {
        &self.alone
    }

    /// Whether anything was measured.
    pub(crate) fn is_measured(&self) -> bool {
        !self.products.is_empty()
    }

    /// Milliseconds of retrieving for one sequence and learning from its verdict, divided
    /// among `threads` threads if there are enough sequences to share them.
    pub(crate) fn shared_by(mut self, threads: usize) -> Self {
        self.retrieval_ms /= threads.max(1) as f32;
        self
    }

    /// Milliseconds of a pass over so many sequences. A single one has its own costs, as its
    /// automatic budget uses them.
    pub(crate) fn ms_for(&self, sequences: usize, load: Load) -> f32 {
        match sequences {
            1 => self.alone.ms(load.rows, load.tokens() as usize),
            _ => self.ms(load),
        }
    }

    /// Milliseconds of retrieving for each of so many sequences. Those of a single one are
    /// part of its own costs.
    pub(crate) fn retrieval_ms_for(&self, sequences: usize) -> f32 {
        match sequences {
            1 => 0.0,
            _ => self.retrieval_ms,
        }
    }

    /// Milliseconds of a pass; 1.0 if nothing was measured.
    pub(crate) fn ms(&self, load: Load) -> f32 {
        if self.products.is_empty() {
            return 1.0;
        }
        self.products_ms(load.rows as f32) + self.reads.ms(load)
    }

    /// Milliseconds of the products of `rows` rows.
    fn products_ms(&self, rows: f32) -> f32 {
        let Some(&(least, least_ms)) = self.products.first() else {
            return 1.0;
        };
        if rows <= least || self.products.len() == 1 {
            return least_ms;
        }
        let right = self.products.partition_point(|&(n, _)| n < rows);
        let right = right.min(self.products.len() - 1);
        let ((n0, t0), (n1, t1)) = (self.products[right - 1], self.products[right]);
        t0 + (t1 - t0) * (rows - n0) / (n1 - n0)
    }

    /// A profile that charges one of `sequences` sequences its share of a pass, and a fixed
    /// price for every further row: the mean cost of a row on the way from one row each to
    /// [`PRICED_TO`]. What it drafts by this profile therefore does not depend on the other
    /// sequences. `shared`: tokens of their shared prefix.
    pub(crate) fn priced(
        &self,
        profile: &CostProfile,
        sequences: usize,
        shared: usize,
    ) -> CostProfile {
        if self.products.is_empty() {
            return CostProfile::default();
        }
        let n = sequences.max(1);
        let points = [1, PRICED_ROWS].into_iter().flat_map(|rows| {
            PRICED_AT.map(|own| {
                let one = self.ms(Load::of(n, 1, own, shared));
                let some = self.ms(Load::of(n, PRICED_TO, own, shared));
                let row = (some - one).max(0.0) / (PRICED_TO - 1) as f32;
                let ms = (one + (rows - 1) as f32 * row) / n as f32;
                CostPoint {
                    context: Some(shared + own),
                    ..CostPoint::by_rows(rows, ms)
                }
            })
        });
        CostProfile {
            points: points.collect(),
            measured: profile.measured.clone(),
            machine: profile.machine.clone(),
            passes: Vec::new(),
        }
    }

    fn of_steps(profile: &CostProfile) -> Self {
        let forward = StepCosts::of_forward(profile);
        let products = forward.lines.iter();
        let products = products.map(|line| (line.rows as f32, line.base_ms));
        PassCosts {
            alone: StepCosts::new(profile),
            products: rising(products.collect()),
            reads: ReadCosts::of_steps(&forward),
            retrieval_ms: beside_forward(profile),
            is_assumed: true,
        }
    }

    fn of_passes(profile: &CostProfile) -> Self {
        let points = &profile.passes;
        let reads = ReadCosts::of_passes(points);
        let products = points.iter().map(|p| {
            let load = Load::of(p.sequences, p.rows / p.sequences.max(1), p.own, p.shared);
            let ms = (p.pass_ms - reads.ms(load)).max(p.pass_ms * 0.1);
            (p.rows as f32, ms)
        });
        PassCosts {
            alone: StepCosts::new(profile),
            products: rising(products.collect()),
            reads,
            retrieval_ms: beside_forward(profile),
            is_assumed: false,
        }
    }
}

/// Milliseconds of a step with drafts beside its forward pass: the median over the measured
/// points of a few rows, whose retrieval was not idle.
fn beside_forward(profile: &CostProfile) -> f32 {
    let few = profile.points.iter().filter(|p| (2..=16).contains(&p.rows));
    let mut beside: Vec<f32> = few.map(|p| (p.step_ms - p.forward_ms).max(0.0)).collect();
    beside.sort_by(f32::total_cmp);
    beside.get(beside.len() / 2).copied().unwrap_or(0.0)
}

/// Keeps the fastest point of each number of rows, lowered to that of more rows if they
/// were faster: noise only makes measurements longer.
fn rising(mut points: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup_by_key(|point| point.0);
    for i in (1..points.len()).rev() {
        points[i - 1].1 = points[i - 1].1.min(points[i].1);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(sequences: usize, rows: usize, own: usize, shared: usize) -> PassPoint {
        let products = [(1, 3.0), (4, 4.0), (16, 10.0), (64, 34.0)];
        let ms = products.iter().find(|p| p.0 == rows).map_or(0.0, |p| p.1);
        PassPoint {
            sequences,
            rows,
            own,
            shared,
            pass_ms: ms
                + 0.0015 * (sequences * own + shared) as f32
                + 0.0005 * (rows * (own + shared)) as f32,
            spread: 0.01,
        }
    }

    fn profile() -> CostProfile {
        CostProfile {
            passes: vec![
                point(1, 1, 100, 0),
                point(4, 4, 100, 0),
                point(16, 16, 100, 0),
                point(16, 64, 100, 0),
                point(4, 4, 600, 0),
                point(16, 16, 600, 0),
                point(4, 4, 100, 512),
            ],
            ..CostProfile::by_rows([(1, 3.2), (8, 6.0)])
        }
    }

    fn near(a: f32, b: f32) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }

    #[test]
    fn products_and_reads_are_told_apart() {
        let costs = PassCosts::new(&profile());
        assert_eq!(costs.assumed(), None);
        near(costs.ms(Load::default()), 3.0);
        near(costs.ms(Load::of(10, 1, 0, 0)), 7.0);
        near(costs.ms(Load::of(112, 1, 0, 0)), 58.0);
        near(costs.ms(Load::of(4, 1, 200, 1000)), 4.0 + 1.2 + 1.5 + 2.4);
    }

    #[test]
    fn an_older_profile_says_what_is_assumed() {
        let measured = |rows, context, ms| CostPoint {
            context: Some(context),
            ..CostPoint::by_rows(rows, ms)
        };
        let profile = CostProfile {
            points: vec![
                measured(1, 100, 3.2),
                measured(1, 1100, 5.2),
                measured(9, 100, 7.6),
                measured(9, 1100, 13.6),
            ],
            ..CostProfile::default()
        };
        let costs = PassCosts::new(&profile);
        assert!(costs.assumed().unwrap().contains("not in the cost profile"));
        near(costs.ms(Load::of(9, 1, 0, 0)), 7.0);
        near(costs.ms(Load::of(9, 1, 100, 0)), 7.0 + 9.0 * 0.2);
        near(costs.ms(Load::of(9, 1, 0, 100)), 7.0 + 0.15 + 9.0 * 0.05);
        assert_eq!(PassCosts::default().ms(Load::of(7, 1, 9, 9)), 1.0);
    }

    #[test]
    fn a_price_is_the_slope_where_the_batch_drafts() {
        let profile = profile();
        let costs = PassCosts::new(&profile);
        let priced = StepCosts::new(&costs.priced(&profile, 4, 512));
        let at = |rows| priced.ms(rows, 512 + 128);
        let whole = |rows| costs.ms(Load::of(4, rows, 128, 512));
        near(at(1), whole(1) / 4.0);
        let row = (whole(4) - whole(1)) / 12.0;
        near(at(3) - at(2), row);
        near(at(40) - at(39), row);
        let none = PassCosts::default().priced(&CostProfile::default(), 4, 0);
        assert!(none.is_empty());
    }
}
