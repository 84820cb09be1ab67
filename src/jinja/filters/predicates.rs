//! Tests (after `is`).

use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::filters;
use crate::jinja::python::access;
use crate::jinja::python::operators;
use crate::jinja::syntax::ast::{Binary, Comparison};
use crate::jinja::value::Value;
use crate::jinja::value::equal::equal;

const NAMES: [&str; 36] = [
    "defined",
    "undefined",
    "none",
    "boolean",
    "true",
    "false",
    "integer",
    "float",
    "number",
    "string",
    "mapping",
    "sequence",
    "iterable",
    "callable",
    "escaped",
    "sameas",
    "odd",
    "even",
    "divisibleby",
    "lower",
    "upper",
    "in",
    "eq",
    "equalto",
    "==",
    "ne",
    "!=",
    "lt",
    "lessthan",
    "le",
    "gt",
    "greaterthan",
    "ge",
    "filter",
    "test",
    "<",
];

/// Whether the value passes a test.
///
/// # Errors
/// An unknown test, or an unsuitable value.
pub(crate) fn test(env: &Env, name: &str, value: &Value, args: Arguments) -> Result<bool, Error> {
    if let Some(how) = comparison(name) {
        let [other] = args.bind(["other"])?;
        let Some(other) = other else {
            return fail(format!("`is {name}` needs a value to compare with"));
        };
        return operators::compare(env, value, how, &other);
    }
    match name {
        "sameas" => {
            let [other] = args.bind(["other"])?;
            Ok(other.is_some_and(|other| is_same(value, &other)))
        }
        "divisibleby" => {
            let [by] = args.bind(["num"])?;
            let by = by.unwrap_or(Value::None);
            let rest = operators::binary(env, value, Binary::Modulo, &by)?;
            Ok(equal(&rest, &Value::Int(0)))
        }
        "odd" | "even" => match value.as_int() {
            Some(int) => Ok((int % 2 != 0) == (name == "odd")),
            None => fail(format!(
                "`is {name}` needs an integer, not '{}'",
                value.type_name()
            )),
        },
        _ => {
            let [] = args.bind([])?;
            of_kind(name, value)
        }
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        "eq" | "equalto" | "==" => Comparison::Equal,
        "ne" | "!=" => Comparison::NotEqual,
        "lt" | "lessthan" | "<" => Comparison::Less,
        "le" | "<=" => Comparison::LessEqual,
        "gt" | "greaterthan" | ">" => Comparison::Greater,
        "ge" | ">=" => Comparison::GreaterEqual,
        "in" => Comparison::In,
        _ => return None,
    })
}

fn of_kind(name: &str, value: &Value) -> Result<bool, Error> {
    let is_list = matches!(value, Value::List(_) | Value::Tuple(_));
    let is_text = value.as_text().is_some();
    let is_dict = matches!(value, Value::Dict(_));
    Ok(match name {
        "defined" => !value.is_undefined(),
        "undefined" => value.is_undefined(),
        "none" => matches!(value, Value::None),
        "boolean" => matches!(value, Value::Bool(_)),
        "true" => matches!(value, Value::Bool(true)),
        "false" => matches!(value, Value::Bool(false)),
        "integer" => matches!(value, Value::Int(_)),
        "float" => matches!(value, Value::Float(_)),
        "number" => matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_)),
        "string" => is_text,
        "mapping" => is_dict,
        // An undefined value is empty, and so iterable.
        "sequence" | "iterable" => is_list || is_text || is_dict || value.is_undefined(),
        "callable" => access::is_callable(value),
        "escaped" => matches!(value, Value::Safe(_)),
        "lower" | "upper" => {
            let text = value.as_text().unwrap_or_default();
            let (lower, upper) = (char::is_lowercase, char::is_uppercase);
            let (is, is_not) = if name == "lower" {
                (lower as fn(char) -> bool, upper as fn(char) -> bool)
            } else {
                (upper as _, lower as _)
            };
            text.chars().any(is) && !text.chars().any(is_not)
        }
        "filter" => value.as_text().is_some_and(filters::exists),
        "test" => value.as_text().is_some_and(exists),
        _ => return fail(format!("no test named '{name}'")),
    })
}

pub(crate) fn exists(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Python's `is`, as far as values have an identity here.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Undefined(_), Value::Undefined(_)) => false,
        (Value::List(x), Value::List(y)) | (Value::Tuple(x), Value::Tuple(y)) => {
            std::rc::Rc::ptr_eq(x, y)
        }
        (Value::Dict(x), Value::Dict(y)) => std::rc::Rc::ptr_eq(x, y),
        _ => a.type_name() == b.type_name() && equal(a, b),
    }
}
