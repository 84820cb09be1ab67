//! Filters (after `|`) for texts and numbers. Those for lists are in `sequence.rs`.

mod json;
pub(crate) mod predicates;
mod selection;
mod sequence;

use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::python::access;
use crate::jinja::python::methods;
use crate::jinja::python::operators;
use crate::jinja::python::percent;
use crate::jinja::python::text;
use crate::jinja::syntax::ast::Binary;
use crate::jinja::syntax::space::is_space;
use crate::jinja::value::Value;
use crate::jinja::value::number;

const NAMES: [&str; 36] = [
    "abs",
    "bool",
    "capitalize",
    "center",
    "d",
    "default",
    "e",
    "escape",
    "float",
    "forceescape",
    "format",
    "indent",
    "int",
    "json",
    "lower",
    "replace",
    "round",
    "safe",
    "string",
    "title",
    "tojson",
    "trim",
    "truncate",
    "upper",
    "wordcount",
    "lines",
    "split",
    "count",
    "length",
    "attr",
    "max",
    "min",
    "sum",
    "sort",
    "join",
    "list",
];

pub(crate) fn exists(name: &str) -> bool {
    NAMES.contains(&name) || sequence::exists(name)
}

/// The result of a filter.
///
/// # Errors
/// An unknown filter, wrong arguments, an unsuitable value.
pub(crate) fn apply(env: &Env, name: &str, value: Value, args: Arguments) -> Result<Value, Error> {
    match name {
        "default" | "d" => return default(env, value, args),
        "abs" | "int" | "float" | "round" => return of_number(env, name, value, args),
        "tojson" => return json::tojson(env, &value, args).map(Value::text),
        "json" => return compact_json(env, &value, args),
        "bool" => return env.is_true(&value).map(Value::Bool),
        "safe" => return Ok(Value::Safe(text::display(env, &value)?.into())),
        "attr" => {
            let [name] = args.bind(["name"])?;
            let name = text::display(env, &name.unwrap_or(Value::None))?;
            // Unlike the dot, this never gives an item.
            let found = access::built_in(&value, &name)?;
            return Ok(found.unwrap_or_else(|| Value::undefined(format!("no attribute '{name}'"))));
        }
        _ if sequence::exists(name) => return sequence::apply(env, name, value, args),
        _ => {}
    }
    if !NAMES.contains(&name) {
        return fail(format!("no filter named '{name}'"));
    }
    let text = text::display(env, &value)?;
    of_text(env, name, &text, args)
}

fn of_text(env: &Env, name: &str, text: &str, args: Arguments) -> Result<Value, Error> {
    env.budget.bytes(text.len())?;
    Ok(match name {
        "string" => Value::text(text),
        "upper" => Value::text(text.to_uppercase()),
        "lower" => Value::text(text.to_lowercase()),
        "capitalize" => Value::text(text::capitalize(text)),
        "title" => Value::text(filter_title(text)),
        "e" | "escape" | "forceescape" => Value::Safe(text::escape(text).into()),
        "wordcount" => Value::Int(words(text).count() as i64),
        "trim" => {
            let [chars] = args.bind(["chars"])?;
            Value::text(methods::stripped(text, chars, true, true)?)
        }
        "replace" => {
            let [old, new, count] = args.bind(["s", "new", "count"])?;
            let (Some(old), Some(new)) = (old, new) else {
                return fail("replace needs an old and a new string");
            };
            let count = count.and_then(|count| count.as_int()).unwrap_or(-1);
            let (old, new) = (text::display(env, &old)?, text::display(env, &new)?);
            Value::text(methods::replaced(env, text, &old, &new, count)?)
        }
        "indent" => Value::text(indent(env, text, args)?),
        "center" => {
            let [width] = args.bind(["width"])?;
            let width = width.unwrap_or(Value::Int(80));
            let args = Arguments {
                positional: vec![width],
                named: Vec::new(),
            };
            methods::call(env, &Value::text(text), "center", args)?
        }
        "truncate" => Value::text(truncate(text, args)?),
        "format" => Value::text(percent::format_filter(env, text, args)?),
        "lines" => methods::call(env, &Value::text(text), "splitlines", args)?,
        "split" => methods::call(env, &Value::text(text), "split", args)?,
        _ => return fail(format!("no filter named '{name}'")),
    })
}

/// As [`text::display`] of a non-list; words of letters, digits and `_`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c| !in_word(c))
        .filter(|word| !word.is_empty())
}

/// Unlike the method, the filter starts words only after spaces and brackets.
fn filter_title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars() {
        match starts {
            true => out.extend(c.to_uppercase()),
            false => out.extend(c.to_lowercase()),
        }
        starts = is_space(c) || "-({[<".contains(c);
    }
    out
}

fn default(env: &Env, value: Value, args: Arguments) -> Result<Value, Error> {
    let [default, also_false] = args.bind(["default_value", "boolean"])?;
    let also_false = also_false.is_some_and(|also| also.is_true());
    let is_missing = value.is_undefined() || (also_false && !env.is_true(&value)?);
    Ok(match is_missing {
        true => default.unwrap_or(Value::text("")),
        false => value,
    })
}

