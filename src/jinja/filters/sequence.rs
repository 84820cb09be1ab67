//! Filters for lists and dicts. Where jinja2 returns a generator, this returns a list.

use std::cmp::Ordering;

use super::selection::{map, select, select_attribute};
use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::python::access::reach;
use crate::jinja::python::operators;
use crate::jinja::python::text;
use crate::jinja::syntax::ast::Binary;
use crate::jinja::value::Value;
use crate::jinja::value::equal::equal;

const NAMES: [&str; 25] = [
    "batch",
    "count",
    "dictsort",
    "first",
    "groupby",
    "items",
    "join",
    "keys",
    "last",
    "length",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "slice",
    "sort",
    "sum",
    "unique",
    "values",
    "random",
];

pub(crate) fn exists(name: &str) -> bool {
    NAMES.contains(&name)
}

pub(crate) fn apply(env: &Env, name: &str, value: Value, args: Arguments) -> Result<Value, Error> {
    let passes_nothing = ["map", "select", "reject", "selectattr", "rejectattr"].contains(&name);
    if passes_nothing && !env.is_true(&value)? {
        return Ok(Value::list([]));
    }
    match name {
        "length" | "count" => length(env, &value, args).map(|n| Value::Int(n as i64)),
        "first" | "last" => {
            let items = env.iterate(&value)?;
            let end = if name == "first" {
                items.first()
            } else {
                items.last()
            };
            let none = || Value::undefined(format!("no {name} item, sequence was empty."));
            Ok(end.cloned().unwrap_or_else(none))
        }
        "list" => Value::checked_list(env.iterate(&value)?),
        "reverse" => reversed(env, &value),
        "join" => join(env, &value, args),
        "items" | "keys" | "values" | "dictsort" => of_dict(env, name, &value, args),
        "map" => map(env, &value, args),
        "select" | "reject" => select(env, &value, args, name == "select"),
        "selectattr" | "rejectattr" => select_attribute(env, &value, args, name == "selectattr"),
        "sort" => sort(env, &value, args),
        "min" | "max" => extreme(env, &value, args, name == "min"),
        "sum" => sum(env, &value, args),
        "unique" => unique(env, &value, args),
        "groupby" => group(env, &value, args),
        "batch" | "slice" => cut(env, &value, args, name == "batch"),
        _ => fail("random: a prompt must be the same each time"),
    }
}

fn length(env: &Env, value: &Value, args: Arguments) -> Result<usize, Error> {
    let [] = args.bind([])?;
    match value {
        Value::Undefined(what) => env.lenient(what).map(|()| 0),
        Value::Text(text) | Value::Safe(text) => Ok(text.chars().count()),
        Value::List(items) | Value::Tuple(items) => Ok(items.items.len()),
        Value::Dict(dict) => Ok(dict.len()),
        other => fail(format!(
            "object of type '{}' has no len()",
            other.type_name()
        )),
    }
}

fn reversed(env: &Env, value: &Value) -> Result<Value, Error> {
    if let Some(text) = value.as_text() {
        env.budget.bytes(text.len())?;
        return Ok(Value::text(text.chars().rev().collect::<String>()));
    }
    let mut items = env.iterate(value)?;
    items.reverse();
    Value::checked_list(items)
}

fn join(env: &Env, value: &Value, args: Arguments) -> Result<Value, Error> {
    let [separator, attribute] = args.bind(["d", "attribute"])?;
    let separator = text::display(env, &separator.unwrap_or(Value::text("")))?;
    let mut whole = String::new();
    for (n, item) in env.iterate(value)?.iter().enumerate() {
        let item = reach(item, attribute.as_ref())?;
        env.budget.bytes(separator.len())?;
        whole.push_str(if n > 0 { &separator } else { "" });
        whole.push_str(&text::display(env, &item)?);
    }
    Ok(Value::text(whole))
}

fn of_dict(env: &Env, name: &str, value: &Value, args: Arguments) -> Result<Value, Error> {
    let dict = match value {
        Value::Undefined(what) if name == "items" => {
            env.lenient(what)?;
            return Ok(Value::list([]));
        }
        Value::Dict(dict) => dict,
        Value::Undefined(what) => return fail(&**what),
        other => {
            return fail(format!(
                "`{name}` needs a mapping, not '{}'",
                other.type_name()
            ));
        }
    };
    env.budget.elements(Some(4 * dict.len()))?;
    match name {
        "keys" => Value::checked_list(dict.iter().map(|(key, _)| key.clone()).collect()),
        "values" => Value::checked_list(dict.iter().map(|(_, value)| value.clone()).collect()),
        "items" => Value::checked_list(dict.pairs()?),
        _ => {
            let [cased, by, reverse] = args.bind(["case_sensitive", "by", "reverse"])?;
            let by_value = by.as_ref().and_then(Value::as_text) == Some("value");
            let cased = is_on(&cased);
            let key = |pair: &(Value, Value)| {
                let (key, value) = pair;
                Ok(folded(if by_value { value } else { key }, cased))
            };
            let sorted = sorted_by(env, dict.iter().cloned().collect(), key, is_on(&reverse))?;
            let pair = |(key, value): (Value, Value)| Value::checked_tuple(vec![key, value]);
            Value::checked_list(sorted.into_iter().map(pair).collect::<Result<_, _>>()?)
        }
    }
}

fn is_on(flag: &Option<Value>) -> bool {
    flag.as_ref().is_some_and(Value::is_true)
}

/// In lower case, unless case matters.
fn folded(value: &Value, cased: bool) -> Value {
    match value.as_text() {
        Some(text) if !cased => Value::text(text.to_lowercase()),
        _ => value.clone(),
    }
}

