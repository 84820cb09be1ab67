//! What nothing else beats: the Pareto frontier of two figures of which more is
//! better.

/// Whether each point is on the frontier: no other is at least as good in both
/// and better in one. A point that is not there is not on it.
pub fn frontier(points: &[Option<(f64, f64)>]) -> Vec<bool> {
    let is_beaten = |&(x, y): &(f64, f64)| {
        let others = points.iter().flatten();
        let mut better = others.filter(|&&(a, b)| a >= x && b >= y && (a > x || b > y));
        better.next().is_some()
    };
    let is_on = |point: &Option<(f64, f64)>| point.as_ref().is_some_and(|p| !is_beaten(p));
    points.iter().map(is_on).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_stay_and_the_beaten_go() {
        let points = [
            Some((1.5, 1.0)),
            Some((1.5, 1.0)),
            Some((2.0, 0.4)),
            Some((1.9, 0.4)),
            None,
        ];
        assert_eq!(frontier(&points), [true, true, true, false, false]);
    }

    proptest! {
        #[test]
        fn a_point_is_on_it_or_beaten_by_one_that_is(
            // Few values, so that there are ties.
            points in prop::collection::vec(prop::option::of((0u8..6, 0u8..6)), 0..20)
        ) {
            let points: Vec<_> = points
                .iter()
                .map(|p| p.map(|(x, y)| (f64::from(x), f64::from(y))))
                .collect();
            let on = frontier(&points);
            let beats = |a: (f64, f64), b: (f64, f64)| a.0 >= b.0 && a.1 >= b.1 && a != b;
            for (point, &is_on) in points.iter().zip(&on) {
                let Some(point) = *point else {
                    prop_assert!(!is_on);
                    continue;
                };
                let by = |only_frontier: bool| {
                    let candidates = points.iter().zip(&on).filter(|&(_, &o)| o || !only_frontier);
                    candidates.filter_map(|(p, _)| *p).any(|p| beats(p, point))
                };
                prop_assert_eq!(is_on, !by(false));
                prop_assert!(is_on || by(true));
            }
        }
    }
}
