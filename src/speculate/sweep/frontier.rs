//! The Pareto frontier of speed-up and text in common with the autoregressive run; more
//! of both is better.

use crate::speculate::speed_up::SpeedUp;

/// A cell's two figures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// The speed-up in every pair.
    pub(crate) speed_ups: Vec<f64>,
    pub(crate) in_common: f64,
}

impl Point {
    /// At least as good in both and better in one. Noise makes nothing better.
    fn beats(&self, other: &Point) -> bool {
        let is_quicker = self.is_quicker(other);
        let is_as_quick = !other.is_quicker(self);
        let keeps_more = self.in_common > other.in_common;
        let keeps_as_much = self.in_common >= other.in_common;
        (is_quicker && keeps_as_much) || (is_as_quick && keeps_more)
    }

    /// Faster, pair by pair against the same reference, so that its noise cancels: the
    /// 95% interval of the ratios is above 1.
    fn is_quicker(&self, other: &Point) -> bool {
        let pairs = self.speed_ups.iter().zip(&other.speed_ups);
        let ratios: Vec<f64> = pairs.map(|(a, b)| a / b.max(1e-9)).collect();
        SpeedUp::of(&ratios).is_some_and(|ratio| ratio.low > 1.0)
    }
}

/// Whether each point is on the frontier: no other dominates it. Missing points are not.
pub(crate) fn frontier(points: &[Option<Point>]) -> Vec<bool> {
    let is_beaten = |point: &Point| points.iter().flatten().any(|other| other.beats(point));
    let is_on = |point: &Option<Point>| point.as_ref().is_some_and(|p| !is_beaten(p));
    points.iter().map(is_on).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(median: f64, off: f64, in_common: f64) -> Option<Point> {
        Some(Point {
            speed_ups: vec![median - off, median, median + off],
            in_common,
        })
    }

    /// The same, disturbed when the other is not.
    fn mirrored(median: f64, off: f64, in_common: f64) -> Option<Point> {
        point(median, -off, in_common)
    }

    #[test]
    fn ties_stay_and_the_beaten_go() {
        let points = [
            point(1.5, 0.0, 1.0),
            point(1.5, 0.0, 1.0),
            point(2.0, 0.0, 0.4),
            point(1.9, 0.0, 0.4),
            None,
        ];
        assert_eq!(frontier(&points), [true, true, true, false, false]);
    }

    #[test]
    fn noise_earns_no_star() {
        // Equally fast within the intervals: the one that keeps more of the text wins.
        let points = [point(1.98, 0.05, 1.0), mirrored(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [true, false]);
        // The same text: neither is better.
        let points = [point(1.98, 0.05, 0.9), mirrored(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [true, true]);
        // Beyond the intervals the faster one is better.
        let points = [point(1.8, 0.05, 0.9), mirrored(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [false, true]);
        let points = [point(1.8, 0.05, 1.0), mirrored(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [true, true]);
        // A slow reference in one pair makes both look faster: that has no effect.
        let points = [point(2.0, 0.9, 0.9), point(2.1, 0.9, 0.9)];
        assert_eq!(frontier(&points), [false, true]);
    }

    proptest! {
        /// Measured again within the intervals' widths, clear stars stay.
        #[test]
        fn a_point_is_on_it_unless_one_beats_it(
            // Few values, so that there are ties.
            points in prop::collection::vec(prop::option::of((0u8..6, 0u8..3, 0u8..6)), 0..20)
        ) {
            let points: Vec<_> = points
                .iter()
                .map(|p| p.and_then(|(x, off, y)| point(1.0 + f64::from(x), f64::from(off) / 4.0, f64::from(y))))
                .collect();
            let on = frontier(&points);
            for (point, &is_on) in points.iter().zip(&on) {
                let Some(point) = point else {
                    prop_assert!(!is_on);
                    continue;
                };
                let beaten = points.iter().flatten().any(|other| other.beats(point));
                prop_assert_eq!(is_on, !beaten);
            }
            // The fastest of those that keep the most is always on it.
            let best = points.iter().flatten().map(|p| p.in_common).fold(f64::MIN, f64::max);
            let top = points.iter().zip(&on).filter(|(p, _)| p.as_ref().is_some_and(|p| p.in_common == best));
            prop_assert!(points.iter().all(Option::is_none) || top.into_iter().any(|(_, &on)| on));
        }
    }
}
