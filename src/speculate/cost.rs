//! What a step costs for its number of rows and the context they attend to, and therefore
//! how many rows pay.
//!
//! [`CostProfile`] holds the measurements and is stored in a trace's header; [`StepCosts`]
//! is the model fitted to them.

mod allocation;
mod inline;
mod pass;
mod point;
mod worth;

use serde::{Deserialize, Serialize};

use super::draft::DraftTree;

pub(crate) use allocation::Offer;
pub(crate) use allocation::allocate;
pub(crate) use inline::inline;
pub(crate) use inline::parse_inline;
pub(crate) use pass::Load;
pub(crate) use pass::PassCosts;
pub use pass::PassPoint;
pub(crate) use point::CostPoint;
pub(crate) use worth::{Prices, Worth};

/// Measured step times t(rows, context). Empty if nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CostProfile {
    /// Ascending by rows, then by context.
    pub points: Vec<CostPoint>,
    /// Date of the measurement, such as `2026-01-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    /// The processor or device it was measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Passes over rows of several sequences; empty if none were measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<PassPoint>,
}

/// The predicted speed-up that drafting must exceed.
const MARGIN: f32 = 1.03;

impl CostProfile {
    /// A table by rows only, which holds for every context.
    pub fn by_rows(points: impl IntoIterator<Item = (usize, f32)>) -> Self {
        let points = points.into_iter();
        CostProfile {
            points: points.map(|(n, ms)| CostPoint::by_rows(n, ms)).collect(),
            ..CostProfile::default()
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The longest context measured, in tokens.
    pub fn longest_context(&self) -> Option<usize> {
        self.points.iter().filter_map(|p| p.context).max()
    }

    /// The largest relative spread of any point.
    pub(crate) fn spread(&self) -> f32 {
        self.points.iter().map(|p| p.spread).fold(0.0, f32::max)
    }

    /// Relative error of the fitted t(rows, context) at each measured point, in order.
    pub(crate) fn residuals(&self) -> Vec<f32> {
        let costs = StepCosts::new(self);
        let at = |p: &CostPoint| costs.ms(p.rows, p.context.unwrap_or(0)) / p.step_ms - 1.0;
        self.points.iter().map(at).collect()
    }
}

/// The cost of a number of rows: milliseconds at context 0, and per token of context.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CostLine {
    rows: usize,
    base_ms: f32,
    ms_per_token: f32,
}

/// t(rows, context) in milliseconds. For every measured number of rows, a line over
/// contexts is fitted by least squares of the relative errors: the intercept is what does
/// not depend on the context (products, head, judging, retrieval), the slope is attention,
/// which grows with what the rows read. Interpolates between two numbers of rows and
/// extrapolates beyond the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepCosts {
    lines: Vec<CostLine>,
}

impl StepCosts {
    /// Milliseconds of whole steps, the costs that automatic budgets use.
    pub fn new(profile: &CostProfile) -> Self {
        Self::of(profile, |point| point.step_ms)
    }

    /// The same for forward passes alone.
    pub(crate) fn of_forward(profile: &CostProfile) -> Self {
        Self::of(profile, |point| point.forward_ms)
    }

    fn of(profile: &CostProfile, ms: impl Fn(&CostPoint) -> f32) -> Self {
        let mut numbers: Vec<usize> = profile.points.iter().map(|p| p.rows).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let line = |rows: usize| {
            let points = profile.points.iter().filter(|p| p.rows == rows);
            let points = points.map(|p| (p.context.unwrap_or(0) as f32, bounded(profile, p, &ms)));
            let (base_ms, ms_per_token) = fitted(&points.collect::<Vec<_>>());
            CostLine {
                rows,
                base_ms,
                ms_per_token,
            }
        };
        StepCosts {
            lines: numbers.into_iter().map(line).collect(),
        }
    }

    /// Whether anything was measured; if not, every draft looks free.
    pub(crate) fn is_measured(&self) -> bool {
        !self.lines.is_empty()
    }

