//! The verdict rule and its numbers, and how both are written.

use super::{
    AffectedPart, InSweep, Notches, PLAIN, Parameter, ParameterPlace, Range, Reach, SettingRow,
    Value,
};
use super::{rule_numbers, under};
use crate::speculate::params::{AcceptanceRule, MAX_BRANCH};

/// Defaults shared by the entries of this file.
const OF_RULES: Parameter = Parameter {
    reach: Reach::Rejudged,
    part: AffectedPart::Rule,
    difference: "rule",
    ..PLAIN
};

/// A number from 0 to 1.
const SHARE: Parameter = Parameter {
    range: Range::Between(0.0, 1.0),
    notches: Notches::Steps {
        step: 0.05,
        most: 1.0,
    },
    ..OF_RULES
};

pub(crate) static RULE: Parameter = Parameter {
    name: "verify",
    label: "rule",
    about: "how draft tokens are judged",
    help: "How draft tokens are judged",
    placeholder: "RULE",
    range: Range::OneOf(rule_names),
    row: SettingRow::Settings(0),
    notches: Notches::Words,
    sweep: InSweep::Fixed,
    place: ParameterPlace::Rule,
    ..OF_RULES
};

pub(crate) static K: Parameter = Parameter {
    name: "k",
    label: "k",
    symbol: "k",
    about: "accept ranks up to this",
    help: "Relaxed, ratio and margin: maximum rank at which a draft token is accepted",
    placeholder: "N|all",
    range: Range::WholeOrAll(1),
    least_means: "strict",
    row: SettingRow::Settings(1),
    notches: Notches::OnesThenAll(10),
    sweep: InSweep::Tried("1,2,3,5"),
    place: ParameterPlace::Ranks(|params| match &mut params.verify {
        AcceptanceRule::Relaxed { k, .. }
        | AcceptanceRule::Ratio { k, .. }
        | AcceptanceRule::Margin { k, .. } => Some(k),
        _ => None,
    }),
    ..OF_RULES
};

pub(crate) static TAU: Parameter = Parameter {
    name: "tau",
    label: "tau",
    symbol: "tau",
    about: "and probabilities above this",
    help: "Relaxed: probability that a draft token must exceed",
    placeholder: "P",
    row: SettingRow::Settings(2),
    sweep: InSweep::Tried("0.05,0.1,0.2,0.4"),
    place: ParameterPlace::Number(|params| match &mut params.verify {
        AcceptanceRule::Relaxed { tau, .. } => Some(tau),
        _ => None,
    }),
    ..SHARE
};

pub(crate) static RATIO: Parameter = Parameter {
    name: "ratio",
    label: "ratio",
    symbol: "r",
    about: "and p ≥ this × the best p",
    help: "Ratio: minimum share of the most probable token's probability",
    placeholder: "R",
    row: SettingRow::Settings(3),
    sweep: InSweep::Tried("0.1,0.3,0.5,0.8"),
    place: ParameterPlace::Number(|params| match &mut params.verify {
        AcceptanceRule::Ratio { r, .. } => Some(r),
        _ => None,
    }),
    ..SHARE
};

pub(crate) static MARGIN: Parameter = Parameter {
    name: "margin",
    label: "margin",
    symbol: "m",
    about: "and p ≥ the best p - this",
    help: "Margin: how far a probability may be below the most probable token's",
    placeholder: "M",
    row: SettingRow::Settings(4),
    sweep: InSweep::Tried("0.1,0.3,0.6"),
    place: ParameterPlace::Number(|params| match &mut params.verify {
        AcceptanceRule::Margin { m, .. } => Some(m),
        _ => None,
    }),
    ..SHARE
};

pub(crate) static EPS: Parameter = Parameter {
    name: "eps",
    label: "eps",
    symbol: "eps",
    about: "p above this is enough",
    help: "Typical: accept probabilities above this",
    placeholder: "P",
    row: SettingRow::Settings(5),
    notches: Notches::Steps {
        step: 0.01,
        most: 1.0,
    },
    sweep: InSweep::Tried("0.05,0.09,0.2,0.4"),
    place: ParameterPlace::Number(|params| match &mut params.verify {
        AcceptanceRule::Typical { eps, .. } => Some(eps),
        _ => None,
    }),
    ..SHARE
};

pub(crate) static DELTA: Parameter = Parameter {
    name: "delta",
    label: "delta",
    symbol: "delta",
    about: "or p above this × e^-entropy",
    help: "Typical: or a probability above this times e^-entropy",
    placeholder: "F",
    row: SettingRow::Settings(6),
    sweep: InSweep::Tried("0.1,0.3,0.6,1"),
    place: ParameterPlace::Number(|params| match &mut params.verify {
        AcceptanceRule::Typical { delta, .. } => Some(delta),
        _ => None,
    }),
    ..SHARE
};

pub(crate) static ENTROPY: Parameter = Parameter {
    name: "entropy",
    label: "entropy",
    symbol: "h",
    about: "only where the entropy is above this",
    help: "Deferred: entropy that a distribution must exceed; inf is strict",
    placeholder: "H",
    range: Range::AtLeast(0.0),
    unit: "nats",
    row: SettingRow::Settings(7),
    // No more than the entropy of some 400 equally likely tokens.
    notches: Notches::Steps {
        step: 0.1,
        most: 6.0,
    },
    sweep: InSweep::Tried("0.3,0.6,1,2"),
    place: ParameterPlace::Number(|params| match &mut params.verify {
        AcceptanceRule::Deferred { h, .. } => Some(h),
        _ => None,
    }),
    ..OF_RULES
};

pub(crate) static WINDOW: Parameter = Parameter {
    name: "window",
    label: "window",
    symbol: "w",
    about: "drafts after it that must be the argmax",
    help: "Deferred: number of next draft tokens that must each be the most probable one",
    placeholder: "W",
    range: Range::Whole(1, MAX_BRANCH as u64),
    unit: "tokens",
    row: SettingRow::Settings(8),
    notches: Notches::Ones(12),
    sweep: InSweep::Tried("2,4,6,8"),
    place: ParameterPlace::Whole(|params| match &mut params.verify {
        AcceptanceRule::Deferred { w, .. } => Some(w),
        _ => None,
    }),
    ..OF_RULES
};

fn rule_names() -> Vec<&'static str> {
    AcceptanceRule::ALL
        .iter()
        .map(AcceptanceRule::name)
        .collect()
}

impl AcceptanceRule {
    /// The rule's numbers, in the order of the table.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&'static Parameter, Value)> {
        let params = under(*self);
        rule_numbers().filter_map(move |number| Some((number, number.get(&params)?)))
    }

    /// Name and numbers for a title bar: `relaxed k=2 tau=0.10`.
    pub(crate) fn describe(&self) -> String {
        self.with_numbers(|value| match value {
            Value::Number(n) => format!("{n:.2}"),
            other => other.to_string(),
        })
    }

    /// The same with all digits.
    pub(crate) fn describe_exactly(&self) -> String {
        self.with_numbers(|value| value.to_string())
    }

    fn with_numbers(&self, written: fn(Value) -> String) -> String {
        let numbers = self.numbers();
        let numbers = numbers.map(|(number, value)| (number.symbol, written(value)));
        let numbers = numbers.map(|(symbol, value)| format!(" {symbol}={value}"));
        self.name().to_string() + &numbers.collect::<String>()
    }
}
