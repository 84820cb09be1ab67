//! What attention costs by what it reads, fitted to measured passes that differ in nothing
//! but their context.

use super::{Load, PassPoint};
use crate::speculate::cost::StepCosts;

/// Milliseconds per token read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ReadCosts {
    /// From memory, once per pass.
    once: f32,
    /// By each row that attends to it.
    per_row: f32,
}

/// Two passes that differ in their context alone.
struct ContextPair<'a> {
    near: &'a PassPoint,
    far: &'a PassPoint,
    /// Tokens that the far one's rows read more.
    tokens: usize,
}

/// What a further token of the context costs a pass.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slope {
    /// How often it is read from memory.
    once: f32,
    /// How many rows read it.
    rows: f32,
    ms: f32,
    /// How much it counts: errors are in proportion to the time of the pass.
    weight: f32,
}

impl ContextPair<'_> {
    /// `sequences`: how many have further tokens of their own.
    fn slope_of(&self, sequences: usize) -> Slope {
        let ms = (self.far.pass_ms - self.near.pass_ms) / self.tokens as f32;
        Slope {
            once: sequences as f32,
            rows: self.near.rows as f32,
            ms: ms.max(0.0),
            weight: 1.0 / self.far.pass_ms,
        }
    }
}

impl ReadCosts {
    /// Milliseconds of attention.
    pub(crate) fn ms(&self, load: Load) -> f32 {
        self.once * load.tokens() + self.per_row * load.reads
    }

    pub(crate) fn of_passes(points: &[PassPoint]) -> Self {
        let own = pairs(points, |p| p.shared, |p| p.own);
        let own = own.iter().map(|pair| pair.slope_of(pair.near.sequences));
        let shared = pairs(points, |p| p.own, |p| p.shared);
        let shared = shared.iter().map(|pair| pair.slope_of(1));
        fitted(&own.chain(shared).collect::<Vec<_>>())
    }

    /// Costs of steps of one sequence.
    pub(crate) fn of_steps(forward: &StepCosts) -> Self {
        let (Some(first), Some(last)) = (forward.lines.first(), forward.lines.last()) else {
            return ReadCosts::default();
        };
        let of_one = first.ms_per_token;
        let per_row = match last.rows > first.rows {
            true => (last.ms_per_token - of_one) / (last.rows - first.rows) as f32,
            false => of_one,
        };
        let per_row = per_row.clamp(0.0, of_one);
        ReadCosts {
            once: of_one - per_row,
            per_row,
        }
    }
}

/// All pairs of points that differ in `other` alone, the shorter context first.
fn pairs(
    points: &[PassPoint],
    same: impl Fn(&PassPoint) -> usize,
    other: impl Fn(&PassPoint) -> usize,
) -> Vec<ContextPair<'_>> {
    let alike = |a: &PassPoint, b: &PassPoint| {
        (a.sequences, a.rows, same(a)) == (b.sequences, b.rows, same(b))
    };
    let mut found = Vec::new();
    for near in points {
        let further = points.iter();
        let further = further.filter(|far| alike(near, far) && other(far) > other(near));
        found.extend(further.map(|far| ContextPair {
            near,
            far,
            tokens: other(far) - other(near),
        }));
    }
    found
}

/// Splits slopes into what is read once and what every row reads, by weighted least squares;
/// neither is negative. All of it is the rows' if the passes cannot tell them apart.
fn fitted(slopes: &[Slope]) -> ReadCosts {
    let sum = |of: &dyn Fn(&Slope) -> f32| -> f64 {
        let each = slopes.iter();
        each.map(|s| f64::from(of(s) * s.weight * s.weight)).sum()
    };
    let once_once = sum(&|s| s.once * s.once);
    let once_rows = sum(&|s| s.once * s.rows);
    let rows_rows = sum(&|s| s.rows * s.rows);
    let (once_ms, rows_ms) = (sum(&|s| s.once * s.ms), sum(&|s| s.rows * s.ms));
    let determinant = once_once * rows_rows - once_rows * once_rows;
    let over = |ms: f64, by: f64| if by > 0.0 { (ms / by) as f32 } else { 0.0 };
    let rows_alone = ReadCosts {
        once: 0.0,
        per_row: over(rows_ms, rows_rows),
    };
    if determinant <= 1e-6 * once_once * rows_rows {
        return rows_alone;
    }
    let once = over(once_ms * rows_rows - rows_ms * once_rows, determinant);
    let per_row = over(rows_ms * once_once - once_ms * once_rows, determinant);
    match (once >= 0.0, per_row >= 0.0) {
        (true, true) => ReadCosts { once, per_row },
        (true, false) => ReadCosts {
            once: over(once_ms, once_once),
            per_row: 0.0,
        },
        _ => rows_alone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(sequences: usize, rows: usize, own: usize, shared: usize) -> PassPoint {
        let load = Load::of(sequences, rows / sequences, own, shared);
        let reads = ReadCosts {
            once: 0.0006,
            per_row: 0.0002,
        };
        PassPoint {
            sequences,
            rows,
            own,
            shared,
            pass_ms: 2.0 + 0.5 * rows as f32 + reads.ms(load),
            spread: 0.0,
        }
    }

    fn near(a: f32, b: f32) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }

    #[test]
    fn reading_once_and_reading_per_row_are_told_apart() {
        for shapes in [&[(4, 4), (8, 8), (8, 32)][..], &[(4, 4), (8, 8)]] {
            let points = shapes.iter().flat_map(|&(n, rows)| {
                [(128, 0), (640, 0), (128, 512)].map(|(own, shared)| point(n, rows, own, shared))
            });
            let costs = ReadCosts::of_passes(&points.collect::<Vec<_>>());
            near(costs.once, 0.0006);
            near(costs.per_row, 0.0002);
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_charged_to_the_rows() {
        let own = [(4, 4, 128), (4, 4, 640), (8, 8, 128), (8, 8, 640)];
        let points = own.map(|(n, rows, own)| point(n, rows, own, 0));
        let costs = ReadCosts::of_passes(&points);
        near(costs.once, 0.0);
        near(costs.per_row, 0.0008);
        assert_eq!(ReadCosts::of_passes(&[]), ReadCosts::default());
    }

    #[test]
    fn neither_part_is_negative() {
        let slope = |once: f32, rows: f32, ms: f32| Slope {
            once,
            rows,
            ms,
            weight: 1.0,
        };
        let falling = fitted(&[slope(8.0, 8.0, 1.0), slope(8.0, 32.0, 0.5)]);
        assert!(falling.once > 0.0 && falling.per_row == 0.0);
        let steep = fitted(&[slope(8.0, 8.0, 0.1), slope(8.0, 32.0, 2.0)]);
        assert!(steep.once == 0.0 && steep.per_row > 0.0);
    }
}
