//! Speed-up over autoregressive decoding: from interleaved pairs of runs of one prompt,
//! so that load on the machine slows both; and estimated from a cost profile, without
//! noise.
//!
//! Has no clock: the caller passes times.

use serde::Serialize;

use super::cost::StepCosts;
use super::stats::Stats;
use super::trace::{Step, Trace};

/// Relative distance of the interval's ends from the median at which a measurement is
/// good enough.
const WITHIN: f64 = 0.03;
/// Percentage of cases in which the interval misses the true value.
const MISSED: f64 = 0.05;

/// The decoding time of a run, without the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Took {
    pub(crate) ms: f64,
    pub(crate) tokens: usize,
}

impl Took {
    pub(crate) fn of(stats: &Stats) -> Self {
        Took {
            ms: stats.ms().unwrap_or_default(),
            tokens: stats.tokens - stats.untimed_tokens,
        }
    }

    pub(crate) fn ms_per_token(self) -> f64 {
        self.ms / self.tokens.max(1) as f64
    }

    pub(crate) fn tokens_per_s(self) -> f64 {
        1000.0 * self.tokens as f64 / self.ms.max(1e-9)
    }

    /// Speed relative to another run, by time per token.
    pub(crate) fn over(self, plain: Took) -> f64 {
        plain.ms_per_token() / self.ms_per_token().max(1e-9)
    }
}

impl std::iter::Sum for Took {
    fn sum<I: Iterator<Item = Took>>(all: I) -> Took {
        all.fold(Took::default(), |sum, took| Took {
            ms: sum.ms + took.ms,
            tokens: sum.tokens + took.tokens,
        })
    }
}

/// `6 pairs`.
pub(crate) fn count_pairs(n: usize) -> String {
    match n {
        1 => "1 pair".to_string(),
        n => format!("{n} pairs"),
    }
}

/// A speed-up measured in pairs: the median of the ratios and its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SpeedUp {
    /// Of the pairs' ratios.
    pub median: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// With fewer than six pairs the interval is the range of the ratios and covers
    /// less than 95%.
    pub pairs: usize,
}

impl SpeedUp {
    /// From the pairs' ratios, each the autoregressive run's milliseconds per token
    /// over the other run's. `None` without pairs.
    ///
    /// The interval covers the true median whatever the ratios' distribution: its ends
    /// are order statistics (the sign test inverted; Conover, Practical Nonparametric
    /// Statistics, section 3.2).
    pub(crate) fn of(ratios: &[f64]) -> Option<Self> {
        let mut sorted = ratios.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let (below, above) = (n.checked_sub(1)? / 2, n / 2);
        let outside = n_outside(n);
        Some(SpeedUp {
            median: (sorted[below] + sorted[above]) / 2.0,
            low: sorted[outside],
            high: sorted[n - 1 - outside],
            pairs: n,
        })
    }

    /// Whether the interval is within 3% of the median.
    pub(crate) fn is_settled(&self) -> bool {
        let within = |end: f64| (end / self.median - 1.0).abs() <= WITHIN;
        within(self.low) && within(self.high)
    }
}

/// How many of n sorted ratios are outside the interval at each end, for a coverage of 95%.
fn n_outside(n: usize) -> usize {
    // P(X <= k) of a binomial with n trials of 1/2.
    let mut below = 0.5f64.powi(n as i32);
    let mut at = below;
    let mut k = 0;
    while 2.0 * below <= MISSED && k < n / 2 {
        k += 1;
        at *= (n - k + 1) as f64 / k as f64;
        below += at;
    }
    k.saturating_sub(1)
}

/// How many pairs to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairing {
    least: usize,
    most: usize,
    /// Milliseconds after which no new pair begins.
    limit_ms: f64,
}

impl Default for Pairing {
    /// At least 6 pairs, then until every interval is within 3%; at most 15, or 60
    /// seconds.
    fn default() -> Self {
        Pairing {
            least: 6,
            most: 15,
            limit_ms: 60_000.0,
        }
    }
}

impl Pairing {
    /// Exactly this many pairs, however long they take.
    pub fn fixed(pairs: usize) -> Self {
        Pairing {
            least: pairs,
            most: pairs,
            limit_ms: f64::INFINITY,
        }
    }

    /// The maximum number of pairs.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Pairs that are made after `n` of them whatever they show, as far as the time allows:
    /// `spent_ms` is spent already, and each takes `pair_ms`.
    pub(crate) fn pairs_after(&self, n: usize, spent_ms: f64, pair_ms: f64) -> usize {
        let wanted = self.least.saturating_sub(n);
        let fit = (self.limit_ms - spent_ms).max(0.0) / pair_ms.max(1e-9);
        wanted.min(fit as usize)
    }

    /// Whether to make another pair after `n` pairs with these speed-ups; `spent_ms`
    /// counts towards the limit, and the next pair is expected to add `next_ms`. The
    /// first pair is always made.
    pub(crate) fn goes_on(
        &self,
        n: usize,
        so_far: &[SpeedUp],
        spent_ms: f64,
        next_ms: f64,
    ) -> bool {
        let has_time = n == 0 || spent_ms + next_ms <= self.limit_ms;
        let is_wanted = n < self.least || !so_far.iter().all(SpeedUp::is_settled);
        n < self.most && has_time && is_wanted
    }
}

/// The speed-up of a run's steps by its own cost profile: the sum over committed tokens
/// of t(1, context there) over the sum over steps of t(rows, context). `None` without a
/// profile or steps.
pub(crate) fn by_profile(trace: &Trace) -> Option<f64> {
    let (plain, drafted) = ms_by_profile(&trace.steps, &trace.header.step_costs())?;
    Some(plain / drafted)
}

