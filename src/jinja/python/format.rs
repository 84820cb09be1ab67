//! Python's `str.format`: `'{} {name:>10}'.format(x, name=y)`.

use super::access;
use super::field::{Spec, bounded, number_field, pad};
use super::text;
use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::value::Value;
use crate::jinja::value::number;

/// `text.format(..)`.
pub(crate) fn format(env: &Env, text: &str, args: &Arguments) -> Result<String, Error> {
    let mut out = String::new();
    let mut rest = text;
    let mut n_auto = 0;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
        if after.starts_with(brace) {
            out.push_str(brace);
            rest = &after[1..];
            continue;
        }
        let Some(end) = after.find('}').filter(|_| brace == "{") else {
            return fail("Single '}' or '{' encountered in format string");
        };
        let field = brace_field(env, &after[..end], args, &mut n_auto)?;
        env.budget.bytes(field.len())?;
        out.push_str(&field);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn brace_field(
    env: &Env,
    field: &str,
    args: &Arguments,
    n_auto: &mut usize,
) -> Result<String, Error> {
    let (what, spec) = field.split_once(':').unwrap_or((field, ""));
    let (what, conversion) = what.split_once('!').unwrap_or((what, ""));
    let value = brace_value(what, args, n_auto)?;
    let value = match conversion {
        "r" => Value::text(text::repr(env, &value)?),
        "s" => Value::text(text::display(env, &value)?),
        _ => value,
    };
    let spec = brace_spec(spec)?;
    let is_number = number::as_float(&value).is_some() && !matches!(value, Value::Bool(_));
    if is_number
        && (spec.kind.is_some()
            || spec.width > 0
            || spec.commas
            || spec.precision.is_some()
            || spec.sign.is_some())
    {
        return number_field(&value, &spec);
    }
    let shown = text::display(env, &value)?;
    let cut = spec.precision.unwrap_or(usize::MAX);
    Ok(pad(shown.chars().take(cut).collect(), &spec))
}

/// `0`, `name`, `0.attribute`, `name[key]`, or nothing for the next one.
fn brace_value(what: &str, args: &Arguments, n_auto: &mut usize) -> Result<Value, Error> {
    let end = what.find(['.', '[']).unwrap_or(what.len());
    let (first, mut rest) = what.split_at(end);
    let mut value = match first.parse::<usize>() {
        Ok(at) => args.positional.get(at).cloned(),
        Err(_) if first.is_empty() => {
            *n_auto += 1;
            args.positional.get(*n_auto - 1).cloned()
        }
        Err(_) => args
            .named
            .iter()
            .find(|(name, _)| name == first)
            .map(|(_, value)| value.clone()),
    };
    while let Some(found) = &value
        && !rest.is_empty()
    {
        let (key, after) = match rest
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'))
        {
            Some(cut) => cut,
            None => {
                let inner = &rest[1..];
                inner.split_at(inner.find(['.', '[']).unwrap_or(inner.len()))
            }
        };
        let index = key.parse().map_or_else(|_| Value::text(key), Value::Int);
        value = Some(access::item(found, &index)?);
        rest = after;
    }
    value.ok_or_else(|| Error::new(format!("format() is not given `{first}`")))
}

fn brace_spec(text: &str) -> Result<Spec, Error> {
    let mut spec = Spec::default();
    let mut chars: Vec<char> = text.chars().collect();
    chars.reverse();
    if chars.len() >= 2 && "<>^=".contains(chars[chars.len() - 2]) {
        spec.fill = chars.pop();
    }
    let mut take = |wanted: &str| match chars.last() {
        Some(c) if wanted.contains(*c) => chars.pop(),
        _ => None,
    };
    spec.align = take("<>^=");
    spec.sign = take("+- ");
    spec.alternate = take("#").is_some();
    if take("0").is_some() {
        spec.fill.get_or_insert('0');
    }
    let digits = |take: &mut dyn FnMut(&str) -> Option<char>| {
        let mut digits = String::new();
        while let Some(digit) = take("0123456789") {
            digits.push(digit);
        }
        digits
    };
    let width = digits(&mut take);
    spec.commas = take(",_").is_some();
    let precision = take(".").map(|_| digits(&mut take));
    spec.kind = chars.pop();
    if !width.is_empty() {
        spec.width = bounded(width.parse().ok())?.unwrap_or(0);
    }
    if let Some(precision) = precision {
        spec.precision = bounded(precision.parse().ok())?;
    }
    Ok(spec)
}
