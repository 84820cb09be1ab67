//! What a downstream test has found about the rules that a sweep tries.

use serde::Serialize;

use crate::speculate::params::AcceptanceRule;

/// The paired difference in AUC that knowledge decoded under a rule makes to a click model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AucDifference {
    /// The click model.
    pub(crate) backbone: String,
    pub(crate) value: f64,
    /// Ends of its interval.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// As the test's table names it: equivalent, undecided and so on.
    pub(crate) finding: String,
}

/// The rules of a finished test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestedRules {
    /// Name of the test's catalog.
    pub(crate) catalog: String,
    /// The arm that the rules were compared with.
    pub(crate) reference: String,
    /// Of the intervals.
    pub(crate) level: f64,
    /// The click models, in order.
    pub(crate) backbones: Vec<String>,
    /// Each rule with a difference for every click model.
    pub(crate) rules: Vec<(AcceptanceRule, Vec<AucDifference>)>,
}

impl TestedRules {
    /// Those of a rule with these numbers; empty: it was not tested.
    pub(crate) fn of(&self, rule: &AcceptanceRule) -> &[AucDifference] {
        let found = self.rules.iter().find(|(tested, _)| tested == rule);
        found.map_or(&[], |(_, differences)| differences)
    }

    /// What the figures are, for people.
    pub(crate) fn about(&self) -> String {
        let level = self.level * 100.0;
        format!(
            "AUC: difference to {} in the downstream test on {}, of the rule whatever the cell's \
             budget, with its {level:.0}% interval",
            self.reference, self.catalog
        )
    }
}

impl AucDifference {
    /// `+0.0003 (-0.0011 to +0.0017)`.
    pub(crate) fn with_interval(&self) -> String {
        format!("{:+.4} ({:+.4} to {:+.4})", self.value, self.low, self.high)
    }
}
