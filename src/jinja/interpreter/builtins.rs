//! Functions available to every template, including those of transformers.

use std::rc::Rc;

use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::python::text;
use crate::jinja::value::dict::Dict;
use crate::jinja::value::{Namespace, Value};

const FUNCTIONS: [&str; 5] = [
    "range",
    "dict",
    "namespace",
    "raise_exception",
    "strftime_now",
];

/// Longest `range`, as in jinja2's sandbox.
const MAX_RANGE: i64 = 100_000;

/// The language's function of this name.
pub(crate) fn function(name: &str) -> Option<Value> {
    let known = FUNCTIONS.iter().find(|known| **known == name);
    known.map(|known| Value::Function(known))
}

pub(crate) fn call(env: &Env, name: &str, args: Arguments) -> Result<Value, Error> {
    match name {
        "range" => range(env, args),
        "dict" => dict(env, args).and_then(Value::checked_dict),
        "namespace" => {
            let space = Rc::new(Namespace {
                attributes: dict(env, args)?.into(),
            });
            env.budget.bytes(size_of::<Namespace>())?;
            env.namespaces.borrow_mut().push(space.clone());
            Ok(Value::Namespace(space))
        }
        "raise_exception" => {
            let [message] = args.bind(["message"])?;
            fail(text::display(env, &message.unwrap_or(Value::None))?)
        }
        _ => {
            let [format] = args.bind(["format"])?;
            let format = text::display(env, &format.unwrap_or(Value::None))?;
            Ok(Value::text(strftime_fixed(&format)))
        }
    }
}

fn range(env: &Env, args: Arguments) -> Result<Value, Error> {
    let numbers = args.positional.iter().map(Value::as_int);
    let Some(numbers) = numbers.collect::<Option<Vec<i64>>>() else {
        return fail("range() needs integers");
    };
    let (start, stop, step) = match numbers[..] {
        [stop] => (0, stop, 1),
        [start, stop] => (start, stop, 1),
        [start, stop, step] if step != 0 => (start, stop, step),
        _ => {
            return fail(
                "range() takes (stop), (start, stop) or (start, stop, step), with a step \
            other than 0",
            );
        }
    };
    let span = i128::from(stop) - i128::from(start);
    let len = (span + i128::from(step) - i128::from(step.signum())) / i128::from(step);
    if len > i128::from(MAX_RANGE) {
        return fail(format!("range() of more than {MAX_RANGE} elements"));
    }
    let len = len.max(0) as i64;
    env.budget.elements(usize::try_from(len).ok())?;
    Ok(Value::list((0..len).map(|n| Value::Int(start + n * step))))
}

/// `dict({..})`, `dict([(k, v)])`, `dict(a=1)`.
fn dict(env: &Env, args: Arguments) -> Result<Dict, Error> {
    let mut dict = Dict::default();
    let named = args.named;
    let insert = |dict: &mut Dict, key: Value, value: Value| {
        env.budget.steps(dict.len() / 8)?;
        env.budget.elements(Some(2))?;
        dict.insert(hashable(key)?, value);
        Ok(())
    };
    if args.positional.len() > 1 {
        return fail("dict() takes one positional argument");
    }
    for from in &args.positional {
        if let Value::Dict(from) = from {
            for (key, value) in from.iter() {
                insert(&mut dict, key.clone(), value.clone())?;
            }
            continue;
        }
        for pair in env.iterate(from)? {
            match &env.iterate(&pair)?[..] {
                [key, value] => insert(&mut dict, key.clone(), value.clone())?,
                _ => return fail("dict() needs pairs"),
            }
        }
    }
    for (name, value) in named {
        insert(&mut dict, Value::text(name), value)?;
    }
    Ok(dict)
}

/// A value that may be a key.
pub(crate) fn hashable(key: Value) -> Result<Value, Error> {
    match key {
        Value::List(_) | Value::Dict(_) => fail(format!("unhashable type: '{}'", key.type_name())),
        key => Ok(key),
    }
}

/// `strftime_now` with a fixed date, Llama 3's fallback: prompts must not change from
/// day to day, or runs could not be compared. Fields that are not listed stay as they
/// are.
pub(crate) fn strftime_fixed(format: &str) -> String {
    let fields = [
        ("%d", "26"),
        ("%b", "Jul"),
        ("%B", "July"),
        ("%m", "07"),
        ("%Y", "2024"),
        ("%y", "24"),
        ("%A", "Friday"),
        ("%a", "Fri"),
        ("%H", "12"),
        ("%M", "00"),
        ("%S", "00"),
        ("%-d", "26"),
        ("%e", "26"),
        ("%j", "208"),
        ("%I", "12"),
        ("%p", "PM"),
        ("%F", "2024-07-26"),
        ("%T", "12:00:00"),
    ];
    let fill = |text: String, (field, value): (&str, &str)| text.replace(field, value);
    fields.into_iter().fold(format.to_owned(), fill)
}
