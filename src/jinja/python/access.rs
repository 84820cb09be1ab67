//! Access to values: attributes, items, slices, and which methods Python's have.

use std::rc::Rc;

use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::value::Value;
use crate::jinja::value::equal::equal;
use crate::jinja::value::scope::LoopState;

const OF_TEXT: [&str; 38] = [
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "rsplit",
    "splitlines",
    "startswith",
    "endswith",
    "replace",
    "upper",
    "lower",
    "title",
    "capitalize",
    "swapcase",
    "casefold",
    "find",
    "rfind",
    "index",
    "rindex",
    "count",
    "join",
    "format",
    "isdigit",
    "isdecimal",
    "isnumeric",
    "isalpha",
    "isalnum",
    "isspace",
    "isupper",
    "islower",
    "removeprefix",
    "removesuffix",
    "zfill",
    "ljust",
    "rjust",
    "center",
    "partition",
    "rpartition",
];
const OF_DICT: [&str; 5] = ["get", "items", "keys", "values", "copy"];
const OF_LIST: [&str; 3] = ["index", "count", "copy"];
const OF_LOOP: [&str; 2] = ["cycle", "changed"];
/// They mutate their value, which the sandbox forbids.
const CHANGING: [&str; 12] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "reverse",
    "sort",
    "update",
    "setdefault",
    "popitem",
    "__setitem__",
];

/// `value.name`: a method first, then an item of this name.
pub(crate) fn attribute(value: &Value, name: &str) -> Result<Value, Error> {
    if let Value::Undefined(what) = value {
        return fail(&**what);
    }
    if let Some(found) = built_in(value, name)? {
        return Ok(found);
    }
    let item = match value {
        Value::Dict(dict) => dict.get_text(name).cloned(),
        _ => None,
    };
    Ok(item.unwrap_or_else(|| missing(value, &format!("attribute '{name}'"))))
}

/// `value[index]`: an item first, then an attribute of this name.
pub(crate) fn item(value: &Value, index: &Value) -> Result<Value, Error> {
    let found = match value {
        Value::Undefined(what) => return fail(&**what),
        Value::Dict(dict) => dict.get(index).cloned(),
        Value::List(items) | Value::Tuple(items) => {
            let at = index.as_int().and_then(|at| place(at, items.items.len()));
            at.map(|at| items.items[at].clone())
        }
        Value::Text(text) | Value::Safe(text) => index.as_int().and_then(|at| char_at(text, at)),
        _ => None,
    };
    if let Some(found) = found {
        return Ok(found);
    }
    if let Some(name) = index.as_text()
        && let Some(found) = built_in(value, name)?
    {
        return Ok(found);
    }
    let name = match index.as_text() {
        Some(name) => format!("attribute '{name}'"),
        None => format!("element {}", index.as_int().unwrap_or_default()),
    };
    Ok(missing(value, &name))
}

fn missing(value: &Value, what: &str) -> Value {
    Value::undefined(format!("'{} object' has no {what}", value.type_name()))
}

/// An index that may count from the end.
fn place(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at + len as i64 } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn char_at(text: &str, at: i64) -> Option<Value> {
    let at = match at < 0 {
        true => place(at, text.chars().count())?,
        false => at as usize,
    };
    text.chars().nth(at).map(|c| Value::text(c.to_string()))
}

/// A method, or an attribute of a loop or namespace.
pub(crate) fn built_in(value: &Value, name: &str) -> Result<Option<Value>, Error> {
    let known: &[&str] = match value {
        Value::Text(_) | Value::Safe(_) => &OF_TEXT,
        Value::Dict(_) => &OF_DICT,
        Value::List(_) | Value::Tuple(_) => &OF_LIST,
        Value::Namespace(space) => return Ok(space.attributes.borrow().get_text(name).cloned()),
        Value::Loop(state) => match loop_attribute(state, name) {
            Some(found) => return Ok(Some(found)),
            None => &OF_LOOP,
        },
        Value::Macro(found) if name == "name" => {
            return Ok(Some(Value::text(found.definition.name.as_str())));
        }
        _ => &[],
    };
    if known.contains(&name) {
        return Ok(Some(Value::Method(Rc::new((
            value.clone(),
            name.to_owned(),
        )))));
    }
    let has_key = matches!(value, Value::Dict(dict) if dict.get_text(name).is_some());
    if CHANGING.contains(&name) && matches!(value, Value::List(_) | Value::Dict(_)) && !has_key {
        let kind = value.type_name();
        return fail(format!(
            "access to attribute '{name}' of '{kind}' object is unsafe."
        ));
    }
    Ok(None)
}

