//! Which scale the ratings of a file are on, found from all of them.

use std::collections::HashMap;

use super::super::scale::Scale;

/// Ratings from 0 to 100 in halves are counted one by one.
const N_HALVES: usize = 201;
/// Maximum number of other values counted one by one; the rest are only totalled.
const N_OTHERS_MAX: usize = 1 << 12;
/// Per this many ratings, one may be outside the scale of the others.
const N_FOR_ONE_OUTLIER: u64 = 1000;

/// Down, nothing, up.
const THUMBS: Scale = Scale::Range {
    min: -1.0,
    max: 1.0,
};

/// What the column's name says about the ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No column: interactions.
    None,
    /// Plays, weights.
    Counts,
    #[default]
    Ratings,
}

impl Kind {
    /// By the name of the column.
    pub(crate) fn of_column(name: &str) -> Self {
        const COUNTED: [&str; 8] = [
            "count", "play", "weight", "listen", "view", "click", "freq", "times",
        ];
        let name = name.to_lowercase();
        match COUNTED.iter().any(|part| name.contains(part)) && !name.contains("review") {
            true => Kind::Counts,
            false => Kind::Ratings,
        }
    }
}

/// How often a value occurred, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) n: u64,
    /// Number of the file in the order of reading, and the line.
    pub(crate) first: (u32, u64),
}

/// Every rating's value.
#[derive(Debug)]
pub(crate) struct Values {
    halves: Vec<Seen>,
    others: HashMap<u32, Seen>,
    /// Distinct values that were not counted individually.
    uncounted: Seen,
    max: f32,
}

impl Default for Values {
    fn default() -> Self {
        Values {
            halves: vec![Seen::default(); N_HALVES],
            others: HashMap::new(),
            uncounted: Seen::default(),
            max: f32::MIN,
        }
    }
}

/// A scale, and whether it was assumed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundScale {
    pub(crate) scale: Scale,
    /// The assumption made, in a sentence.
    pub(crate) assumed: Option<String>,
}

impl Values {
    pub(crate) fn add(&mut self, rating: f32, at: (u32, u64)) {
        self.max = self.max.max(rating);
        let half = rating * 2.0;
        let is_half = half.fract() == 0.0 && (0.0..N_HALVES as f32).contains(&half);
        let seen = match is_half {
            true => &mut self.halves[half as usize],
            false if self.others.len() < N_OTHERS_MAX => {
                self.others.entry(rating.to_bits()).or_default()
            }
            false => match self.others.get_mut(&rating.to_bits()) {
                Some(seen) => seen,
                None => &mut self.uncounted,
            },
        };
        if seen.n == 0 {
            seen.first = at;
        }
        seen.n += 1;
    }

    /// Every value counted individually, in order.
    pub(crate) fn each(&self) -> Vec<(f32, Seen)> {
        let halves = self.halves.iter().enumerate();
        let halves = halves.map(|(n, seen)| (n as f32 / 2.0, *seen));
        let others = self.others.iter();
        let others = others.map(|(bits, seen)| (f32::from_bits(*bits), *seen));
        let mut all: Vec<(f32, Seen)> = halves.chain(others).filter(|(_, s)| s.n > 0).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all
    }

    /// The scale of the values.
    pub(crate) fn scale(&self, kind: Kind) -> FoundScale {
        let sure = |scale| FoundScale {
            scale,
            assumed: None,
        };
        let all = self.each();
        let count = |fits: &dyn Fn(f32) -> bool| -> u64 {
            let fitting = all.iter().filter(|(value, _)| fits(*value));
            fitting.map(|(_, seen)| seen.n).sum()
        };
        let n_total = count(&|_| true) + self.uncounted.n;
        match kind {
            Kind::None => return sure(Scale::Implicit),
            Kind::Counts => return sure(Scale::Counts),
            Kind::Ratings if n_total == 0 => return sure(Scale::FIVE_STARS),
            Kind::Ratings => {}
        }
        if count(&|v| v == -1.0) > 0 && count(&|v| v.abs() <= 1.0 && v.fract() == 0.0) == n_total {
            return sure(THUMBS);
        }
        let fits = |max: f32| {
            let n_above = count(&|v| v > max) + self.uncounted.n;
            n_above * N_FOR_ONE_OUTLIER <= n_total
        };
        if !fits(100.0) {
            return sure(Scale::Counts);
        }
        if self.is_like_counts(n_total) {
            return counts_up_to(self.max);
        }
        let smallest = [1.0, 5.0, 10.0].into_iter().find(|&max| fits(max));
        let max = smallest.unwrap_or(100.0);
        let inside = all.iter().map(|(value, _)| *value);
        let inside: Vec<f32> = inside.filter(|v| (0.0..=max).contains(v)).collect();
        range(max, &inside)
    }

