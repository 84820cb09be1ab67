//! The value of a parameter of any kind.

use std::fmt;

use crate::speculate::params::{AcceptanceRule, Budget, Drafter, Preset, SourceWeights, Sources};

/// Displayed as written on the command line and in the configuration file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Several parameters set by one name.
    Preset(Preset),
    /// The rule with its default numbers.
    Rule(AcceptanceRule),
    /// Rows per pass.
    Budget(Budget),
    /// Which sources draft.
    Sources(Sources),
    /// A weight for each source.
    Weights(SourceWeights),
    /// The drafter.
    Drafter(Drafter),
    /// A whole number.
    Whole(u64),
    /// No limit, where a whole number would be one.
    All,
    /// Any number.
    Number(f32),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Preset(preset) => f.write_str(preset.name()),
            Value::Rule(rule) => f.write_str(rule.name()),
            Value::Budget(budget) => budget.fmt(f),
            Value::Sources(sources) => sources.fmt(f),
            Value::Weights(weights) => weights.fmt(f),
            Value::Drafter(drafter) => f.write_str(drafter.name()),
            Value::Whole(n) => n.fmt(f),
            Value::All => f.write_str("all"),
            Value::Number(n) => n.fmt(f),
        }
    }
}
