//! Formats one value: sign, digits, precision and width. Shared by both of Python's
//! ways to format.

use crate::jinja::error::{Error, fail};
use crate::jinja::value::Value;
use crate::jinja::value::number;

/// Maximum width, since widths come from templates.
const MAX_WIDTH: usize = 10_000;

/// A format: the part of Python's format mini-language that both ways share.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spec {
    pub(crate) fill: Option<char>,
    pub(crate) align: Option<char>,
    pub(crate) sign: Option<char>,
    pub(crate) alternate: bool,
    pub(crate) width: usize,
    pub(crate) commas: bool,
    pub(crate) precision: Option<usize>,
    pub(crate) kind: Option<char>,
}

/// A width or a precision within the limit.
pub(crate) fn bounded(width: Option<usize>) -> Result<Option<usize>, Error> {
    match width.filter(|width| *width <= MAX_WIDTH) {
        Some(width) => Ok(Some(width)),
        None => fail(format!("a field of more than {MAX_WIDTH} characters")),
    }
}

/// A number with sign, digits, separators and width.
pub(crate) fn number_field(value: &Value, spec: &Spec) -> Result<String, Error> {
    let Some(float) = number::as_float(value) else {
        return fail(format!("must be a real number, not {}", value.type_name()));
    };
    let is_negative = float < 0.0;
    let digits = digits(value, float.abs(), spec)?;
    let digits = if spec.commas {
        with_commas(&digits)
    } else {
        digits
    };
    let sign = match (is_negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    if spec.fill == Some('0') && matches!(spec.align, Some('>' | '=') | None) {
        let zeros = spec.width.saturating_sub(sign.len() + digits.len());
        return Ok(format!("{sign}{}{digits}", "0".repeat(zeros)));
    }
    let align = spec.align.or(Some('>'));
    Ok(pad(format!("{sign}{digits}"), &Spec { align, ..*spec }))
}

/// Without its sign.
fn digits(value: &Value, float: f64, spec: &Spec) -> Result<String, Error> {
    let int = value.as_int().map(i64::unsigned_abs);
    let kind = spec.kind.unwrap_or(if int.is_some() { 'd' } else { 'g' });
    let precision = spec.precision.unwrap_or(6);
    Ok(match (kind, int) {
        ('d' | 'n', Some(int)) => int.to_string(),
        ('x', Some(int)) => radix(spec, "0x", format!("{int:x}")),
        ('X', Some(int)) => radix(spec, "0X", format!("{int:X}")),
        ('o', Some(int)) => radix(spec, "0o", format!("{int:o}")),
        ('b', Some(int)) => radix(spec, "0b", format!("{int:b}")),
        ('f' | 'F', _) => format!("{float:.precision$}"),
        ('e' | 'E', _) => exponent(float, precision, kind),
        ('%', _) => format!("{:.precision$}%", float * 100.0),
        ('g' | 'G', _) if spec.kind.is_none() && spec.precision.is_none() => {
            number::float_repr(float)
        }
        ('g' | 'G', _) => general(float, precision),
        _ => {
            let of = value.type_name();
            return fail(format!("unknown format code '{kind}' for '{of}'"));
        }
    })
}

fn radix(spec: &Spec, prefix: &str, digits: String) -> String {
    match spec.alternate {
        true => format!("{prefix}{digits}"),
        false => digits,
    }
}

fn exponent(float: f64, precision: usize, kind: char) -> String {
    let written = format!("{float:.precision$e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{kind}{sign}{:02}", exponent.abs())
}

/// `%g`: this many significant digits, without trailing zeros.
fn general(float: f64, precision: usize) -> String {
    let precision = precision.max(1);
    let written = exponent(float, precision - 1, 'e');
    let (mantissa, power) = written.split_once('e').unwrap_or((&written, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let short = |digits: &str| match digits.contains('.') {
        true => digits
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        false => digits.to_owned(),
    };
    if (-4..precision as i32).contains(&power) {
        let decimals = (precision as i32 - 1 - power).max(0) as usize;
        return short(&format!("{float:.decimals$}"));
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", short(mantissa), power.abs())
}

fn with_commas(digits: &str) -> String {
    let end = digits.find(['.', 'e', '%']).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(end);
    let mut out = String::new();
    for (n, digit) in whole.chars().enumerate() {
        let left = whole.len() - n;
        out.push_str(if n > 0 && left.is_multiple_of(3) {
            ","
        } else {
            ""
        });
        out.push(digit);
    }
    out + rest
}

pub(crate) fn pad(field: String, spec: &Spec) -> String {
    let missing = spec.width.saturating_sub(field.chars().count());
    let left = match spec.align {
        Some('>') => missing,
        Some('^') => missing / 2,
        _ => 0,
    };
    let fill = spec.fill.unwrap_or(' ').to_string();
    format!(
        "{}{field}{}",
        fill.repeat(left),
        fill.repeat(missing - left)
    )
}