    /// The measured numbers of rows, ascending.
    pub(crate) fn measured_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.lines.iter().map(|line| line.rows)
    }

    /// Milliseconds of a step of `n` rows that attend to `context` tokens. Always 1.0 if
    /// nothing was measured, so that every draft looks free.
    pub fn ms(&self, n: usize, context: usize) -> f32 {
        let at = |line: &CostLine| line.base_ms + line.ms_per_token * context as f32;
        let Some(first) = self.lines.first() else {
            return 1.0;
        };
        if n <= first.rows || self.lines.len() == 1 {
            return at(first);
        }
        let right = self.lines.partition_point(|line| line.rows < n);
        let right = right.min(self.lines.len() - 1);
        let (left, right) = (&self.lines[right - 1], &self.lines[right]);
        let (t0, t1) = (at(left), at(right));
        let slope = (t1 - t0) / (right.rows - left.rows) as f32;
        (t0 + slope * (n as f32 - left.rows as f32)).max(at(first) * 0.5)
    }

    /// The number of rows that maximises expected committed tokens per millisecond, (1 +
    /// sum of the n-1 best path probabilities) / t(n). 1 if drafting does not pay, or pays
    /// so little that an error in the estimates could make it slower.
    pub(crate) fn best_rows(&self, tree: &DraftTree, context: usize) -> usize {
        self.best_rows_of(tree.nodes.iter().map(|node| node.path_prob), context)
    }

    /// The same, given the path probabilities of nodes in draft order, the root's first.
    pub(crate) fn best_rows_of(
        &self,
        path_probs: impl Iterator<Item = f32>,
        context: usize,
    ) -> usize {
        let mut expected = 0.0;
        let mut best = (1, MARGIN / self.ms(1, context));
        for (i, path_prob) in path_probs.enumerate().skip(1) {
            expected += path_prob;
            let rate = (1.0 + expected) / self.ms(i + 1, context);
            if rate > best.1 {
                best = (i + 1, rate);
            }
        }
        best.0
    }

    /// A machine on which any number of rows costs what one row costs here.
    pub(crate) fn flat(&self) -> Self {
        StepCosts {
            lines: self.lines.first().copied().into_iter().collect(),
        }
    }

    /// A machine on which every additional row costs twice what it costs here.
    pub(crate) fn steep(&self) -> Self {
        let Some(first) = self.lines.first().copied() else {
            return StepCosts::default();
        };
        let doubled = |line: &CostLine| CostLine {
            rows: line.rows,
            base_ms: 2.0 * line.base_ms - first.base_ms,
            ms_per_token: 2.0 * line.ms_per_token - first.ms_per_token,
        };
        StepCosts {
            lines: self.lines.iter().map(doubled).collect(),
        }
    }
}

/// A point's time, or that of a point with more rows in the same context if that was less:
/// noise only makes measurements longer, and more rows are never faster. A table by rows
/// only is used unchanged.
fn bounded(profile: &CostProfile, point: &CostPoint, ms: impl Fn(&CostPoint) -> f32) -> f32 {
    if point.context.is_none() {
        return ms(point);
    }
    let further = profile.points.iter();
    let further = further.filter(|p| p.context == point.context && p.rows >= point.rows);
    further.map(ms).fold(f32::INFINITY, f32::min)
}