/// Milliseconds under these costs of autoregressive steps for the same tokens, and of
/// the steps themselves.
pub(crate) fn ms_by_profile(steps: &[Step], costs: &StepCosts) -> Option<(f64, f64)> {
    let (mut plain, mut drafted) = (0.0, 0.0);
    for step in steps {
        let tokens = 0..step.verdict.n_committed();
        let passes = tokens.map(|i| f64::from(costs.ms(1, step.context_len + i)));
        plain += passes.sum::<f64>();
        drafted += f64::from(costs.ms(step.tree.n_rows(), step.context_len));
    }
    (costs.is_measured() && drafted > 0.0).then_some((plain, drafted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::cost::{CostPoint, CostProfile};
    use crate::speculate::draft::DraftTree;
    use crate::speculate::params::Params;
    use crate::speculate::test_support;
    use crate::speculate::verify::Verdict;

    /// Ratios on a synthetic clock: around `true_ratio`, off by up to `noise` either
    /// way, one in eight far slower.
    fn ratios(true_ratio: f64, noise: f64, seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        std::iter::from_fn(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let share = (state >> 11) as f64 / (1u64 << 53) as f64;
            let disturbed = if state.is_multiple_of(8) { 0.7 } else { 1.0 };
            Some(true_ratio * disturbed * (1.0 + noise * (2.0 * share - 1.0)))
        })
    }

    #[test]
    fn the_ends_are_the_sign_tests() {
        // n: how many are left out at each end (tables of the sign test, 5% two-sided).
        for (n, outside) in [
            (1, 0),
            (5, 0),
            (6, 0),
            (8, 0),
            (9, 1),
            (12, 2),
            (15, 3),
            (20, 5),
        ] {
            assert_eq!(n_outside(n), outside, "of {n}");
        }
        let found = SpeedUp::of(&[2.0, 1.0, 4.0, 3.0]).unwrap();
        assert_eq!((found.low, found.median, found.high), (1.0, 2.5, 4.0));
        assert_eq!(SpeedUp::of(&[]), None);
        assert_eq!(SpeedUp::of(&[1.5]).unwrap().pairs, 1);
    }

    #[test]
    fn the_interval_holds_the_true_ratio() {
        for n in [6, 9, 15] {
            let held = (0..2000).filter(|&seed| {
                // Without the slow ones the noise is even: the median is the ratio.
                let even = ratios(2.0, 0.2, seed).filter(|r| *r >= 1.6).take(n);
                let found = SpeedUp::of(&even.collect::<Vec<_>>()).unwrap();
                found.low <= 2.0 && 2.0 <= found.high
            });
            let held = held.count();
            assert!(held >= 1870, "{held} of 2000 with {n} pairs");
        }
    }

    #[test]
    fn pairs_are_made_until_the_interval_is_narrow() {
        let n_pairs_of = |noise: f64, ms: f64, seed: u64| {
            let (mut made, mut source) = (Vec::new(), ratios(2.4, noise, seed));
            let pairing = Pairing::default();
            loop {
                let so_far: Vec<SpeedUp> = SpeedUp::of(&made).into_iter().collect();
                if !pairing.goes_on(made.len(), &so_far, ms * made.len() as f64, ms) {
                    return made.len();
                }
                // A quiet machine: nothing is disturbed.
                made.push(source.by_ref().find(|r| *r > 1.9).unwrap());
            }
        };
        let n_pairs = |noise: f64, ms: f64| n_pairs_of(noise, ms, 11);
        assert_eq!(n_pairs(0.01, 100.0), 6, "a quiet machine");
        assert_eq!(n_pairs(0.15, 100.0), 15, "a busy one");
        let between = (1..20).any(|seed| (7..15).contains(&n_pairs_of(0.04, 100.0, seed)));
        assert!(between, "one in between");
        assert_eq!(n_pairs(0.01, 13_000.0), 4, "60 seconds hold four");
        assert_eq!(n_pairs(0.01, 90_000.0), 1, "one is always made");
    }

    #[test]
    fn a_fixed_number_is_kept() {
        let pairing = Pairing::fixed(2);
        assert!(pairing.goes_on(1, &[], 1e9, 1e9));
        let wide = SpeedUp::of(&[1.0, 9.0]).unwrap();
        assert!(!pairing.goes_on(2, &[wide], 0.0, 0.0));
    }

    #[test]
    fn the_profile_promises_what_its_times_say() {
        let point = |rows, context, step_ms| CostPoint {
            rows,
            context: Some(context),
            forward_ms: step_ms,
            step_ms,
            spread: 0.0,
        };
        let mut header = test_support::header(Params::default());
        header.cost = CostProfile {
            points: vec![
                point(1, 0, 4.0),
                point(1, 1000, 5.0),
                point(3, 0, 6.0),
                point(3, 1000, 9.0),
            ],
            ..CostProfile::default()
        };
        let mut trace = Trace::new(header);
        assert_eq!(by_profile(&trace), None);
        let mut tree = DraftTree::root_only(1);
        let first = tree.push(0, 2, 0.9, Vec::new());
        tree.push(first, 3, 0.8, Vec::new());
        let verdict = Verdict {
            fates: vec![crate::speculate::verify::Fate::Accepted; 2],
            path: vec![1, 2],
            bonus: Some(4),
            finish: None,
        };
        let mut step = test_support::step(tree, verdict);
        step.context_len = 100;
        trace.push(step);
        // Three tokens at 100, 101 and 102 against one pass of three rows.
        let expected = (4.1 + 4.101 + 4.102) / 6.3;
        assert!((by_profile(&trace).unwrap() - expected).abs() < 1e-4);
    }
}
