//! The methods of Python's texts, lists and dicts.

use std::rc::Rc;

use super::format;
use super::text;
use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::syntax::space::{is_space, trim_end, trim_start};
use crate::jinja::value::Value;
use crate::jinja::value::equal::equal;

/// A method's result.
pub(crate) fn call(env: &Env, value: &Value, name: &str, args: Arguments) -> Result<Value, Error> {
    env.budget.steps(value.weight() / 64)?;
    let called = match value {
        Value::Dict(_) => of_dict(env, value, name, args),
        Value::List(items) | Value::Tuple(items) => of_list(env, &items.items, name, args),
        _ => of_text(env, value.as_text().unwrap_or_default(), name, args),
    };
    called.map_err(|error| match error.message().starts_with(['t', '`']) {
        true => Error::new(format!("{name}(): {error}")),
        false => error,
    })
}

fn of_dict(env: &Env, value: &Value, name: &str, args: Arguments) -> Result<Value, Error> {
    let Value::Dict(dict) = value else {
        return fail("not a dict");
    };
    env.budget.elements(Some(4 * dict.len()))?;
    Ok(match name {
        "get" => {
            let [key, default] = args.bind(["key", "default"])?;
            let found = key.as_ref().and_then(|key| dict.get(key).cloned());
            found.or(default).unwrap_or(Value::None)
        }
        "keys" => Value::list(dict.iter().map(|(key, _)| key.clone())),
        "values" => Value::checked_list(dict.iter().map(|(_, value)| value.clone()).collect())?,
        "copy" => value.clone(),
        _ => Value::checked_list(dict.pairs()?)?,
    })
}

fn of_list(env: &Env, items: &[Value], name: &str, args: Arguments) -> Result<Value, Error> {
    env.budget.elements(Some(items.len()))?;
    let [sought] = args.bind(["value"])?;
    let is_it = |item: &Value| sought.as_ref().is_some_and(|sought| equal(item, sought));
    match name {
        "count" => Ok(Value::Int(
            items.iter().filter(|item| is_it(item)).count() as i64
        )),
        "index" => match items.iter().position(is_it) {
            Some(at) => Ok(Value::Int(at as i64)),
            None => fail("the value is not in the list"),
        },
        _ => Value::checked_list(items.to_vec()),
    }
}

fn of_text(env: &Env, text: &str, name: &str, args: Arguments) -> Result<Value, Error> {
    // Most results are about as long as the text; other methods charge the budget
    // separately.
    env.budget.bytes(text.len())?;
    if let Some(is) = property(text, name) {
        return Ok(Value::Bool(is));
    }
    if let Some(other) = in_other_case(text, name) {
        return Ok(Value::text(other));
    }
    match name {
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = args.bind(["chars"])?;
            stripped(text, chars, name != "rstrip", name != "lstrip").map(Value::text)
        }
        "split" | "rsplit" => split(env, text, name == "rsplit", args),
        "splitlines" => split_lines(env, text, args),
        "startswith" | "endswith" => {
            let [affix] = args.bind(["prefix"])?;
            has_affix(text, affix, name == "startswith").map(Value::Bool)
        }
        "removeprefix" | "removesuffix" => without_affix(text, name == "removeprefix", args),
        "replace" => {
            let [old, new, count] = args.bind(["old", "new", "count"])?;
            let count = count.and_then(|count| count.as_int()).unwrap_or(-1);
            replaced(env, text, &wanted_text(old)?, &wanted_text(new)?, count).map(Value::text)
        }
        "find" | "rfind" | "index" | "rindex" => find(text, name, args),
        "count" => {
            let [part] = args.bind(["sub"])?;
            let n = text.matches(&*wanted_text(part)?).count();
            Ok(Value::Int(n as i64))
        }
        "join" => join(env, text, args),
        "format" => format::format(env, text, &args).map(Value::text),
        "zfill" | "ljust" | "rjust" | "center" => padded(env, text, name, args),
        _ => partition(text, name == "rpartition", args),
    }
}

