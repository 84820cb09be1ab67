//! What nothing else beats: the Pareto frontier of speed-up and of what a text has in
//! common with the autoregressive one, of which more is better.

use crate::speculate::speed_up::SpeedUp;

/// A cell's two figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub speed_up: SpeedUp,
    pub in_common: f64,
}

impl Point {
    /// At least as good in both and better in one. Speeds differ only beyond their
    /// intervals: noise makes nothing better.
    fn beats(&self, other: &Point) -> bool {
        let is_quicker = self.speed_up.beats(&other.speed_up);
        let is_as_quick = !other.speed_up.beats(&self.speed_up);
        let keeps_more = self.in_common > other.in_common;
        let keeps_as_much = self.in_common >= other.in_common;
        (is_quicker && keeps_as_much) || (is_as_quick && keeps_more)
    }
}

/// Whether each point is on the frontier: no other beats it. A point that is not
/// there is not on it.
pub fn frontier(points: &[Option<Point>]) -> Vec<bool> {
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
            speed_up: SpeedUp {
                median,
                low: median - off,
                high: median + off,
                pairs: 6,
            },
            in_common,
        })
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
        // As quick within the intervals: what keeps more of the text wins.
        let points = [point(1.98, 0.05, 1.0), point(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [true, false]);
        // The same text: neither is better.
        let points = [point(1.98, 0.05, 0.9), point(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [true, true]);
        // Beyond the intervals the quicker one is.
        let points = [point(1.8, 0.05, 0.9), point(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [false, true]);
        let points = [point(1.8, 0.05, 1.0), point(2.0, 0.05, 0.9)];
        assert_eq!(frontier(&points), [true, true]);
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
                .map(|p| p.and_then(|(x, off, y)| point(f64::from(x), f64::from(off) / 2.0, f64::from(y))))
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
            // The one that keeps the most, and the quickest of those, is always there.
            let best = points.iter().flatten().map(|p| p.in_common).fold(f64::MIN, f64::max);
            let top = points.iter().zip(&on).filter(|(p, _)| p.is_some_and(|p| p.in_common == best));
            prop_assert!(points.iter().all(Option::is_none) || top.into_iter().any(|(_, &on)| on));
        }
    }
}
