//! Python's older way to fill values into a text: `'%s' % x`.

use super::field::{Spec, bounded, number_field, pad};
use super::text;
use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::value::Value;
use crate::jinja::value::number;

/// `text % values`.
pub(crate) fn format(env: &Env, text: &str, values: &Value) -> Result<String, Error> {
    let mut given = match values {
        Value::Tuple(items) => items.items.clone(),
        single => vec![single.clone()],
    }
    .into_iter();
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let mut by_name = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut name = None;
        if chars.next_if_eq(&'(').is_some() {
            name = Some(chars.by_ref().take_while(|c| *c != ')').collect::<String>());
        }
        let mut next_int = || given.next().and_then(|value| value.as_int());
        let spec = percent_spec(&mut chars, &mut next_int)?;
        if spec.kind == Some('%') {
            out.push('%');
            continue;
        }
        by_name |= name.is_some();
        let value = match name {
            Some(name) => named(values, &name)?,
            None => next(&mut given)?,
        };
        let field = percent_field(env, &value, &spec)?;
        env.budget.bytes(field.len())?;
        out.push_str(&field);
    }
    if !by_name && given.next().is_some() && !matches!(values, Value::Dict(_)) {
        return fail("not all arguments converted during string formatting");
    }
    Ok(out)
}

fn next(given: &mut impl Iterator<Item = Value>) -> Result<Value, Error> {
    let none = || Error::new("not enough arguments for format string");
    given.next().ok_or_else(none)
}

fn named(values: &Value, name: &str) -> Result<Value, Error> {
    let Value::Dict(dict) = values else {
        return fail("format requires a mapping");
    };
    let found = dict.get_text(name).cloned();
    found.ok_or_else(|| Error::new(format!("no value for '{name}' to format")))
}

/// `text|format(..)`.
pub(crate) fn format_filter(env: &Env, text: &str, args: Arguments) -> Result<String, Error> {
    if args.named.is_empty() {
        return format(env, text, &Value::checked_tuple(args.positional)?);
    }
    let named = args
        .named
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    format(env, text, &Value::dict(named))
}

fn percent_spec(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    next_int: &mut impl FnMut() -> Option<i64>,
) -> Result<Spec, Error> {
    let mut spec = Spec {
        align: Some('>'),
        ..Spec::default()
    };
    while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => spec.align = Some('<'),
            '0' => spec.fill = Some('0'),
            '#' => spec.alternate = true,
            sign => spec.sign = Some(sign),
        }
    }
    spec.width = count(chars, next_int)?.unwrap_or(0);
    if chars.next_if_eq(&'.').is_some() {
        spec.precision = Some(count(chars, next_int)?.unwrap_or(0));
    }
    spec.kind = chars.next();
    if spec.kind.is_none() {
        return fail("incomplete format");
    }
    Ok(spec)
}

fn count(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    next_int: &mut impl FnMut() -> Option<i64>,
) -> Result<Option<usize>, Error> {
    if chars.next_if_eq(&'*').is_some() {
        let given = next_int().and_then(|int| usize::try_from(int).ok());
        return bounded(given);
    }
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    match digits.is_empty() {
        true => Ok(None),
        false => bounded(digits.parse().ok()),
    }
}

fn percent_field(env: &Env, value: &Value, spec: &Spec) -> Result<String, Error> {
    match spec.kind {
        Some('s' | 'r' | 'a') => {
            let text = match spec.kind {
                Some('s') => text::display(env, value)?,
                _ => text::repr(env, value)?,
            };
            let cut = spec.precision.unwrap_or(usize::MAX);
            let field: String = text.chars().take(cut).collect();
            Ok(pad(
                field,
                &Spec {
                    fill: None,
                    ..*spec
                },
            ))
        }
        Some('d' | 'i' | 'u') => {
            let Some(float) = number::as_float(value) else {
                return fail(format!(
                    "%d format: a real number is required, not {}",
                    value.type_name()
                ));
            };
            let int = value.as_int().or_else(|| number::to_int(float));
            let spec = Spec {
                kind: Some('d'),
                ..*spec
            };
            number_field(&Value::Int(int.unwrap_or_default()), &spec)
        }
        Some('c') => match value.as_text() {
            Some(text) => Ok(pad(text.to_owned(), spec)),
            None => fail("%c needs a character"),
        },
        _ => number_field(value, spec),
    }
}