/// `isdigit()` and the like; `None`: not such a method.
fn property(text: &str, name: &str) -> Option<bool> {
    Some(match name {
        "isdigit" | "isdecimal" | "isnumeric" => all_chars(text, char::is_numeric),
        "isalpha" => all_chars(text, char::is_alphabetic),
        "isalnum" => all_chars(text, char::is_alphanumeric),
        "isspace" => all_chars(text, is_space),
        "isupper" => has_case(text) && !text.chars().any(char::is_lowercase),
        "islower" => has_case(text) && !text.chars().any(char::is_uppercase),
        _ => return None,
    })
}

/// `upper()` and the like; `None`: not such a method.
fn in_other_case(text: &str, name: &str) -> Option<String> {
    Some(match name {
        "upper" => text.to_uppercase(),
        "lower" | "casefold" => text.to_lowercase(),
        "title" => text::title(text),
        "capitalize" => text::capitalize(text),
        "swapcase" => swap_case(text),
        _ => return None,
    })
}

fn all_chars(text: &str, is: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is)
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_lowercase() || c.is_uppercase())
}

fn swap_case(text: &str) -> String {
    let swap = |c: char| match c.is_uppercase() {
        true => c.to_lowercase().to_string(),
        false => c.to_uppercase().to_string(),
    };
    text.chars().map(swap).collect()
}

fn wanted_text(value: Option<Value>) -> Result<Rc<str>, Error> {
    match value {
        Some(Value::Text(text) | Value::Safe(text)) => Ok(text),
        Some(other) => fail(format!("takes a string, not '{}'", other.type_name())),
        None => fail("takes a string, which is missing"),
    }
}

/// Without white space, or these characters, at the ends.
pub(crate) fn stripped(
    text: &str,
    chars: Option<Value>,
    left: bool,
    right: bool,
) -> Result<&str, Error> {
    let chars = match chars {
        None | Some(Value::None) => None,
        chars => Some(wanted_text(chars)?),
    };
    let goes = |c: char| match &chars {
        Some(chars) => chars.contains(c),
        None => is_space(c),
    };
    let text = if left {
        text.trim_start_matches(goes)
    } else {
        text
    };
    Ok(if right {
        text.trim_end_matches(goes)
    } else {
        text
    })
}

fn has_affix(text: &str, affix: Option<Value>, at_start: bool) -> Result<bool, Error> {
    let has = |affix: &str| match at_start {
        true => text.starts_with(affix),
        false => text.ends_with(affix),
    };
    if let Some(Value::Tuple(several)) = &affix {
        return Ok(several.items.iter().filter_map(Value::as_text).any(has));
    }
    wanted_text(affix).map(|affix| has(&affix))
}

fn without_affix(text: &str, at_start: bool, args: Arguments) -> Result<Value, Error> {
    let [affix] = args.bind(["prefix"])?;
    let affix = wanted_text(affix)?;
    let rest = match at_start {
        true => text.strip_prefix(&*affix),
        false => text.strip_suffix(&*affix),
    };
    Ok(Value::text(rest.unwrap_or(text)))
}

fn texts(env: &Env, parts: Vec<&str>) -> Result<Value, Error> {
    env.budget.elements(Some(parts.len() * 2))?;
    Ok(Value::list(parts.into_iter().map(Value::text)))
}

fn split(env: &Env, text: &str, from_right: bool, args: Arguments) -> Result<Value, Error> {
    let [separator, most] = args.bind(["sep", "maxsplit"])?;
    let most = most
        .and_then(|most| most.as_int())
        .and_then(|most| usize::try_from(most).ok());
    let most = most.map_or(usize::MAX, |most| most.saturating_add(1));
    let separator = match separator {
        None | Some(Value::None) => return texts(env, words(text, most, from_right)),
        separator => wanted_text(separator)?,
    };
    if separator.is_empty() {
        return fail("empty separator");
    }
    let parts = match from_right {
        true => {
            let mut parts: Vec<&str> = text.rsplitn(most, &*separator).collect();
            parts.reverse();
            parts
        }
        false => text.splitn(most, &*separator).collect(),
    };
    texts(env, parts)
}

/// At most `most` words; the last one, or the first, has the rest.
fn words(text: &str, most: usize, from_right: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = match from_right {
            true => trim_end(rest),
            false => trim_start(rest),
        };
        let gap = match from_right {
            true => rest.rfind(is_space),
            false => rest.find(is_space),
        };
        let Some(gap) = gap.filter(|_| parts.len() + 1 < most) else {
            parts.extend((!rest.is_empty()).then_some(rest));
            break;
        };
        let (left, right) = rest.split_at(gap);
        if from_right {
            parts.push(trim_start(right));
            rest = left;
        } else {
            parts.push(left);
            rest = right;
        }
    }
    if from_right {
        parts.reverse();
    }
    parts
}