fn loop_attribute(state: &LoopState, name: &str) -> Option<Value> {
    let (index, len) = (state.index, state.items.len());
    let number = |n: usize| Some(Value::Int(n as i64));
    let neighbour = |at: Option<usize>, which: &str| {
        let found = at.and_then(|at| state.items.get(at).cloned());
        Some(found.unwrap_or_else(|| Value::undefined(format!("there is no {which} item"))))
    };
    match name {
        "index" => number(index + 1),
        "index0" => number(index),
        "revindex" => number(len - index),
        "revindex0" => number(len - index - 1),
        "first" => Some(Value::Bool(index == 0)),
        "last" => Some(Value::Bool(index + 1 == len)),
        "length" => number(len),
        "depth" => number(state.depth + 1),
        "depth0" => number(state.depth),
        "previtem" => neighbour(index.checked_sub(1), "previous"),
        "nextitem" => neighbour(index.checked_add(1), "next"),
        _ => None,
    }
}

/// `loop.cycle(..)` and `loop.changed(..)`.
pub(crate) fn of_loop(
    env: &Env,
    value: &Value,
    name: &str,
    args: Arguments,
) -> Result<Value, Error> {
    let Value::Loop(state) = value else {
        return fail("not a loop");
    };
    let n = args.positional.len();
    if name == "cycle" {
        return match n {
            0 => fail("no items for cycling given"),
            n => Ok(args.positional[state.index % n].clone()),
        };
    }
    env.budget.elements(Some(n))?;
    let now = Value::checked_tuple(args.positional)?;
    let before = match state.index {
        0 => None,
        _ => state.changed.borrow().clone(),
    };
    let is_new = before.is_none_or(|before| !equal(&before, &now));
    *state.changed.borrow_mut() = Some(now);
    Ok(Value::Bool(is_new))
}

/// `value[start:stop:step]`.
pub(crate) fn slice(env: &Env, value: &Value, bounds: [Option<i64>; 3]) -> Result<Value, Error> {
    match value {
        Value::Undefined(what) => fail(&**what),
        Value::List(items) => Value::checked_list(picked(env, &items.items, bounds)?),
        Value::Tuple(items) => Value::checked_tuple(picked(env, &items.items, bounds)?),
        Value::Text(text) | Value::Safe(text) => {
            env.budget.bytes(text.len().saturating_mul(5))?;
            let chars: Vec<char> = text.chars().collect();
            let chosen = indices(chars.len(), bounds)?;
            Ok(Value::text(chosen.map(|at| chars[at]).collect::<String>()))
        }
        other => Ok(missing(other, "slices")),
    }
}

fn picked(env: &Env, items: &[Value], bounds: [Option<i64>; 3]) -> Result<Vec<Value>, Error> {
    let indices: Vec<usize> = indices(items.len(), bounds)?.collect();
    env.budget.elements(Some(indices.len()))?;
    Ok(indices.into_iter().map(|at| items[at].clone()).collect())
}

/// Python's `slice.indices`.
fn indices(
    len: usize,
    [start, stop, step]: [Option<i64>; 3],
) -> Result<impl Iterator<Item = usize>, Error> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return fail("slice step cannot be zero");
    }
    let len = len as i64;
    let (lowest, highest) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamped = |at: i64| {
        let at = if at < 0 { at.saturating_add(len) } else { at };
        at.clamp(lowest, highest)
    };
    let (first, end) = if step > 0 {
        (lowest, highest)
    } else {
        (highest, lowest)
    };
    let start = start.map_or(first, clamped);
    let stop = stop.map_or(end, clamped);
    let distance = if step > 0 { stop - start } else { start - stop };
    let n = match distance {
        1.. => (distance as u64 - 1) / step.unsigned_abs() + 1,
        _ => 0,
    };
    Ok((0..n as i64).map(move |k| (start + k * step) as usize))
}

/// A path of `attribute=` in filters: `a.b.0`.
pub(crate) fn path(value: &Value, path: &Value) -> Result<Value, Error> {
    let Some(text) = path.as_text() else {
        return item(value, path);
    };
    let mut reached = value.clone();
    for part in text.split('.') {
        let index = match part.parse::<i64>() {
            Ok(at) if part.chars().all(|c| c.is_ascii_digit()) => Value::Int(at),
            _ => Value::text(part),
        };
        reached = item(&reached, &index)?;
    }
    Ok(reached)
}

/// The element itself, or the value at a path in it.
pub(crate) fn reach(item: &Value, attribute: Option<&Value>) -> Result<Value, Error> {
    match attribute {
        None | Some(Value::None) => Ok(item.clone()),
        Some(path) => self::path(item, path),
    }
}

/// Whether it can be called.
pub(crate) fn is_callable(value: &Value) -> bool {
    matches!(
        value,
        Value::Function(_) | Value::Macro(_) | Value::Method(_)
    )
}
