//! The calibration in a header: where the correction of draft estimates starts, as
//! plain numbers. Retrieval gives them their meaning.

use serde::{Deserialize, Serialize};

use super::params::{AcceptanceRule, Drafter, Params};

/// A calibration weight that differs from the shipped one: its index, value, and sum of
/// squared gradients.
pub(crate) type Learned = (u8, f32, f32);

/// Where the calibrations of a run start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationStart {
    /// Which shipped weights it starts from.
    pub(crate) shipped: u32,
    /// Where its learning came from, for display; `None`: the shipped weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) states: Vec<CalibrationState>,
}

/// The calibration of one rule and drafter, if it differs from the shipped one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CalibrationState {
    pub(crate) verify: AcceptanceRule,
    pub(crate) drafter: Drafter,
    /// The rule from whose shipped weights it starts, if that is not `verify`: a rerun
    /// under another rule drafts like the original run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) like: Option<AcceptanceRule>,
    pub(crate) learned: Vec<Learned>,
}

impl CalibrationStart {
    /// As the program ships it, in the weights of this revision.
    pub(crate) fn shipped(revision: u32) -> Self {
        CalibrationStart {
            shipped: revision,
            from: None,
            states: Vec::new(),
        }
    }

    /// Whether every rule starts from its shipped weights.
    pub fn is_shipped(&self) -> bool {
        self.states.is_empty()
    }

    /// For display.
    pub fn describe(&self) -> &str {
        match &self.from {
            Some(from) if !self.is_shipped() => from,
            _ => "shipped",
        }
    }

    /// Applies the changes of a step under these parameters.
    pub(crate) fn learn(&mut self, params: &Params, changed: &[Learned]) {
        if changed.is_empty() {
            return;
        }
        let at = self.states.iter().position(|s| s.is_for(params));
        let at = at.unwrap_or_else(|| {
            self.states.push(CalibrationState {
                verify: params.verify,
                drafter: params.drafter,
                like: None,
                learned: Vec::new(),
            });
            self.states.len() - 1
        });
        let known = &mut self.states[at].learned;
        for &new in changed {
            match known.binary_search_by_key(&new.0, |k| k.0) {
                Ok(i) => known[i] = new,
                Err(i) => known.insert(i, new),
            }
        }
    }

    /// The same start for a run under other parameters that drafts like one under the
    /// first: its rule gets the calibration of the first one's rule.
    pub(crate) fn carried(mut self, from: &Params, to: &Params) -> Self {
        if from.verify == to.verify || from.drafter != to.drafter || !to.verify.drafts() {
            return self;
        }
        let state = self.states.iter().find(|s| s.is_for(from)).cloned();
        let started_as = state.as_ref().and_then(|s| s.like).unwrap_or(from.verify);
        let is_alike = started_as.laxity() == to.verify.laxity();
        let learned = state.map_or_else(Vec::new, |state| state.learned);
        self.states.retain(|s| !s.is_for(to));
        if is_alike && learned.is_empty() {
            return self;
        }
        self.states.push(CalibrationState {
            verify: to.verify,
            drafter: to.drafter,
            like: (!is_alike).then_some(started_as),
            learned,
        });
        let taught_by = || format!("from a run under {}", from.verify.describe());
        self.from.get_or_insert_with(taught_by);
        self
    }

    /// With the source of its learning, if any.
    pub(super) fn named(self, from: String) -> Self {
        CalibrationStart {
            from: (!self.is_shipped()).then_some(from),
            ..self
        }
    }
}

impl CalibrationState {
    fn is_for(&self, params: &Params) -> bool {
        (self.verify, self.drafter) == (params.verify, params.drafter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::ALL_RANKS;

    fn under(verify: AcceptanceRule) -> Params {
        Params {
            verify,
            ..Params::default()
        }
    }

    #[test]
    fn another_rule_starts_where_the_first_one_did() {
        let relaxed = under(AcceptanceRule::Relaxed { k: 2, tau: 0.1 });
        let (bolder, strict) = (
            under(AcceptanceRule::Relaxed { k: 3, tau: 0.05 }),
            under(AcceptanceRule::Strict),
        );
        let shipped = CalibrationStart::shipped(2);
        // The shipped weights are the same for both.
        assert_eq!(shipped.clone().carried(&relaxed, &bolder), shipped);
        assert_eq!(shipped.clone().carried(&strict, &strict), shipped);
        let carried = shipped.clone().carried(&relaxed, &strict);
        let [state] = carried.states.as_slice() else {
            panic!("one rule");
        };
        assert_eq!(
            (state.verify, state.like),
            (strict.verify, Some(relaxed.verify))
        );
        // Each kind of rule has its own start.
        for rule in [
            AcceptanceRule::Margin { k: 2, m: 0.6 },
            AcceptanceRule::Relaxed {
                k: ALL_RANKS,
                tau: 0.1,
            },
            AcceptanceRule::Deferred { h: 0.3, w: 6 },
        ] {
            let carried = shipped.clone().carried(&relaxed, &under(rule));
            assert_eq!(carried.states[0].like, Some(relaxed.verify), "{rule:?}");
        }
        // And back again: as it was shipped.
        let back = carried.carried(&strict, &relaxed);
        assert!(!back.states.iter().any(|s| s.is_for(&relaxed)));
        let mut taught = shipped;
        taught.learn(&relaxed, &[(7, 0.5, 31.0)]);
        let carried = taught.carried(&relaxed, &bolder);
        assert_eq!(carried.states[1].learned, [(7, 0.5, 31.0)]);
        assert_eq!(carried.states[1].like, None);
    }

    #[test]
    fn each_rule_keeps_its_own_numbers_and_the_newest_count() {
        let mut start = CalibrationStart::shipped(3);
        let strict = Params {
            verify: AcceptanceRule::Strict,
            ..Params::default()
        };
        start.learn(&strict, &[]);
        assert!(start.is_shipped());
        start.learn(&strict, &[(7, 0.5, 31.0), (9, 0.1, 30.5)]);
        start.learn(&Params::default(), &[(7, 0.2, 30.1)]);
        start.learn(&strict, &[(3, 1.0, 40.0), (9, 0.3, 33.0)]);
        let [first, second] = start.states.as_slice() else {
            panic!("two rules");
        };
        assert_eq!(
            first.learned,
            [(3, 1.0, 40.0), (7, 0.5, 31.0), (9, 0.3, 33.0)]
        );
        assert_eq!(second.learned, [(7, 0.2, 30.1)]);
    }

    #[test]
    fn the_shipped_start_is_short_on_disk() {
        let text = serde_json::to_string(&CalibrationStart::shipped(2)).unwrap();
        assert_eq!(text, r#"{"shipped":2}"#);
        assert_eq!(CalibrationStart::shipped(2).describe(), "shipped");
    }
}
