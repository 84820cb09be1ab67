//! What a pass over the rows of many sequences costs: products by the number of rows, and
//! attention by what the rows read, both of their own sequences and of a shared prefix.

use serde::{Deserialize, Serialize};

use super::{CostPoint, CostProfile, StepCosts};

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
    /// Tokens read in the rows' own sequences, summed over all rows.
    pub(crate) own_reads: f32,
    /// The same for shared prefixes.
    pub(crate) shared_reads: f32,
}

impl Load {
    /// The load of rows that all read equally much.
    pub(crate) fn of(rows: usize, own: usize, shared: usize) -> Self {
        Load {
            rows,
            own_reads: (rows * own) as f32,
            shared_reads: (rows * shared) as f32,
        }
    }

    /// The sum of both loads.
    pub(crate) fn and(self, further: Load) -> Load {
        Load {
            rows: self.rows + further.rows,
            own_reads: self.own_reads + further.own_reads,
            shared_reads: self.shared_reads + further.shared_reads,
        }
    }
}

/// t(load) in milliseconds. Products are interpolated linearly between the measured numbers
/// of rows and extrapolated with the last slope; attention costs a fixed time per token
/// read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PassCosts {
    /// Costs of a single sequence, as its own automatic budget uses them.
    alone: StepCosts,
    /// (rows, milliseconds), ascending in both.
    products: Vec<(f32, f32)>,
    ms_per_own_token: f32,
    ms_per_shared_token: f32,
    is_assumed: bool,
}

/// Contexts in a profile with a price per row.
const PRICED_AT: [usize; 2] = [128, 1024];
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

    /// Milliseconds of a pass; 1.0 if nothing was measured.
    pub(crate) fn ms(&self, load: Load) -> f32 {
        if self.products.is_empty() {
            return 1.0;
        }
        self.products_ms(load.rows as f32)
            + self.ms_per_own_token * load.own_reads
            + self.ms_per_shared_token * load.shared_reads
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
    /// price for every further row: the cost of going from one row each to two. What it
    /// drafts by this profile therefore does not depend on the other sequences.
    pub(crate) fn priced(&self, profile: &CostProfile, sequences: usize) -> CostProfile {
        if self.products.is_empty() {
            return CostProfile::default();
        }
        let n = sequences.max(1);
        let points = [1, PRICED_ROWS].into_iter().flat_map(|rows| {
            PRICED_AT.map(|context| {
                let one = self.ms(Load::of(n, context, 0));
                let two = self.ms(Load::of(2 * n, context, 0));
                let ms = (one + (rows - 1) as f32 * (two - one).max(0.0)) / n as f32;
                CostPoint {
                    context: Some(context),
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
        let lines = &forward.lines;
        let products = lines.iter().map(|line| (line.rows as f32, line.base_ms));
        let of_one = lines.first().map_or(0.0, |line| line.ms_per_token);
        let shared = match (lines.first(), lines.last()) {
            (Some(first), Some(last)) if last.rows > first.rows => {
                let added = last.ms_per_token - first.ms_per_token;
                (added / (last.rows - first.rows) as f32).clamp(0.0, of_one)
            }
            _ => of_one,
        };
        PassCosts {
            alone: StepCosts::new(profile),
            products: rising(products.collect()),
            ms_per_own_token: of_one,
            ms_per_shared_token: shared,
            is_assumed: true,
        }
    }

    fn of_passes(profile: &CostProfile) -> Self {
        let points = &profile.passes;
        let per_own = per_token(points, |p| p.shared, |p| p.own);
        let per_shared = per_token(points, |p| p.own, |p| p.shared);
        let products = points.iter().map(|p| {
            let reads = per_own * (p.rows * p.own) as f32 + per_shared * (p.rows * p.shared) as f32;
            (p.rows as f32, (p.pass_ms - reads).max(p.pass_ms * 0.1))
        });
        PassCosts {
            alone: StepCosts::new(profile),
            products: rising(products.collect()),
            ms_per_own_token: per_own,
            ms_per_shared_token: per_shared,
            is_assumed: false,
        }
    }
}

/// Milliseconds per token that a row reads: the median over all pairs of points that differ
/// in nothing else.
fn per_token(
    points: &[PassPoint],
    same: impl Fn(&PassPoint) -> usize,
    other: impl Fn(&PassPoint) -> usize,
) -> f32 {
    let alike = |a: &PassPoint, b: &PassPoint| {
        (a.sequences, a.rows, same(a)) == (b.sequences, b.rows, same(b))
    };
    let mut found = Vec::new();
    for near in points {
        let further = points
            .iter()
            .filter(|far| alike(near, far) && other(far) > other(near));
        found.extend(further.map(|far| {
            let reads = (near.rows * (other(far) - other(near))) as f32;
            ((far.pass_ms - near.pass_ms) / reads).max(0.0)
        }));
    }
    found.sort_by(f32::total_cmp);
    found.get(found.len() / 2).copied().unwrap_or(0.0)
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
            pass_ms: ms + 0.002 * (rows * own) as f32 + 0.0005 * (rows * shared) as f32,
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
        near(costs.ms(Load::of(10, 0, 0)), 7.0);
        near(costs.ms(Load::of(112, 0, 0)), 58.0);
        near(costs.ms(Load::of(4, 200, 1000)), 4.0 + 1.6 + 2.0);
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
        near(costs.ms(Load::of(9, 0, 0)), 7.0);
        near(costs.ms(Load::of(9, 100, 0)), 7.0 + 9.0 * 0.2);
        near(costs.ms(Load::of(9, 0, 100)), 7.0 + 9.0 * 0.05);
        assert_eq!(PassCosts::default().ms(Load::of(7, 9, 9)), 1.0);
    }

    #[test]
    fn a_price_is_the_slope_where_the_batch_stands() {
        let profile = profile();
        let costs = PassCosts::new(&profile);
        let priced = StepCosts::new(&costs.priced(&profile, 4));
        let at = |rows| priced.ms(rows, 128);
        near(at(1), costs.ms(Load::of(4, 128, 0)) / 4.0);
        let row = (costs.ms(Load::of(8, 128, 0)) - costs.ms(Load::of(4, 128, 0))) / 4.0;
        near(at(3) - at(2), row);
        near(at(40) - at(39), row);
        assert!(
            PassCosts::default()
                .priced(&CostProfile::default(), 4)
                .is_empty()
        );
    }
}