/// A stable sort by `key`.
fn sorted_by<T>(
    env: &Env,
    items: Vec<T>,
    key: impl Fn(&T) -> Result<Value, Error>,
    reverse: bool,
) -> Result<Vec<T>, Error> {
    let mut keyed: Vec<(Value, T)> = Vec::with_capacity(items.len());
    for item in items {
        keyed.push((key(&item)?, item));
    }
    let weight: usize = keyed.iter().map(|(key, _)| key.weight() / 16 + 1).sum();
    env.budget
        .steps(weight.saturating_mul(keyed.len().max(2).ilog2() as usize))?;
    let mut failed = None;
    keyed.sort_by(|(a, _), (b, _)| {
        let order = operators::sorting_order(a, b).unwrap_or_else(|error| {
            failed = Some(error);
            Ordering::Equal
        });
        if reverse { order.reverse() } else { order }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
    }
}

fn sort(env: &Env, value: &Value, args: Arguments) -> Result<Value, Error> {
    let [reverse, cased, attribute] = args.bind(["reverse", "case_sensitive", "attribute"])?;
    let cased = is_on(&cased);
    let key = |item: &Value| Ok(folded(&reach(item, attribute.as_ref())?, cased));
    let sorted = sorted_by(env, env.iterate(value)?, key, is_on(&reverse))?;
    Value::checked_list(sorted)
}

fn extreme(env: &Env, value: &Value, args: Arguments, least: bool) -> Result<Value, Error> {
    let [cased, attribute] = args.bind(["case_sensitive", "attribute"])?;
    let cased = is_on(&cased);
    let key = |item: &Value| Ok(folded(&reach(item, attribute.as_ref())?, cased));
    let sorted = sorted_by(env, env.iterate(value)?, key, !least)?;
    let none = || Value::undefined("No aggregated item, sequence was empty.");
    Ok(sorted.into_iter().next().unwrap_or_else(none))
}

fn sum(env: &Env, value: &Value, args: Arguments) -> Result<Value, Error> {
    let [attribute, start] = args.bind(["attribute", "start"])?;
    let mut total = start.unwrap_or(Value::Int(0));
    for item in env.iterate(value)? {
        let item = reach(&item, attribute.as_ref())?;
        total = operators::binary(env, &total, Binary::Add, &item)?;
    }
    Ok(total)
}

fn unique(env: &Env, value: &Value, args: Arguments) -> Result<Value, Error> {
    let [cased, attribute] = args.bind(["case_sensitive", "attribute"])?;
    let cased = is_on(&cased);
    let mut seen: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for item in env.iterate(value)? {
        let key = folded(&reach(&item, attribute.as_ref())?, cased);
        env.budget
            .steps(seen.len().saturating_mul(key.weight() / 64 + 1))?;
        if !seen.iter().any(|known| equal(known, &key)) {
            seen.push(key);
            kept.push(item);
        }
    }
    Value::checked_list(kept)
}

fn group(env: &Env, value: &Value, args: Arguments) -> Result<Value, Error> {
    let [attribute, default, cased] = args.bind(["attribute", "default", "case_sensitive"])?;
    let cased = is_on(&cased);
    let key = |item: &Value| {
        let found = reach(item, attribute.as_ref())?;
        Ok(match (found.is_undefined(), &default) {
            (true, Some(default)) => default.clone(),
            _ => found,
        })
    };
    let by = |item: &Value| Ok(folded(&key(item)?, cased));
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in sorted_by(env, env.iterate(value)?, by, false)? {
        let key = key(&item)?;
        match groups.last_mut() {
            Some((known, items)) if equal(&folded(known, cased), &folded(&key, cased)) => {
                items.push(item)
            }
            _ => groups.push((key, vec![item])),
        }
    }
    let pair = |(key, items)| Value::checked_tuple(vec![key, Value::checked_list(items)?]);
    Value::checked_list(groups.into_iter().map(pair).collect::<Result<_, _>>()?)
}

/// `batch(n)`: lists of n; `slice(n)`: n lists.
fn cut(env: &Env, value: &Value, args: Arguments, in_batches: bool) -> Result<Value, Error> {
    let [n, fill] = args.bind([if in_batches { "linecount" } else { "slices" }, "fill_with"])?;
    let items = env.iterate(value)?;
    let n = n
        .and_then(|n| n.as_int())
        .and_then(|n| usize::try_from(n).ok());
    let Some(n) = n.filter(|n| *n > 0) else {
        return fail("needs a number above 0");
    };
    env.budget.elements(n.checked_add(items.len()))?;
    let parts = match in_batches {
        true => batches(&items, n, fill.as_ref()),
        false => slices(&items, n, fill.as_ref()),
    };
    let parts = parts.into_iter().map(Value::checked_list);
    Value::checked_list(parts.collect::<Result<_, _>>()?)
}

/// Lists of `n`; the last one is padded.
fn batches(items: &[Value], n: usize, fill: Option<&Value>) -> Vec<Vec<Value>> {
    items.chunks(n).map(|part| filled(part, n, fill)).collect()
}

/// `n` lists, the longer ones first; the others are padded.
fn slices(items: &[Value], n: usize, fill: Option<&Value>) -> Vec<Vec<Value>> {
    let (per, extra) = (items.len() / n, items.len() % n);
    let mut rest = items;
    let slice = |at| {
        let (part, after) = rest.split_at(per + usize::from(at < extra));
        rest = after;
        filled(part, per + usize::from(extra > 0), fill)
    };
    (0..n).map(slice).collect()
}

fn filled(part: &[Value], len: usize, fill: Option<&Value>) -> Vec<Value> {
    let mut part = part.to_vec();
    if let Some(fill) = fill {
        part.resize(len.max(part.len()), fill.clone());
    }
    part
}
