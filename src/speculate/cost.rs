//! What a forward pass over n rows costs, and how many rows therefore pay.

use serde::{Deserialize, Serialize};

use super::draft::DraftTree;

/// Measured milliseconds of a forward pass by number of rows, n ascending.
/// Between two measured points it is interpolated linearly, beyond the last
/// one extrapolated by the last slope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CostTable {
    /// (rows, ms)
    pub points: Vec<(usize, f32)>,
}

/// By how much drafting must promise to be quicker than no draft.
const MARGIN: f32 = 1.03;

impl CostTable {
    /// Numbers of rows worth measuring; beyond the last one the last slope
    /// holds.
    pub const MEASURED_ROWS: [usize; 6] = [1, 2, 4, 8, 16, 32];

    /// Milliseconds for `n` rows; 1.0 for every n when nothing was measured,
    /// which makes every draft look free.
    pub fn ms(&self, n: usize) -> f32 {
        let points = &self.points;
        let Some(&(first_n, first_ms)) = points.first() else {
            return 1.0;
        };
        if n <= first_n || points.len() == 1 {
            return first_ms;
        }
        let right = points
            .partition_point(|&(m, _)| m < n)
            .min(points.len() - 1);
        let ((n0, t0), (n1, t1)) = (points[right - 1], points[right]);
        let slope = (t1 - t0) / (n1 - n0) as f32;
        (t0 + slope * (n as f32 - n0 as f32)).max(first_ms * 0.5)
    }

    /// Folds one more measurement of `n` rows in, with weight `rate`: the
    /// measured points on both sides of n move, the nearer one more. What
    /// interrupted a pass must not count for its cost, so that one measurement
    /// counts for twice the expected time at most.
    pub fn observe(&mut self, n: usize, ms: f32, rate: f32) {
        if self.points.is_empty() {
            return;
        }
        let expected = self.ms(n);
        let change = (ms.clamp(expected * 0.5, expected * 2.0) - expected) * rate;
        let right = self.points.partition_point(|&(m, _)| m < n);
        let right = right
            .clamp(1, self.points.len().max(2) - 1)
            .min(self.points.len() - 1);
        let left = right.saturating_sub(1);
        let (n0, n1) = (self.points[left].0 as f32, self.points[right].0 as f32);
        let share = if n1 > n0 {
            ((n as f32 - n0) / (n1 - n0)).clamp(0.0, 1.0)
        } else {
            1.0
        };
        self.points[left].1 += change * (1.0 - share);
        self.points[right].1 += change * share;
    }

    /// The number of rows that maximises expected committed tokens per
    /// millisecond, (1 + sum of the n-1 best path probabilities) / t(n).
    /// 1 when drafting does not pay, or so little that an error in the estimates
    /// would make it slower.
    pub fn best_rows(&self, tree: &DraftTree) -> usize {
        self.best_rows_of(tree.nodes.iter().map(|node| node.path_prob))
    }

    /// The same of the path probabilities of nodes in draft order, the root's first.
    pub fn best_rows_of(&self, path_probs: impl Iterator<Item = f32>) -> usize {
        let mut expected = 0.0;
        let mut best = (1, MARGIN / self.ms(1));
        for (i, path_prob) in path_probs.enumerate().skip(1) {
            expected += path_prob;
            let rate = (1.0 + expected) / self.ms(i + 1);
            if rate > best.1 {
                best = (i + 1, rate);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(probs: &[f32]) -> DraftTree {
        let mut tree = DraftTree::root_only(0);
        for (i, &p) in probs.iter().enumerate() {
            tree.push(i, i as u32 + 1, p, Vec::new());
        }
        tree
    }

    #[test]
    fn interpolates_between_points() {
        let cost = CostTable {
            points: vec![(1, 10.0), (3, 14.0), (5, 30.0)],
        };
        assert_eq!(cost.ms(1), 10.0);
        assert_eq!(cost.ms(2), 12.0);
        assert_eq!(cost.ms(4), 22.0);
        assert_eq!(cost.ms(6), 38.0);
    }

    #[test]
    fn a_measurement_moves_the_points_beside_it() {
        let mut cost = CostTable {
            points: vec![(1, 10.0), (3, 14.0), (5, 30.0)],
        };
        cost.observe(2, 16.0, 0.5);
        assert_eq!(cost.points, [(1, 11.0), (3, 15.0), (5, 30.0)]);
        cost.observe(5, 1000.0, 0.5);
        assert_eq!(
            cost.points[2],
            (5, 45.0),
            "an outlier counts for twice at most"
        );
        cost.observe(9, cost.ms(9), 0.5);
        assert_eq!(cost.points[2], (5, 45.0));
        let mut single = CostTable {
            points: vec![(1, 10.0)],
        };
        single.observe(4, 12.0, 0.5);
        assert_eq!(single.points, [(1, 11.0)]);
    }

    #[test]
    fn drafts_only_as_far_as_they_pay() {
        let linear = CostTable {
            points: vec![(1, 10.0), (64, 640.0)],
        };
        assert_eq!(linear.best_rows(&chain(&[0.9, 0.8])), 1);
        let flat = CostTable {
            points: vec![(1, 10.0), (64, 11.0)],
        };
        assert_eq!(flat.best_rows(&chain(&[0.9, 0.8])), 3);
        let knee = CostTable {
            points: vec![(1, 10.0), (2, 11.0), (3, 40.0)],
        };
        assert_eq!(knee.best_rows(&chain(&[0.9, 0.8])), 2);
    }
}
