//! How far one notch moves a parameter on the screens, which move in useful steps through
//! the useful part of its range.

use super::{Parameter, ParameterPlace, Range, Value};
use crate::speculate::params::{AcceptanceRule, Budget, Drafter, MAX_ROWS, Params};

#[derive(Clone, Copy)]
pub(crate) enum Notches {
    /// Cannot be moved.
    None,
    /// Through the words of its range.
    Words,
    /// Turns each word on or off.
    Switches,
    /// Through these numbers.
    Listed(&'static [u64]),
    /// Through these row counts, then `auto`.
    ListedThenAuto(&'static [u64]),
    /// Through these numbers, then unset.
    ListedThenUnset(&'static [u64]),
    /// Through every whole number up to this one.
    Ones(u64),
    /// Through every whole number up to this one, then `all`.
    OnesThenAll(u64),
    /// Multiples of `step`, up to `most`.
    Steps { step: f32, most: f32 },
}

/// The direction in which a parameter is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards the lowest value.
    Less,
    /// Towards the highest value.
    More,
}

impl Notches {
    /// One notch in words, for a list of parameters.
    #[cfg(test)]
    pub(crate) fn in_words(self) -> String {
        let listed = |values: &[u64]| values.iter().map(u64::to_string).collect::<Vec<_>>();
        match self {
            Notches::None => String::new(),
            Notches::Words => "the next one".to_string(),
            Notches::Switches => "each on or off".to_string(),
            Notches::Listed(values) => listed(values).join(", "),
            Notches::ListedThenAuto(values) => format!("{}, auto", listed(values).join(", ")),
            Notches::ListedThenUnset(values) => format!("{}, all", listed(values).join(", ")),
            Notches::Ones(_) => "1".to_string(),
            Notches::OnesThenAll(most) => format!("1, then all after {most}"),
            Notches::Steps { step, .. } => step.to_string(),
        }
    }

    /// Decimals needed to tell its values apart.
    pub(crate) fn digits(self) -> usize {
        match self {
            Notches::Steps { step, .. } if step >= 0.1 => 1,
            _ => 2,
        }
    }
}

impl Parameter {
    /// The parameters with this one moved by a notch; unchanged at the end of its range,
    /// and if it does not apply.
    pub(crate) fn moved(&self, params: &Params, way: Way) -> Params {
        let mut moved = *params;
        if !self.applies(params) {
            return moved;
        }
        match self.next(self.get(params), way) {
            Some(value) => self.set(&mut moved, value),
            None => self.place.unset(&mut moved),
        }
        // Only a lossless rule allows sampling.
        moved.sampling = moved.sampling.filter(|_| moved.verify.is_lossless());
        moved
    }

    /// The next value; `None`: unset.
    fn next(&self, now: Option<Value>, way: Way) -> Option<Value> {
        Some(match (self.notches, now) {
            (Notches::Words, Some(Value::Rule(rule))) => {
                Value::Rule(beside(&AcceptanceRule::ALL, rule, way))
            }
            (Notches::Words, Some(Value::Drafter(drafter))) => {
                Value::Drafter(beside(&Drafter::ALL, drafter, way))
            }
            (Notches::Listed(values), Some(Value::Whole(n))) => {
                Value::Whole(neighbour(values, n, way))
            }
            (Notches::ListedThenAuto(values), Some(Value::Budget(budget))) => {
                Value::Budget(next_budget(values, budget, way))
            }
            (Notches::ListedThenUnset(values), now) => next_or_unset(values, now, way)?,
            (Notches::Ones(most), Some(Value::Whole(n))) => Value::Whole(match way {
                Way::Less => n.saturating_sub(1).max(self.range.least_whole()),
                Way::More => n.saturating_add(1).min(most.max(n)),
            }),
            (Notches::OnesThenAll(most), Some(now)) => self.next_or_all(now, most, way),
            (Notches::Steps { step, most }, now) => self.stepped(now, step, most, way)?,
            (_, now) => now?,
        })
    }

    fn next_or_all(&self, now: Value, most: u64, way: Way) -> Value {
        match (now, way) {
            (Value::All, Way::Less) => Value::Whole(most),
            (Value::Whole(n), Way::Less) => {
                Value::Whole(n.saturating_sub(1).max(self.range.least_whole()))
            }
            (Value::Whole(n), Way::More) if n < most => Value::Whole(n + 1),
            _ => Value::All,
        }
    }

    fn stepped(&self, now: Option<Value>, step: f32, most: f32, way: Way) -> Option<Value> {
        let may_be_unset = matches!(self.place, ParameterPlace::OptionalNumber(_));
        let now = match now {
            // Above every notch.
            Some(Value::Number(now)) if now.is_infinite() => {
                let moved = if way == Way::Less { most } else { now };
                return Some(Value::Number(moved));
            }
            Some(Value::Number(now)) => now,
            // Unset means all of it.
            _ => most,
        };
        let least = match self.range {
            Range::Between(least, _) | Range::AtLeast(least) => least,
            _ => step,
        };
        let moved = notched(now, step, way).clamp(least, most.max(now));
        (!may_be_unset || moved < most).then_some(Value::Number(moved))
    }
}

/// Moves to the next multiple of `step`.
fn notched(value: f32, step: f32, way: Way) -> f32 {
    let notch = (value / step).round() + if way == Way::More { 1.0 } else { -1.0 };
    notch * step
}

fn next_or_unset(values: &[u64], now: Option<Value>, way: Way) -> Option<Value> {
    let most = values.last().copied()?;
    match (now, way) {
        (Some(Value::Whole(n)), Way::More) if n >= most => None,
        (Some(Value::Whole(n)), way) => Some(Value::Whole(neighbour(values, n, way))),
        (_, Way::Less) => Some(Value::Whole(most)),
        (_, Way::More) => None,
    }
}

fn next_budget(values: &[u64], budget: Budget, way: Way) -> Budget {
    match (budget, way) {
        (Budget::Auto { .. }, Way::Less) => Budget::Rows(MAX_ROWS),
        (Budget::Rows(n), Way::More) if n >= MAX_ROWS => Budget::Auto { max: MAX_ROWS },
        (Budget::Rows(n), way) => Budget::Rows(neighbour(values, n as u64, way) as usize),
        (auto, Way::More) => auto,
    }
}

/// The element before or after `value`; itself at the ends.
fn beside<T: Copy + PartialEq>(all: &[T], value: T, way: Way) -> T {
    let at = all.iter().position(|&v| v == value).unwrap_or(0);
    match way {
        Way::Less => all[at.saturating_sub(1)],
        Way::More => all[(at + 1).min(all.len() - 1)],
    }
}

fn neighbour(values: &[u64], value: u64, way: Way) -> u64 {
    let found = match way {
        Way::Less => values.iter().rev().find(|&&v| v < value),
        Way::More => values.iter().find(|&&v| v > value),
    };
    found.copied().unwrap_or(value)
}
