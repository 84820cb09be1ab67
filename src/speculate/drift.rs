//! Whether a machine still fits the cost profile of its budgets: measured against
//! profiled step times.

use std::collections::VecDeque;

use super::cost::StepCosts;
use super::trace::Step;

/// Number of steps in the median.
const WINDOW: usize = 20;
/// Measured over profiled time that still counts as a fit.
const FITS: std::ops::RangeInclusive<f64> = 0.8..=1.25;

/// The last steps of a run, or of several runs under one profile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drift {
    ratios: VecDeque<f64>,
}

impl Drift {
    pub(crate) fn push(&mut self, step: &Step, costs: &StepCosts) {
        let Some(timing) = step.timing.filter(|_| costs.is_measured()) else {
            return;
        };
        let profiled = f64::from(costs.ms(step.tree.n_rows(), step.context_len));
        self.ratios.push_back(timing.total() / profiled);
        if self.ratios.len() > WINDOW {
            self.ratios.pop_front();
        }
    }

    /// Median of measured over profiled time; `None` before there are enough steps.
    pub(crate) fn ratio(&self) -> Option<f64> {
        if self.ratios.len() < WINDOW {
            return None;
        }
        let mut sorted: Vec<f64> = self.ratios.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Some((sorted[WINDOW / 2 - 1] + sorted[WINDOW / 2]) / 2.0)
    }

    /// The ratio, where the machine no longer fits the profile.
    pub(crate) fn beyond(&self) -> Option<f64> {
        self.ratio().filter(|&ratio| !fits(ratio))
    }
}

/// Whether measured over profiled time still counts as a fit.
pub(crate) fn fits(ratio: f64) -> bool {
    FITS.contains(&ratio)
}

/// Describes a machine that no longer fits.
pub(crate) fn describe(ratio: f64) -> String {
    if ratio > 1.0 {
        format!("Steps take {ratio:.2}x the time in the cost profile")
    } else {
        format!("Steps take only {ratio:.2}x the time in the cost profile")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::cost::CostProfile;
    use crate::speculate::draft::DraftTree;
    use crate::speculate::test_support;
    use crate::speculate::trace::Timing;
    use crate::speculate::verify::Verdict;

    /// Steps on a synthetic clock.
    fn drift(times: impl IntoIterator<Item = f64>) -> Drift {
        let costs = StepCosts::new(&CostProfile::by_rows([(1, 10.0)]));
        let mut drift = Drift::default();
        for forward in times {
            let verdict = Verdict {
                fates: Vec::new(),
                path: Vec::new(),
                bonus: Some(1),
                finish: None,
            };
            let mut step = test_support::step(DraftTree::root_only(0), verdict);
            step.timing = Some(Timing {
                forward,
                ..Timing::default()
            });
            drift.push(&step, &costs);
        }
        drift
    }

    #[test]
    fn only_a_lasting_difference_counts() {
        assert_eq!(drift([20.0; 19]).ratio(), None);
        assert_eq!(drift([20.0; 20]).beyond(), Some(2.0));
        assert_eq!(drift([7.9; 30]).beyond(), Some(0.79));
        assert_eq!(drift([12.4; 20]).beyond(), None);
        let some_late = (0..20).map(|i| if i < 9 { 90.0 } else { 10.0 });
        assert_eq!(drift(some_late).beyond(), None);
        // Old steps are forgotten.
        assert_eq!(drift([[30.0; 20], [10.0; 20]].concat()).beyond(), None);
    }

    #[test]
    fn without_a_profile_there_is_nothing_to_fit() {
        let mut drift = drift([20.0; 19]);
        let step = test_support::step(
            DraftTree::root_only(0),
            Verdict {
                fates: Vec::new(),
                path: Vec::new(),
                bonus: None,
                finish: None,
            },
        );
        drift.push(&step, &StepCosts::default());
        assert_eq!(drift.ratio(), None);
    }
}
