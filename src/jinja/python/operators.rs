//! Operators between values, with Python's rules.

use std::cmp::Ordering;

use super::percent;
use super::text;
use crate::jinja::env::Env;
use crate::jinja::error::{Error, fail};
use crate::jinja::syntax::ast::{Binary, Comparison};
use crate::jinja::value::Value;
use crate::jinja::value::equal::equal;
use crate::jinja::value::number;

/// `<` and the like.
///
/// # Errors
/// Two kinds without an order.
pub(crate) fn order(a: &Value, b: &Value) -> Result<Ordering, Error> {
    ordered(a, b, false)
}

/// As [`order`], but values without an order may be equal.
pub(crate) fn sorting_order(a: &Value, b: &Value) -> Result<Ordering, Error> {
    ordered(a, b, true)
}

fn ordered(a: &Value, b: &Value, for_sorting: bool) -> Result<Ordering, Error> {
    if let (Some(x), Some(y)) = (a.as_text(), b.as_text()) {
        return Ok(x.cmp(y));
    }
    if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
        return Ok(x.cmp(&y));
    }
    if let (Some(x), Some(y)) = (number::as_float(a), number::as_float(b)) {
        return Ok(x.partial_cmp(&y).unwrap_or(Ordering::Equal));
    }
    match (a, b) {
        (Value::List(x), Value::List(y)) | (Value::Tuple(x), Value::Tuple(y)) => {
            for (x, y) in x.items.iter().zip(&y.items) {
                if !equal(x, y) {
                    return ordered(x, y, for_sorting);
                }
            }
            Ok(x.items.len().cmp(&y.items.len()))
        }
        // Python compares lists of keys, and needs no order for equal ones.
        _ if for_sorting && equal(a, b) => Ok(Ordering::Equal),
        (Value::Undefined(what), _) | (_, Value::Undefined(what)) => fail(&**what),
        _ => fail(format!(
            "'<' not supported between instances of '{}' and '{}'",
            a.type_name(),
            b.type_name()
        )),
    }
}

pub(crate) fn compare(env: &Env, a: &Value, how: Comparison, b: &Value) -> Result<bool, Error> {
    env.budget.steps(a.weight().min(b.weight()) / 16)?;
    Ok(match how {
        Comparison::Equal => equal(a, b),
        Comparison::NotEqual => !equal(a, b),
        Comparison::Less => order(a, b)?.is_lt(),
        Comparison::LessEqual => order(a, b)?.is_le(),
        Comparison::Greater => order(a, b)?.is_gt(),
        Comparison::GreaterEqual => order(a, b)?.is_ge(),
        Comparison::In => contains(env, b, a)?,
        Comparison::NotIn => !contains(env, b, a)?,
    })
}

/// `item in all`.
pub(crate) fn contains(env: &Env, all: &Value, item: &Value) -> Result<bool, Error> {
    env.budget.steps(all.weight() / 16)?;
    match all {
        Value::Undefined(what) => env.lenient(what).map(|()| false),
        Value::Text(whole) | Value::Safe(whole) => match item.as_text() {
            Some(part) => Ok(whole.contains(part)),
            None => fail(format!(
                "'in <string>' requires string as left operand, not {}",
                item.type_name()
            )),
        },
        Value::List(items) | Value::Tuple(items) => Ok(items.items.iter().any(|i| equal(i, item))),
        Value::Dict(dict) => Ok(dict.get(item).is_some()),
        other => fail(format!(
            "argument of type '{}' is not iterable",
            other.type_name()
        )),
    }
}

/// `a + b` and the like.
pub(crate) fn binary(env: &Env, a: &Value, operator: Binary, b: &Value) -> Result<Value, Error> {
    if let (Value::Undefined(what), _) | (_, Value::Undefined(what)) = (a, b) {
        let is_format = operator == Binary::Modulo && a.as_text().is_some();
        if !is_format {
            return fail(&**what);
        }
    }
    if let Some(result) = number::calculate(a, operator, b) {
        return result;
    }
    match (operator, a, b) {
        (Binary::Add, ..) if a.as_text().is_some() && b.as_text().is_some() => add_texts(env, a, b),
        (Binary::Add, Value::List(x), Value::List(y)) => {
            Value::checked_list(joined(env, &x.items, &y.items)?)
        }
        (Binary::Add, Value::Tuple(x), Value::Tuple(y)) => {
            Value::checked_tuple(joined(env, &x.items, &y.items)?)
        }
        (Binary::Modulo, ..) if a.as_text().is_some() => {
            percent::format(env, a.as_text().unwrap_or_default(), b).map(Value::text)
        }
        (Binary::Multiply, ..) => match (repeated(env, a, b), repeated(env, b, a)) {
            (Some(result), _) | (None, Some(result)) => result,
            (None, None) => unsupported(a, "*", b),
        },
        (Binary::Add, ..) => unsupported(a, "+", b),
        (Binary::Subtract, ..) => unsupported(a, "-", b),
        (Binary::Divide, ..) => unsupported(a, "/", b),
        (Binary::FloorDivide, ..) => unsupported(a, "//", b),
        (Binary::Modulo, ..) => unsupported(a, "%", b),
        (Binary::Power, ..) => unsupported(a, "**", b),
    }
}

fn unsupported(a: &Value, sign: &str, b: &Value) -> Result<Value, Error> {
    let (a, b) = (a.type_name(), b.type_name());
    fail(format!(
        "unsupported operand types for {sign}: '{a}' and '{b}'"
    ))
}

/// A safe text makes the other one safe by escaping it.
fn add_texts(env: &Env, a: &Value, b: &Value) -> Result<Value, Error> {
    let (x, y) = (
        a.as_text().unwrap_or_default(),
        b.as_text().unwrap_or_default(),
    );
    env.budget.bytes(x.len() + y.len())?;
    Ok(match (a, b) {
        (Value::Safe(_), Value::Safe(_)) => Value::Safe((x.to_owned() + y).into()),
        (Value::Safe(_), _) => Value::Safe((x.to_owned() + &text::escape(y)).into()),
        (_, Value::Safe(_)) => Value::Safe((text::escape(x) + y).into()),
        _ => Value::text(x.to_owned() + y),
    })
}

fn joined(env: &Env, a: &[Value], b: &[Value]) -> Result<Vec<Value>, Error> {
    env.budget.elements(Some(a.len() + b.len()))?;
    Ok([a, b].concat())
}

/// `'ab' * 3`; `None` for other operands.
fn repeated(env: &Env, what: &Value, times: &Value) -> Option<Result<Value, Error>> {
    let times = usize::try_from(times.as_int()?.max(0)).ok()?;
    let size = |len: usize| len.checked_mul(times);
    match what {
        Value::Text(text) | Value::Safe(text) => {
            let fits = env.budget.bytes(size(text.len()).unwrap_or(usize::MAX));
            Some(fits.map(|()| Value::text(text.repeat(times))))
        }
        Value::List(items) => {
            let fits = env.budget.elements(size(items.items.len()));
            Some(fits.and_then(|()| Value::checked_list(copies(&items.items, times))))
        }
        Value::Tuple(items) => {
            let fits = env.budget.elements(size(items.items.len()));
            Some(fits.and_then(|()| Value::checked_tuple(copies(&items.items, times))))
        }
        _ => None,
    }
}

fn copies(items: &[Value], times: usize) -> Vec<Value> {
    let times = if items.is_empty() { 0 } else { times };
    std::iter::repeat_n(items, times)
        .flatten()
        .cloned()
        .collect()
}
