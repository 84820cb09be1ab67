//! Where a batch's tokens per second come from: how much faster than one subject without
//! drafts, split into what the batch brings, what the drafts bring, and how this machine
//! kept to its profile. The three factors multiply to the whole.

use super::course::BatchCourse;
use super::profiled::ProfiledPass;

/// The throughput of some passes, and its factors. All but `tokens_per_s` are estimated by
/// the profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Throughput {
    /// Passes with steps that it is of.
    pub(crate) n_passes: usize,
    /// Measured, of decoding alone.
    pub(crate) tokens_per_s: f64,
    /// Mean subjects and rows in a pass.
    pub(crate) subjects: f64,
    pub(crate) rows: f64,
    /// Tokens per step.
    pub(crate) mal: f64,
    /// `None`: the profile is empty.
    pub(crate) factors: Option<Factors>,
}

/// Where the speed comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Factors {
    /// Tokens per second of one subject without drafts.
    pub(crate) alone: f64,
    /// Many subjects in a pass without drafts, against one by one.
    pub(crate) batching: f64,
    /// With drafts, against the same subjects in a pass without.
    pub(crate) drafts: f64,
    /// The passes as profiled, against as measured.
    pub(crate) machine: f64,
}

impl Factors {
    /// Against one subject without drafts.
    pub(crate) fn whole(&self) -> f64 {
        self.batching * self.drafts * self.machine
    }
}

impl BatchCourse {
    /// The throughput of the last `most` passes with steps, up to a pass. `None`: there are
    /// none.
    pub(crate) fn throughput(&self, pass: usize, most: usize) -> Option<Throughput> {
        let upto = self.times.get(..=pass)?.iter().rev();
        let with_steps: Vec<&ProfiledPass> = upto.filter(|t| t.n_roots > 0).take(most).collect();
        let sum = |of: fn(&ProfiledPass) -> f64| with_steps.iter().map(|t| of(t)).sum::<f64>();
        let n_passes = with_steps.len();
        let tokens = sum(|t| t.n_tokens as f64);
        if n_passes == 0 || tokens == 0.0 {
            return None;
        }
        let roots = sum(|t| t.n_roots as f64);
        let [measured, drafted, plain, alone] = [
            sum(|t| t.measured_ms) / tokens,
            sum(|t| t.drafted_ms) / tokens,
            sum(|t| t.plain_ms) / roots,
            sum(|t| t.alone_ms) / roots,
        ];
        let factors = self.costs().is_measured().then(|| Factors {
            alone: 1000.0 / alone,
            batching: alone / plain,
            drafts: plain / drafted,
            machine: drafted / measured,
        });
        Some(Throughput {
            n_passes,
            tokens_per_s: 1000.0 / measured,
            subjects: roots / n_passes as f64,
            rows: sum(|t| t.n_rows as f64) / n_passes as f64,
            mal: tokens / roots,
            factors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{header, lasting, pass, prompt, step};
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-3 * b.abs(), "{a} {b}");
    }

    /// In the profile of the tests a pass of n rows takes 2 + n ms, whatever they read.
    #[test]
    fn the_factors_are_those_of_the_profile_and_multiply_to_the_whole() {
        let lanes = |step_of| {
            let of_lane = |(lane, name)| step(lane, name, step_of, 3, 2, false);
            [(0, "item/a"), (1, "item/b")].map(of_lane).to_vec()
        };
        let course = BatchCourse::of(
            header(2),
            [
                pass(vec![prompt(0, "item/a", 5), prompt(1, "item/b", 5)]),
                lasting(16.0, lanes(0)),
                lasting(16.0, lanes(1)),
            ],
        );
        assert_eq!(course.throughput(0, 32), None);
        let found = course.throughput(2, 32).expect("steps");
        assert_eq!((found.n_passes, found.mal), (2, 2.0));
        near(found.tokens_per_s, 250.0);
        near(found.rows, 6.0);
        let factors = found.factors.expect("a profile");
        near(factors.alone, 1000.0 / 3.0);
        near(factors.batching, 3.0 / 2.0);
        near(factors.drafts, 2.0 * 4.0 / 8.0);
        near(factors.machine, 8.0 / 16.0);
        near(factors.alone * factors.whole(), found.tokens_per_s);
    }

    #[test]
    fn rows_of_prompts_take_their_share_of_the_time_away() {
        let course = BatchCourse::of(
            header(2),
            [
                pass(vec![prompt(0, "item/a", 5)]),
                lasting(
                    40.0,
                    vec![step(0, "item/a", 0, 1, 1, false), prompt(1, "item/b", 9)],
                ),
            ],
        );
        let found = course.throughput(1, 32).expect("a step");
        near(found.tokens_per_s, 250.0);
        near(found.factors.expect("a profile").batching, 1.0);
    }

    #[test]
    fn one_subject_without_drafts_is_its_own_measure() {
        let passes = (0..4).map(|i| lasting(3.0, vec![step(0, "item/a", i, 1, 1, false)]));
        let course = BatchCourse::of(header(1), passes);
        let factors = course.throughput(3, 2).expect("steps").factors;
        let factors = factors.expect("a profile");
        for factor in [factors.batching, factors.drafts, factors.machine] {
            near(factor, 1.0);
        }
    }

    #[test]
    fn without_a_profile_nothing_is_split() {
        let mut header = header(1);
        header.cost = Default::default();
        let passes = [lasting(5.0, vec![step(0, "item/a", 0, 1, 1, false)])];
        let found = BatchCourse::of(header, passes).throughput(0, 8);
        let found = found.expect("a step");
        assert_eq!(found.factors, None);
        near(found.tokens_per_s, 200.0);
    }
}
