//! The values that a parameter may have, and how they are described.

use super::Value;

/// The values that a parameter may have.
#[derive(Clone, Copy)]
pub enum Range {
    /// One of these words.
    OneOf(fn() -> Vec<&'static str>),
    /// Any of these words, separated by commas, or `none`.
    AnyOf(fn() -> Vec<&'static str>),
    /// A number from 0 to 1 for each of these words.
    ShareOf(&'static [&'static str]),
    /// `auto`, or whole numbers from 1 to this one.
    AutoOr(usize),
    /// Whole numbers, both ends included.
    Whole(u64, u64),
    /// Whole numbers from this one up, or `all`.
    WholeOrAll(u64),
    /// Numbers from this one up, `inf` included.
    AtLeast(f32),
    /// Numbers, both ends included.
    Between(f32, f32),
    /// Numbers above the first, up to the second.
    Above(f32, f32),
}

impl Range {
    /// The lowest value, if there is one.
    pub(super) fn least(self) -> Option<Value> {
        match self {
            Range::Whole(least, _) | Range::WholeOrAll(least) => Some(Value::Whole(least)),
            Range::Between(least, _) | Range::AtLeast(least) => Some(Value::Number(least)),
            _ => None,
        }
    }

    /// Whether its numbers are whole.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Range::Whole(..) | Range::WholeOrAll(_))
    }

    pub(super) fn least_whole(self) -> u64 {
        match self {
            Range::Whole(least, _) | Range::WholeOrAll(least) => least,
            _ => 0,
        }
    }

    /// Whether the value is in range. Words were checked when they were parsed.
    pub(super) fn holds(self, value: Value) -> bool {
        match (self, value) {
            (Range::Whole(least, most), Value::Whole(n)) => (least..=most).contains(&n),
            (Range::WholeOrAll(least), Value::Whole(n)) => n >= least,
            (Range::AtLeast(least), Value::Number(n)) => n >= least,
            (Range::Between(least, most), Value::Number(n)) => (least..=most).contains(&n),
            (Range::Above(least, most), Value::Number(n)) => n > least && n <= most,
            (Range::AutoOr(most), Value::Budget(budget)) => (1..=most).contains(&budget.max_rows()),
            _ => true,
        }
    }

    /// The range in short, for a list of parameters: `1 to 32`, `above 0, up to 1`.
    pub(crate) fn in_short(self) -> String {
        match self {
            Range::OneOf(words) => words().join(", "),
            Range::AnyOf(words) => format!("any of {}, by commas, or none", words().join(", ")),
            Range::ShareOf(words) => format!("0 to 1 for each of {}", words.join(", ")),
            Range::AutoOr(most) => format!("auto, or 1 to {most}"),
            Range::Whole(0, u64::MAX) => "0 or more".to_string(),
            Range::Whole(least, u64::MAX) => format!("{least} or more"),
            Range::Whole(least, most) => format!("{least} to {most}"),
            Range::WholeOrAll(least) => format!("{least} or more, or all"),
            Range::AtLeast(least) => format!("{least} or more"),
            Range::Between(least, most) => format!("{least} to {most}"),
            Range::Above(least, most) => format!("above {least}, up to {most}"),
        }
    }

    /// What a value must be, for errors; `least_means`: what the lowest value means.
    pub(super) fn demand(self, unit: &str, least_means: &str) -> String {
        let means = match least_means {
            "" => String::new(),
            what => format!(" ({what})"),
        };
        let unit = match unit {
            "" => String::new(),
            unit => format!(" {unit}"),
        };
        match self {
            Range::AutoOr(most) => format!("auto or 1 to {most}{unit}"),
            Range::Whole(least, u64::MAX) if least_means.is_empty() => format!("at least {least}"),
            Range::Whole(least, u64::MAX) => format!("at least {least} ({least} is {least_means})"),
            Range::Whole(least, most) => format!("{least} to {most}{unit}"),
            Range::WholeOrAll(least) => {
                format!("at least {least} ({least} is {least_means}), or all")
            }
            Range::AtLeast(least) => format!("at least {least}{unit}"),
            Range::Between(least, most) => format!("between {least}{means} and {most}"),
            Range::Above(least, most) => format!("above {least} and at most {most}"),
            Range::OneOf(_) | Range::AnyOf(_) | Range::ShareOf(_) => self.in_short(),
        }
    }
}
