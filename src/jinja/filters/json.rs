//! `tojson` as in transformers: Python's `json.dumps`, with spaces after commas and
//! colons and no HTML escapes.

use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::value::Value;
use crate::jinja::value::number;

struct Style {
    ascii: bool,
    /// What one level is indented by.
    indent: Option<String>,
    item: String,
    key: String,
    sorted: bool,
}

/// `value|tojson(ensure_ascii, indent, separators, sort_keys)`.
///
/// # Errors
/// A value that JSON does not have, such as an undefined one.
pub(crate) fn tojson(env: &Env, value: &Value, args: Arguments) -> Result<String, Error> {
    let [ascii, indent, separators, sorted] =
        args.bind(["ensure_ascii", "indent", "separators", "sort_keys"])?;
    let indent = match indent {
        None | Some(Value::None) => None,
        Some(Value::Int(n)) => {
            let n = usize::try_from(n).unwrap_or(0);
            env.budget.bytes(n.saturating_mul(1 + value.weight() / 8))?;
            Some(" ".repeat(n))
        }
        Some(other) => Some(other.as_text().unwrap_or_default().to_owned()),
    };
    let (item, key) = match separators {
        None | Some(Value::None) => (
            if indent.is_some() { "," } else { ", " }.into(),
            ": ".into(),
        ),
        Some(pair) => match &env.iterate(&pair)?[..] {
            [item, key] => (display(item), display(key)),
            _ => return fail("tojson: separators are a pair"),
        },
    };
    let style = Style {
        ascii: ascii.is_some_and(|ascii| ascii.is_true()),
        indent,
        item,
        key,
        sorted: sorted.is_some_and(|sorted| sorted.is_true()),
    };
    env.budget.steps(value.weight() / 8)?;
    let mut writer = Writer {
        env,
        style,
        out: String::new(),
    };
    writer.value(value, 1)?;
    Ok(writer.out)
}

fn display(value: &Value) -> String {
    value.as_text().unwrap_or_default().to_owned()
}

struct Writer<'e> {
    env: &'e Env,
    style: Style,
    out: String,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.env.budget.bytes(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    fn value(&mut self, value: &Value, level: usize) -> Result<(), Error> {
        match value {
            Value::None => self.push("null"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Int(int) => self.push(&int.to_string()),
            Value::Float(float) => self.push(&json_float(*float)),
            Value::Text(text) | Value::Safe(text) => self.text(text),
            Value::List(items) | Value::Tuple(items) => {
                let written = items.items.iter();
                self.all(("[", "]"), level, written, |writer, item| {
                    writer.value(item, level + 1)
                })
            }
            Value::Dict(dict) => {
                let mut entries: Vec<(String, &Value)> = Vec::with_capacity(dict.len());
                for (key, value) in dict.iter() {
                    entries.push((json_key(key)?, value));
                }
                if self.style.sorted {
                    entries.sort_by(|a, b| a.0.cmp(&b.0));
                }
                self.all(("{", "}"), level, entries.iter(), |writer, (key, value)| {
                    writer.text(key)?;
                    let separator = writer.style.key.clone();
                    writer.push(&separator)?;
                    writer.value(value, level + 1)
                })
            }
            Value::Undefined(what) => fail(format!(
                "Object of type Undefined is not JSON serializable: {what}"
            )),
            other => fail(format!(
                "Object of type {} is not JSON serializable",
                other.type_name()
            )),
        }
    }

    fn all<T>(
        &mut self,
        (open, close): (&str, &str),
        level: usize,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.push(open)?;
        let is_empty = items.len() == 0;
        for (n, item) in items.enumerate() {
            if n > 0 {
                let separator = self.style.item.clone();
                self.push(&separator)?;
            }
            self.new_line(level)?;
            write(self, item)?;
        }
        if !is_empty {
            self.new_line(level - 1)?;
        }
        self.push(close)
    }

    fn new_line(&mut self, level: usize) -> Result<(), Error> {
        let Some(indent) = &self.style.indent else {
            return Ok(());
        };
        self.env.budget.bytes(indent.len().saturating_mul(level))?;
        let line = format!("\n{}", indent.repeat(level));
        self.push(&line)
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        let mut quoted = String::with_capacity(text.len() + 2);
        self.env.budget.bytes(text.len())?;
        quoted.push('"');
        for c in text.chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                '\x08' => quoted.push_str("\\b"),
                '\x0c' => quoted.push_str("\\f"),
                c if (c as u32) < 0x20
                    || (self.style.ascii && !c.is_ascii())
                    || (self.style.ascii && c == '\x7f') =>
                {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        quoted.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        self.push(&quoted)
    }
}

fn json_float(float: f64) -> String {
    match float {
        f if f.is_nan() => "NaN".into(),
        f if f.is_infinite() => if f > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        f => number::float_repr(f),
    }
}

/// JSON's keys are texts: `1` is `"1"`, `None` is `"null"`.
fn json_key(key: &Value) -> Result<String, Error> {
    Ok(match key {
        Value::None => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => json_float(*float),
        other => match other.as_text() {
            Some(text) => text.to_owned(),
            None => {
                return fail(format!(
                    "keys must be str, int, float, bool or None, not {}",
                    other.type_name()
                ));
            }
        },
    })
}
