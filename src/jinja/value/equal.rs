//! Python's `==`: numbers of all kinds compare, a text and a number do not.

use std::rc::Rc;

use super::Value;
use super::number::as_float;

/// `==`.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Undefined(_), Value::Undefined(_)) | (Value::None, Value::None) => true,
        (Value::List(x), Value::List(y)) | (Value::Tuple(x), Value::Tuple(y)) => {
            Rc::ptr_eq(x, y) || all_equal(&x.items, &y.items)
        }
        (Value::Dict(x), Value::Dict(y)) => {
            let same = |(key, value): &(Value, Value)| y.get(key).is_some_and(|v| equal(v, value));
            Rc::ptr_eq(x, y) || (x.len() == y.len() && x.iter().all(same))
        }
        (Value::Namespace(x), Value::Namespace(y)) => Rc::ptr_eq(x, y),
        (Value::Macro(x), Value::Macro(y)) => Rc::ptr_eq(x, y),
        (Value::Loop(x), Value::Loop(y)) => Rc::ptr_eq(x, y),
        (Value::Function(x), Value::Function(y)) => x == y,
        _ => match (a.as_text(), b.as_text()) {
            (Some(x), Some(y)) => x == y,
            (None, None) => numbers_equal(a, b),
            _ => false,
        },
    }
}

fn all_equal(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
}

fn numbers_equal(a: &Value, b: &Value) -> bool {
    match (a.as_int(), b.as_int()) {
        (Some(x), Some(y)) => x == y,
        _ => as_float(a).is_some_and(|x| as_float(b) == Some(x)),
    }
}
