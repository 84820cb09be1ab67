//! Learns how far the estimates are from what the current rule accepts, and corrects
//! later ones. Knows trees and verdicts, but not sources.
//!
//! A logistic correction of the estimate's logit: its slope, and an offset for where
//! the token comes from (kind of the longest evidence, its order and its count), for
//! its rank among its siblings, its depth, and how probable the path is (best-first
//! selection favours overestimates). Learned online by AdaGrad (Duchi et al., JMLR
//! 2011) from children of committed nodes; the starting point weighs as much as a few
//! observations.

use crate::retrieval::query::estimate::logistic::sigmoid;
use crate::retrieval::query::estimate::standing::{N_WEIGHTS, Offers, Standing};
use crate::retrieval::query::estimate::weights::{
    SHIPPED, START_ALL_RANKS, START_DEFERRED, START_MARGIN, START_RELAXED, START_STRICT,
};
use crate::speculate::draft::DraftTree;
use crate::speculate::learned::{CalibrationStart, CalibrationState, Learned};
use crate::speculate::params::{AcceptanceRule, Drafter, Laxity, Params};
use crate::speculate::verify::Verdict;

/// Learning rate, and the starting point's weight in observations.
const RATE: f32 = 0.08;
const INERTIA: f32 = 30.0;

/// A correction of the estimates. Defaults to the starting point for strict verification.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The rule whose starting point it used.
    started_as: AcceptanceRule,
    weights: [f32; N_WEIGHTS],
    /// Sums of squared gradients.
    squares: [f32; N_WEIGHTS],
}

/// One calibration per rule and drafter: what one rule accepts says little about another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibrations {
    learned: Vec<((AcceptanceRule, Drafter), Calibration)>,
}

/// The start in a header if every rule uses its shipped weights.
pub(crate) fn shipped_calibration() -> CalibrationStart {
    CalibrationStart::shipped(SHIPPED)
}

impl Default for Calibration {
    fn default() -> Self {
        Calibration::start(AcceptanceRule::Strict)
    }
}

impl Calibration {
    /// The starting point under a rule.
    pub(crate) fn start(rule: AcceptanceRule) -> Self {
        Calibration {
            started_as: rule,
            weights: match rule.laxity() {
                Laxity::FirstChoices => START_STRICT,
                Laxity::SecondChoices => START_RELAXED,
                Laxity::AnyRank => START_ALL_RANKS,
                Laxity::NearChoices => START_MARGIN,
                Laxity::Confirmed => START_DEFERRED,
            },
            squares: [INERTIA; N_WEIGHTS],
        }
    }

    /// Whether it is for a rule that accepts more than the model's first choices.
    pub(crate) fn expects_second_choices(&self) -> bool {
        self.started_as.takes_second_choices()
    }

    /// The corrected probability that a draft token is committed, given that
    /// its parent is.
    pub(crate) fn correct(&self, standing: &Standing) -> f32 {
        let [bias, slope, path, ..] = self.weights;
        let cells = standing.cells().into_iter();
        let offset: f32 = cells.map(|cell| self.weights[cell]).sum();
        sigmoid(standing.z * (1.0 + slope) + bias + path * standing.path + offset)
    }

    /// Learns from a tree drafted under this calibration: which children of committed
    /// nodes were committed. Returns the changed weights.
    pub(crate) fn observe(
        &mut self,
        offers: &Offers,
        tree: &DraftTree,
        verdict: &Verdict,
    ) -> Vec<Learned> {
        let before = self.clone();
        let mut gradient = [0.0; N_WEIGHTS];
        let committed = |node: usize| node == 0 || verdict.path.contains(&node);
        for (node, draft) in tree.nodes.iter().enumerate().skip(1) {
            let Some(parent) = draft.parent.filter(|&p| committed(p)) else {
                continue;
            };
            if let Some(standing) = offers.find(parent, draft.token) {
                let truth = f32::from(u8::from(committed(node)));
                let error = truth - self.correct(&standing);
                gradient[0] += error;
                gradient[1] += error * standing.z;
                gradient[2] += error * standing.path;
                standing
                    .cells()
                    .into_iter()
                    .for_each(|c| gradient[c] += error);
            }
        }
        self.ascend(&gradient);
        self.changed_since(&before)
    }

