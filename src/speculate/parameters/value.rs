//! The value of a parameter, whichever kind it has.

use std::fmt;

use crate::speculate::params::{AcceptanceRule, Budget, Drafter, Preset, SourceWeights, Sources};

/// Displayed as the command line and the configuration file spell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Preset(Preset),
    /// The rule with its default numbers.
    Rule(AcceptanceRule),
    Budget(Budget),
    Sources(Sources),
    Weights(SourceWeights),
    Drafter(Drafter),
    Whole(u64),
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
            Value::Number(n) => n.fmt(f),
        }
    }
}