fn of_number(env: &Env, name: &str, value: Value, args: Arguments) -> Result<Value, Error> {
    if let Value::Undefined(what) = &value {
        return fail(&**what);
    }
    match name {
        "abs" => match (&value, number::as_float(&value)) {
            (Value::Float(float), _) => Ok(Value::Float(float.abs())),
            (_, Some(float)) if float < 0.0 => {
                operators::binary(env, &Value::Int(-1), Binary::Multiply, &value)
            }
            (_, Some(_)) => Ok(value),
            _ => fail(format!(
                "bad operand type for abs(): '{}'",
                value.type_name()
            )),
        },
        "int" => {
            let [default, base] = args.bind(["default", "base"])?;
            let base = base.and_then(|base| base.as_int()).unwrap_or(10);
            let default = default.unwrap_or(Value::Int(0));
            Ok(to_int(&value, base).map_or(default, Value::Int))
        }
        "float" => {
            let [default] = args.bind(["default"])?;
            let default = default.unwrap_or(Value::Float(0.0));
            Ok(to_float(&value).map_or(default, Value::Float))
        }
        _ => {
            let [precision, method] = args.bind(["precision", "method"])?;
            let precision = precision.and_then(|p| p.as_int()).unwrap_or(0);
            let method = method
                .as_ref()
                .and_then(Value::as_text)
                .unwrap_or("common")
                .to_owned();
            round(&value, precision, &method)
        }
    }
}

fn to_int(value: &Value, base: i64) -> Option<i64> {
    if let Some(text) = value.as_text() {
        let digits = text.trim().replace('_', "");
        let base = u32::try_from(base)
            .ok()
            .filter(|base| (2..=36).contains(base))?;
        let prefix = match base {
            16 => "0x",
            8 => "0o",
            2 => "0b",
            _ => "",
        };
        let digits = digits.strip_prefix(prefix).unwrap_or(&digits);
        let whole = i64::from_str_radix(digits, base).ok();
        return whole.or_else(|| number::to_int(digits.parse().ok()?));
    }
    match value.as_int() {
        Some(int) => Some(int),
        None => number::to_int(number::as_float(value)?),
    }
}

fn to_float(value: &Value) -> Option<f64> {
    match value.as_text() {
        Some(text) => text.trim().replace('_', "").parse().ok(),
        None => number::as_float(value),
    }
}

/// Python rounds half to even, on the decimal digits; `common` is that.
fn round(value: &Value, precision: i64, method: &str) -> Result<Value, Error> {
    let Some(float) = number::as_float(value) else {
        return fail(format!("cannot round '{}'", value.type_name()));
    };
    let precision = precision.clamp(-300, 300) as i32;
    let scale = 10f64.powi(precision);
    Ok(match method {
        "ceil" => Value::Float((float * scale).ceil() / scale),
        "floor" => Value::Float((float * scale).floor() / scale),
        "common" => match value.as_int() {
            Some(_) if precision >= 0 => value.clone(),
            _ if precision >= 0 => {
                let digits = format!("{float:.*}", precision as usize);
                Value::Float(digits.parse().unwrap_or(float))
            }
            _ => Value::Float((float * scale).round_ties_even() / scale),
        },
        _ => return fail("round: method is common, ceil or floor"),
    })
}

/// The frameworks' filter: JSON without spaces.
fn compact_json(env: &Env, value: &Value, args: Arguments) -> Result<Value, Error> {
    let [] = args.bind([])?;
    if let Value::Undefined(what) = value {
        env.lenient(what)?;
    }
    let separators = Value::list([",", ":"].map(Value::text));
    let args = Arguments {
        positional: Vec::new(),
        named: vec![("separators".into(), separators)],
    };
    json::tojson(env, value, args).map(Value::text)
}

fn indent(env: &Env, text: &str, args: Arguments) -> Result<String, Error> {
    let [width, first, blank] = args.bind(["width", "first", "blank"])?;
    let on = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_true());
    let (first, blank) = (on(first), on(blank));
    let indent = match width {
        None => " ".repeat(4),
        Some(Value::Int(n)) => {
            let n = usize::try_from(n).unwrap_or(0);
            env.budget.bytes(n)?;
            " ".repeat(n)
        }
        Some(other) => other.as_text().unwrap_or_default().to_owned(),
    };
    let n_lines = text.matches('\n').count() + 1;
    env.budget.bytes(indent.len().saturating_mul(n_lines))?;
    let mut out = String::with_capacity(text.len() + indent.len() * n_lines);
    for (n, line) in text.split('\n').enumerate() {
        out.push_str(if n > 0 { "\n" } else { "" });
        let is_indented = if n == 0 {
            first
        } else {
            blank || !line.is_empty()
        };
        out.push_str(if is_indented { &indent } else { "" });
        out.push_str(line);
    }
    Ok(out)
}

fn truncate(text: &str, args: Arguments) -> Result<String, Error> {
    let [length, kill_words, end, leeway] = args.bind(["length", "killwords", "end", "leeway"])?;
    let count = |value: Option<Value>, default: usize| {
        let given = value.and_then(|value| value.as_int());
        given.map_or(default, |n| usize::try_from(n).unwrap_or(0))
    };
    let (length, leeway) = (count(length, 255), count(leeway, 5));
    let end = end
        .as_ref()
        .and_then(Value::as_text)
        .unwrap_or("...")
        .to_owned();
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text.to_owned());
    }
    let Some(kept) = length.checked_sub(end.chars().count()) else {
        return fail("truncate: the end is longer than the length");
    };
    let cut: String = text.chars().take(kept).collect();
    let cut = match kill_words.is_some_and(|kill| kill.is_true()) {
        true => &cut,
        false => cut.rsplit_once(' ').map_or(&*cut, |(before, _)| before),
    };
    Ok(cut.to_owned() + &end)
}
