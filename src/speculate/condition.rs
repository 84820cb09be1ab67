//! Conditions over steps: `rejected and source=local`, `first relaxed`,
//! `text~"director"`. This file defines conditions and when a step matches; `terms.rs`
//! has the words, `parse.rs` parses, `complete.rs` completes.
//!
//! ```text
//! condition = part { "or" part }
//! part      = factor { "and" factor }
//! factor    = [ "not" | "first" ] factor | "(" condition ")" | term
//! term      = word                    rejected, miss, none, ..
//!           | number word, sign, n    committed<3, ms>20, p<0.2
//!           | "source" =|!= name      source=local
//!           | text word, sign, text   text~"director", token="Heat"
//! ```

mod complete;
mod matching;
mod parse;
mod terms;

use std::fmt;

use super::explain::NOT_RECORDED;
use super::params::Source;
use super::trace::Trace;

pub(crate) use complete::complete;
pub(crate) use parse::ConditionError;
pub use terms::HELP;
pub(crate) use terms::Help;
pub use terms::Number;
pub use terms::Text;
pub use terms::Word;

/// A condition on a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A word by itself: `rejected`.
    Word(Word),
    /// A number against a bound: `rows>=8`.
    Number(Number, Sign, f64),
    /// A draft token is credited to the source (or none is).
    Source(Source, Is),
    /// A text that is found: `draft~"mann"`.
    Text(Text, TextSign, String),
    /// What does not match.
    Not(Box<Condition>),
    /// The run's first step that matches.
    First(Box<Condition>),
    /// Both match.
    And(Box<Condition>, Box<Condition>),
    /// Either matches.
    Or(Box<Condition>, Box<Condition>),
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `>=`.
    AtLeast,
    /// `>`.
    More,
}

/// How a source is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// `=`.
    It,
    /// `!=`.
    Not,
}

/// How two texts are compared, ignoring case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSign {
    /// Contains it.
    Contains,
    /// Equals it, apart from surrounding spaces.
    Equals,
}

/// Which way to look for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    #[cfg(test)]
    Back,
}

impl Condition {
    /// # Errors
    /// Where parsing failed, and which words would fit there.
    pub fn parse(text: &str) -> Result<Condition, ConditionError> {
        parse::parse(text)
    }

    /// Whether a step of the run matches; a missing step does not, nor one that lacks what
    /// the condition asks for.
    pub(crate) fn matches(&self, trace: &Trace, step: usize) -> bool {
        step < trace.steps.len() && matching::matches(self, trace, step) == Some(true)
    }

    /// Steps of which it cannot be told whether they match: what the condition asks for
    /// is not recorded.
    pub fn not_recorded(&self, trace: &Trace) -> usize {
        let is_unknown = |&step: &usize| matching::matches(self, trace, step).is_none();
        (0..trace.steps.len()).filter(is_unknown).count()
    }

    /// How many steps lack what the condition asks for: `; not recorded in 30 steps`. Empty
    /// if none does.
    pub(crate) fn lack(&self, trace: &Trace) -> String {
        match self.not_recorded(trace) {
            0 => String::new(),
            1 => format!("; {NOT_RECORDED} in 1 step"),
            n => format!("; {NOT_RECORDED} in {n} steps"),
        }
    }

    /// The next step after `from` that matches, or the one before it.
    pub(crate) fn find(&self, trace: &Trace, from: usize, direction: Direction) -> Option<usize> {
        let n = trace.steps.len();
        match direction {
            Direction::Forward => (from + 1..n).find(|&step| self.matches(trace, step)),
            #[cfg(test)]
            Direction::Back => (0..from.min(n)).rfind(|&step| self.matches(trace, step)),
        }
    }

    /// Every step that matches, in order.
    pub fn all<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = usize> + 'a {
        (0..trace.steps.len()).filter(|&step| self.matches(trace, step))
    }

    fn binds(&self) -> u8 {
        match self {
            Condition::Or(..) => 0,
            Condition::And(..) => 1,
            _ => 2,
        }
    }

    /// In parentheses where its precedence requires them.
    fn write_at(&self, least: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.binds() < least {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Condition {
    /// As [`Condition::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Word(word) => f.write_str(word.name()),
            Condition::Number(number, sign, value) => {
                write!(f, "{}{}{value}", number.name(), sign.name())
            }
            Condition::Source(source, Is::It) => write!(f, "source={}", source.name()),
            Condition::Source(source, Is::Not) => write!(f, "source!={}", source.name()),
            Condition::Text(text, sign, value) => {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "{}{}\"{escaped}\"", text.name(), sign.name())
            }
            Condition::Not(inner) => {
                f.write_str("not ")?;
                inner.write_at(2, f)
            }
            Condition::First(inner) => {
                f.write_str("first ")?;
                inner.write_at(2, f)
            }
            Condition::And(left, right) => {
                left.write_at(1, f)?;
                f.write_str(" and ")?;
                right.write_at(2, f)
            }
            Condition::Or(left, right) => {
                left.write_at(0, f)?;
                f.write_str(" or ")?;
                right.write_at(1, f)
            }
        }
    }
}

impl Sign {
    /// Longer ones first, as they are read.
    pub const ALL: [Sign; 6] = [
        Sign::AtMost,
        Sign::AtLeast,
        Sign::NotEqual,
        Sign::Less,
        Sign::More,
        Sign::Equal,
    ];

    /// The sign as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Sign::Less => "<",
            Sign::AtMost => "<=",
            Sign::Equal => "=",
            Sign::NotEqual => "!=",
            Sign::AtLeast => ">=",
            Sign::More => ">",
        }
    }

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Sign::Less => left < right,
            Sign::AtMost => left <= right,
            Sign::Equal => left == right,
            Sign::NotEqual => left != right,
            Sign::AtLeast => left >= right,
            Sign::More => left > right,
        }
    }
}

impl TextSign {
    /// In the order of the help.
    pub const ALL: [TextSign; 2] = [TextSign::Contains, TextSign::Equals];

    /// The sign as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            TextSign::Contains => "~",
            TextSign::Equals => "=",
        }
    }
}

#[cfg(test)]
#[path = "condition/condition_test.rs"]
mod tests;
