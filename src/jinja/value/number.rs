//! Numbers as computed and printed by Python. Integers have 64 bits; overflow is an error.

use crate::jinja::error::{Error, fail};
use crate::jinja::syntax::ast::Binary;
use crate::jinja::value::Value;

/// `a + b` and the like, of two numbers; `None` if one is not a number.
pub(crate) fn calculate(
    left: &Value,
    operator: Binary,
    right: &Value,
) -> Option<Result<Value, Error>> {
    if let (Some(a), Some(b)) = (left.as_int(), right.as_int()) {
        return Some(integers(a, operator, b));
    }
    let (a, b) = (as_float(left)?, as_float(right)?);
    Some(floats(a, operator, b).map(Value::Float))
}

pub(crate) fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        other => other.as_int().map(|int| int as f64),
    }
}

fn integers(a: i64, operator: Binary, b: i64) -> Result<Value, Error> {
    let result = match operator {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        Binary::Divide => return floats(a as f64, operator, b as f64).map(Value::Float),
        Binary::FloorDivide | Binary::Modulo if b == 0 => return fail("division by zero"),
        Binary::FloorDivide => a
            .checked_sub(a.rem_euclid_like(b))
            .and_then(|n| n.checked_div(b)),
        Binary::Modulo => Some(a.rem_euclid_like(b)),
        Binary::Power if b < 0 => {
            return floats(a as f64, operator, b as f64).map(Value::Float);
        }
        Binary::Power => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
    };
    match result {
        Some(int) => Ok(Value::Int(int)),
        None => fail("an integer beyond 64 bits"),
    }
}

fn floats(a: f64, operator: Binary, b: f64) -> Result<f64, Error> {
    Ok(match operator {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Power => a.powf(b),
        _ if b == 0.0 => return fail("division by zero"),
        Binary::Divide => a / b,
        Binary::FloorDivide => (a / b).floor(),
        Binary::Modulo => a - b * (a / b).floor(),
    })
}

/// Python's `%`: the sign is the divisor's.
trait FloorRemainder {
    fn rem_euclid_like(self, divisor: Self) -> Self;
}

impl FloorRemainder for i64 {
    fn rem_euclid_like(self, divisor: i64) -> i64 {
        let rest = self.wrapping_rem(divisor);
        match rest != 0 && (rest < 0) != (divisor < 0) {
            true => rest + divisor,
            false => rest,
        }
    }
}

/// `repr` of a float: the fewest digits that read back as the same number.
pub(crate) fn float_repr(float: f64) -> String {
    if float.is_nan() {
        return "nan".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.into();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{float}");
        return match plain.contains('.') {
            true => plain,
            false => plain + ".0",
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `int(value)`, towards zero.
pub(crate) fn to_int(float: f64) -> Option<i64> {
    let whole = float.trunc();
    (whole.is_finite() && whole.abs() < 9.2e18).then_some(whole as i64)
}