/// Intercept and slope, neither below 0, of a line through points (x, y) whose errors count
/// relative to y.
fn fitted(points: &[(f32, f32)]) -> (f32, f32) {
    let sums = points.iter().fold([0.0f64; 5], |sums, &(x, y)| {
        let (x, y) = (f64::from(x), f64::from(y).max(1e-9));
        let w = 1.0 / (y * y);
        let terms = [w, w * x, w * y, w * x * x, w * x * y];
        std::array::from_fn(|i| sums[i] + terms[i])
    });
    let [w, wx, wy, wxx, wxy] = sums;
    if w == 0.0 {
        return (0.0, 0.0);
    }
    let spread = w * wxx - wx * wx;
    let slope = match spread > 1e-9 * w * wxx {
        true => ((w * wxy - wx * wy) / spread).max(0.0),
        false => 0.0,
    };
    let base = (wy - slope * wx) / w;
    if base < 0.0 {
        // Through the origin.
        return (0.0, (wxy / wxx.max(1e-12)) as f32);
    }
    (base as f32, slope as f32)
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

    fn table(points: &[(usize, f32)]) -> StepCosts {
        StepCosts::new(&CostProfile::by_rows(points.iter().copied()))
    }

    fn measured(rows: usize, context: usize, ms: f32) -> CostPoint {
        CostPoint {
            rows,
            context: Some(context),
            forward_ms: ms * 0.9,
            step_ms: ms,
            spread: 0.02,
        }
    }

    #[test]
    fn interpolates_between_numbers_of_rows() {
        let cost = table(&[(1, 10.0), (3, 14.0), (5, 30.0)]);
        for context in [0, 700] {
            let at = [1, 2, 4, 6].map(|n| cost.ms(n, context));
            assert_eq!(at, [10.0, 12.0, 22.0, 38.0]);
        }
        assert_eq!(StepCosts::default().ms(9, 100), 1.0);
    }

    #[test]
    fn a_row_costs_more_the_more_it_reads() {
        let profile = CostProfile {
            points: vec![
                measured(1, 100, 3.0),
                measured(1, 1100, 4.0),
                measured(9, 100, 8.0),
                measured(9, 1100, 17.0),
            ],
            ..CostProfile::default()
        };
        let cost = StepCosts::new(&profile);
        let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-4, "{a} {b}");
        near(cost.ms(1, 100), 3.0);
        near(cost.ms(1, 600), 3.5);
        near(cost.ms(9, 2100), 26.0);
        near(cost.ms(5, 600), (3.5 + 12.5) / 2.0);
        near(StepCosts::of_forward(&profile).ms(1, 600), 3.15);
        assert!(profile.residuals().iter().all(|r| r.abs() < 1e-5));
        assert_eq!(profile.longest_context(), Some(1100));
        // The budget depends on the context.
        let probs = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
        let (near, far) = (
            cost.best_rows(&chain(&probs), 100),
            cost.best_rows(&chain(&probs), 8000),
        );
        assert!(far < near, "{near} {far}");
    }

    #[test]
    fn a_fitted_line_is_never_negative() {
        let shrinking = [(100.0, 5.0), (1000.0, 3.0)];
        let (base, slope) = fitted(&shrinking);
        assert!(base > 0.0 && slope == 0.0, "{base} {slope}");
        let steep = [(100.0, 1.0), (200.0, 4.0)];
        let (base, slope) = fitted(&steep);
        assert!(base == 0.0 && slope > 0.0, "{base} {slope}");
        assert_eq!(fitted(&[(700.0, 4.0)]), (4.0, 0.0));
    }

    #[test]
    fn more_rows_are_never_quicker() {
        let times = [(1, 3.0), (2, 5.9), (3, 5.2), (4, 5.5)];
        let profile = CostProfile {
            points: times.map(|(n, ms)| measured(n, 128, ms)).to_vec(),
            ..CostProfile::default()
        };
        let cost = StepCosts::new(&profile);
        assert_eq!([1, 2, 3, 4].map(|n| cost.ms(n, 128)), [3.0, 5.2, 5.2, 5.5]);
        let given = table(&times);
        assert_eq!(given.ms(2, 128), 5.9, "a table is taken as it is");
    }

    #[test]
    fn drafts_only_as_far_as_they_pay() {
        let linear = table(&[(1, 10.0), (64, 640.0)]);
        assert_eq!(linear.best_rows(&chain(&[0.9, 0.8]), 9), 1);
        let flat = table(&[(1, 10.0), (64, 11.0)]);
        assert_eq!(flat.best_rows(&chain(&[0.9, 0.8]), 9), 3);
        let knee = table(&[(1, 10.0), (2, 11.0), (3, 40.0)]);
        assert_eq!(knee.best_rows(&chain(&[0.9, 0.8]), 9), 2);
    }

    #[test]
    fn other_machines_are_made_of_this_one() {
        let cost = table(&[(1, 10.0), (5, 20.0)]);
        assert_eq!(cost.flat().ms(64, 0), 10.0);
        assert_eq!(cost.steep().ms(5, 0), 30.0);
        assert!(!StepCosts::default().flat().is_measured());
    }
}