    /// Many small values and ever fewer large ones, or fractions on no scale.
    fn is_like_counts(&self, n_total: u64) -> bool {
        let n = |value: usize| self.halves[2 * value].n;
        let falls = n(1) > n(2) && n(2) > n(3) && 5 * n(1) >= 2 * n_total;
        let n_halves: u64 = self.halves.iter().map(|seen| seen.n).sum();
        let n_above_five: u64 = self.halves[11..].iter().map(|seen| seen.n).sum();
        let n_above_five = n_above_five + n_total - n_halves;
        (falls && n_above_five * N_FOR_ONE_OUTLIER > n_total && self.max > 10.0)
            || (self.max > 10.0 && 2 * n_halves < n_total)
    }
}

fn counts_up_to(max: f32) -> FoundScale {
    FoundScale {
        scale: Scale::Counts,
        assumed: Some(format!(
            "values up to {max}, small ones most frequent, are read as counts"
        )),
    }
}

/// A range up to `max`, with the lowest value found.
fn range(max: f32, inside: &[f32]) -> FoundScale {
    let lowest = inside.first().copied().unwrap_or(1.0);
    let highest = inside.last().copied().unwrap_or(max);
    let min = match lowest {
        _ if max == 1.0 => 0.0,
        lowest if lowest >= 1.0 => 1.0,
        lowest if lowest >= 0.5 => 0.5,
        _ => 0.0,
    };
    let scale = Scale::Range { min, max };
    let assumed = if max == 1.0 && lowest == 1.0 {
        Some("every rating is 1, which is read as a like".to_owned())
    } else if max > 1.0 && highest <= max * 0.6 {
        Some(format!("no rating is above {highest}; {scale} is assumed"))
    } else {
        None
    };
    FoundScale { scale, assumed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[(f32, u64)], kind: Kind) -> (String, bool) {
        let mut all = Values::default();
        for &(value, n) in values {
            for line in 0..n {
                all.add(value, (0, line));
            }
        }
        let found = all.scale(kind);
        (found.scale.to_string(), found.assumed.is_some())
    }

    #[test]
    fn the_scale_is_found_from_the_values() {
        for (values, scale, assumed) in [
            (&[(1.0, 3), (5.0, 9)][..], "1-5", false),
            (&[(0.5, 3), (4.5, 9)], "0.5-5", false),
            (&[(0.0, 3), (5.0, 9)], "0-5", false),
            (&[(1.0, 3), (3.0, 9)], "1-5", true),
            (&[(-1.0, 1), (2.0, 1), (10.0, 1)], "1-10", false),
            (&[(4.0, 3), (9.0, 1)], "1-10", false),
            (&[(0.0, 4), (55.0, 1), (95.0, 3)], "0-100", false),
            (&[(20.0, 1), (30.0, 3)], "1-100", true),
            (&[(0.0, 4), (1.0, 1)], "0-1", false),
            (&[(1.0, 9)], "0-1", true),
            (&[(0.25, 9), (0.75, 2)], "0-1", false),
            (&[(-1.0, 4), (1.0, 1)], "-1/+1", false),
            (&[(-1.0, 4), (0.0, 1), (1.0, 1)], "-1/+1", false),
            (&[(5983.0, 1), (13883.0, 1)], "counts", false),
            (&[(1.0, 60), (2.0, 20), (3.0, 9), (40.0, 2)], "counts", true),
            (&[(11.37, 4), (2.89, 9), (40.01, 2)], "counts", true),
            // One typo among thousands does not make a scale of a hundred.
            (
                &[(1.0, 500), (4.0, 900), (5.0, 900), (55.0, 1)],
                "1-5",
                false,
            ),
            (&[], "1-5", false),
        ] {
            assert_eq!(
                found(values, Kind::Ratings),
                (scale.to_owned(), assumed),
                "{values:?}"
            );
        }
        assert_eq!(found(&[(3.0, 1)], Kind::Counts).0, "counts");
        assert_eq!(found(&[(1.0, 1)], Kind::None).0, "none");
    }

    #[test]
    fn many_distinct_values_are_counted_together() {
        let mut all = Values::default();
        for n in 0..20_000u32 {
            all.add(n as f32 / 7.0, (0, u64::from(n)));
        }
        assert!(all.others.len() <= N_OTHERS_MAX);
        assert_eq!(all.scale(Kind::Ratings).scale, Scale::Counts);
        let n_each: u64 = all.each().iter().map(|(_, seen)| seen.n).sum();
        assert_eq!(n_each + all.uncounted.n, 20_000);
    }
}
