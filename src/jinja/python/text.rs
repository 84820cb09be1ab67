//! Values as Python prints them (`str` and `repr`), and its idea of characters.

use crate::jinja::env::Env;
use crate::jinja::error::Error;
use crate::jinja::value::Value;
use crate::jinja::value::number;

/// `str(value)`.
///
/// # Errors
/// An undefined value if those are errors; a text beyond the bounds.
pub(crate) fn display(env: &Env, value: &Value) -> Result<String, Error> {
    if let Value::Undefined(what) = value {
        return env.lenient(what).map(|()| String::new());
    }
    env.budget.bytes(value.weight())?;
    Ok(match value.as_text() {
        Some(text) => text.to_owned(),
        None => {
            let mut out = String::new();
            env.budget.steps(value.weight() / 8)?;
            push_repr(value, &mut out);
            out
        }
    })
}

/// `repr(value)`.
pub(crate) fn repr(env: &Env, value: &Value) -> Result<String, Error> {
    env.budget.bytes(value.weight().saturating_mul(2))?;
    env.budget.steps(value.weight() / 8)?;
    let mut out = String::new();
    push_repr(value, &mut out);
    Ok(out)
}

fn push_repr(value: &Value, out: &mut String) {
    match value {
        Value::Undefined(_) => out.push_str("Undefined"),
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(int) => out.push_str(&int.to_string()),
        Value::Float(float) => out.push_str(&number::float_repr(*float)),
        Value::Text(text) => push_quoted(text, out),
        Value::Safe(text) => {
            out.push_str("Markup(");
            push_quoted(text, out);
            out.push(')');
        }
        Value::List(items) => push_items(&items.items, ("[", "]"), out),
        Value::Tuple(items) if items.items.len() == 1 => push_items(&items.items, ("(", ",)"), out),
        Value::Tuple(items) => push_items(&items.items, ("(", ")"), out),
        Value::Dict(dict) => {
            out.push('{');
            for (n, (key, value)) in dict.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                push_repr(key, out);
                out.push_str(": ");
                push_repr(value, out);
            }
            out.push('}');
        }
        Value::Macro(found) => out.push_str(&format!("<Macro '{}'>", found.definition.name)),
        Value::Function(name) => out.push_str(&format!("<function {name}>")),
        Value::Loop(state) => {
            let (at, of) = (state.index + 1, state.items.len());
            out.push_str(&format!("<LoopContext {at}/{of}>"));
        }
        Value::Namespace(_) | Value::Method(_) => {
            out.push_str(&format!("<{} object>", value.type_name()));
        }
    }
}

fn push_items(items: &[Value], (open, close): (&str, &str), out: &mut String) {
    out.push_str(open);
    for (n, item) in items.iter().enumerate() {
        out.push_str(if n > 0 { ", " } else { "" });
        push_repr(item, out);
    }
    out.push_str(close);
}

/// Single quotes unless the text contains those and no double ones.
fn push_quoted(text: &str, out: &mut String) {
    let quote = match text.contains('\'') && !text.contains('"') {
        true => '"',
        false => '\'',
    };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push(quote);
}

/// Close to Python's `str.isprintable`: no control or format characters, no
/// spaces but the plain one, nothing of private use.
fn is_printable(c: char) -> bool {
    match c as u32 {
        0x20..=0x7e => true,
        0x00..=0xa0 | 0xad => false,
        0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e => false,
        0x1680 | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 => false,
        0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe | 0xffff => false,
        0xe0000.. => false,
        _ => true,
    }
}

/// HTML escapes as in MarkupSafe.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The first character in upper case, the rest in lower case.
pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + &chars.as_str().to_lowercase()
}

/// Python's `str.title`: letters after a non-letter.
pub(crate) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for c in text.chars() {
        match in_word {
            true => out.extend(c.to_lowercase()),
            false => out.extend(c.to_uppercase()),
        }
        in_word = c.is_alphabetic();
    }
    out
}