fn split_lines(env: &Env, text: &str, args: Arguments) -> Result<Value, Error> {
    let [keep_ends] = args.bind(["keepends"])?;
    let keep_ends = keep_ends.is_some_and(|keep| keep.is_true());
    let is_end = |c: char| "\n\r\x0b\x0c\x1c\x1d\x1e\u{85}\u{2028}\u{2029}".contains(c);
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(is_end).unwrap_or(rest.len());
        let end = match &rest[at..] {
            end if end.starts_with("\r\n") => 2,
            end => end.chars().next().map_or(0, char::len_utf8),
        };
        lines.push(&rest[..if keep_ends { at + end } else { at }]);
        rest = &rest[at + end..];
    }
    texts(env, lines)
}

/// The first `count` occurrences replaced; all, if it is negative.
pub(crate) fn replaced(
    env: &Env,
    text: &str,
    old: &str,
    new: &str,
    count: i64,
) -> Result<String, Error> {
    let found = text.matches(old).count();
    let n = usize::try_from(count).map_or(found, |count| count.min(found));
    let grown = n.saturating_mul(new.len());
    env.budget.bytes(grown.saturating_add(text.len()))?;
    Ok(text.replacen(old, new, n))
}

fn find(text: &str, name: &str, args: Arguments) -> Result<Value, Error> {
    let [part] = args.bind(["sub"])?;
    let part = wanted_text(part)?;
    let at = match name.starts_with('r') {
        true => text.rfind(&*part),
        false => text.find(&*part),
    };
    match at {
        Some(at) => Ok(Value::Int(text[..at].chars().count() as i64)),
        None if name.ends_with("find") => Ok(Value::Int(-1)),
        None => fail("substring not found"),
    }
}

/// `separator.join(items)`, of texts only.
fn join(env: &Env, separator: &str, args: Arguments) -> Result<Value, Error> {
    let [items] = args.bind(["iterable"])?;
    let items = env.iterate(&items.unwrap_or(Value::None))?;
    let mut whole = String::new();
    for (n, item) in items.iter().enumerate() {
        let Some(text) = item.as_text() else {
            return fail(format!(
                "sequence item {n}: expected str instance, {} found",
                item.type_name()
            ));
        };
        env.budget.bytes(text.len() + separator.len())?;
        whole.push_str(if n > 0 { separator } else { "" });
        whole.push_str(text);
    }
    Ok(Value::text(whole))
}

fn padded(env: &Env, text: &str, name: &str, args: Arguments) -> Result<Value, Error> {
    let [width, fill] = args.bind(["width", "fillchar"])?;
    let Some(width) = width.and_then(|width| width.as_int()) else {
        return fail("takes a width");
    };
    let fill = match fill {
        Some(fill) => wanted_text(Some(fill))?,
        None => if name == "zfill" { "0" } else { " " }.into(),
    };
    let len = text.chars().count();
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(len);
    env.budget.bytes(missing.saturating_mul(fill.len()))?;
    let left = match name {
        "ljust" => 0,
        // Python puts the odd one on the left where the width is odd.
        "center" => missing / 2 + (missing & width as usize & 1),
        _ => missing,
    };
    let sign = usize::from(name == "zfill" && text.starts_with(['+', '-']));
    let (sign, rest) = text.split_at(sign);
    Ok(Value::text(format!(
        "{sign}{}{rest}{}",
        fill.repeat(left),
        fill.repeat(missing - left)
    )))
}

fn partition(text: &str, from_right: bool, args: Arguments) -> Result<Value, Error> {
    let [separator] = args.bind(["sep"])?;
    let separator = wanted_text(separator)?;
    let cut = match from_right {
        true => text.rsplit_once(&*separator),
        false => text.split_once(&*separator),
    };
    let parts = match (cut, from_right) {
        (Some((before, after)), _) => [before, &*separator, after],
        (None, false) => [text, "", ""],
        (None, true) => ["", "", text],
    };
    Value::checked_tuple(parts.map(Value::text).into())
}