    fn changed_since(&self, before: &Calibration) -> Vec<Learned> {
        let both = self.weights.iter().zip(&self.squares);
        let then = before.weights.iter().zip(&before.squares);
        let numbers = both.zip(then).enumerate();
        let changed = numbers.filter(|(_, (now, then))| now != then);
        changed
            .map(|(i, ((&weight, &squares), _))| (i as u8, weight, squares))
            .collect()
    }

    /// Weights unknown to this version are skipped.
    fn set(&mut self, learned: &[Learned]) {
        for &(i, weight, squares) in learned {
            if let Some(place) = self.weights.get_mut(usize::from(i)) {
                *place = weight;
                self.squares[usize::from(i)] = squares;
            }
        }
    }

    fn ascend(&mut self, gradient: &[f32; N_WEIGHTS]) {
        for (i, g) in gradient.iter().enumerate() {
            self.squares[i] += g * g;
            self.weights[i] += RATE * g / self.squares[i].sqrt();
        }
        // The order of the estimates must not change.
        self.weights[1] = self.weights[1].clamp(-0.7, 1.0);
    }

    /// In the order of the tables; for fitting the starting point.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }
}

impl Calibrations {
    /// As recorded in a header for the start of its run.
    pub fn starting(start: &CalibrationStart) -> Self {
        let state = |state: &CalibrationState| {
            let mut calibration = Calibration::start(state.like.unwrap_or(state.verify));
            calibration.set(&state.learned);
            ((state.verify, state.drafter), calibration)
        };
        Calibrations {
            learned: start.states.iter().map(state).collect(),
        }
    }

    /// For a header: differences from the shipped weights, and where they were learned.
    pub(crate) fn as_start(&self, taught_by: &str) -> CalibrationStart {
        let state =
            |((verify, drafter), calibration): &((AcceptanceRule, Drafter), Calibration)| {
                let start = Calibration::start(calibration.started_as);
                let learned = calibration.changed_since(&start);
                let is_alike = calibration.started_as.laxity() == verify.laxity();
                (!learned.is_empty() || !is_alike).then_some(CalibrationState {
                    verify: *verify,
                    drafter: *drafter,
                    like: (!is_alike).then_some(calibration.started_as),
                    learned,
                })
            };
        let states: Vec<_> = self.learned.iter().filter_map(state).collect();
        CalibrationStart {
            shipped: SHIPPED,
            from: (!states.is_empty()).then(|| taught_by.to_string()),
            states,
        }
    }

    /// The calibration for these parameters.
    pub fn of(&mut self, params: &Params) -> &mut Calibration {
        let key = (params.verify, params.drafter);
        let at = self.learned.iter().position(|l| l.0 == key);
        let at = at.unwrap_or_else(|| {
            self.learned.push((key, Calibration::start(params.verify)));
            self.learned.len() - 1
        });
        &mut self.learned[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gives_the_same_calibration_back() {
        let params = Params::default();
        let mut learned = Calibrations::default();
        let calibration = learned.of(&params);
        let mut gradient = [0.0; N_WEIGHTS];
        (gradient[0], gradient[8], gradient[30]) = (0.7, -0.3, 0.1);
        let before = calibration.clone();
        calibration.ascend(&gradient);
        let changed = calibration.changed_since(&before);
        assert_eq!(changed.iter().map(|c| c.0).collect::<Vec<_>>(), [0, 8, 30]);
        let start = learned.as_start("a test");
        assert_eq!((start.describe(), start.states.len()), ("a test", 1));
        let text = serde_json::to_string(&start).unwrap();
        let read: CalibrationStart = serde_json::from_str(&text).unwrap();
        assert_eq!(Calibrations::starting(&read), learned);
        // Step by step, as recorded in a trace.
        let mut told = CalibrationStart::shipped(SHIPPED);
        told.learn(&params, &changed);
        assert_eq!(Calibrations::starting(&told), learned);
    }

    #[test]
    fn what_was_only_looked_at_is_as_shipped() {
        let mut fresh = Calibrations::default();
        fresh.of(&Params::default());
        assert!(fresh.as_start("nobody").is_shipped());
    }
}
