//! Filters that take a filter or a test by name: `map`, `select` and the like.

use super::predicates;
use crate::jinja::env::Env;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::filters;
use crate::jinja::python::access::{self, reach};
use crate::jinja::python::text;
use crate::jinja::value::Value;

/// `map(attribute='x', default=..)` or `map('filter', ..)`.
pub(crate) fn map(env: &Env, value: &Value, mut args: Arguments) -> Result<Value, Error> {
    let items = env.iterate(value)?;
    let mapped: Result<Vec<Value>, Error> = if args.positional.is_empty() {
        let [attribute, default] = args.bind(["attribute", "default"])?;
        let one = |item: &Value| {
            let found = reach(item, attribute.as_ref())?;
            Ok(match (found.is_undefined(), &default) {
                (true, Some(default)) => default.clone(),
                _ => found,
            })
        };
        items.iter().map(one).collect()
    } else {
        let name = text::display(env, &args.positional.remove(0))?;
        let one = |item: Value| {
            env.budget.step()?;
            filters::apply(env, &name, item, copy_of(&args))
        };
        items.into_iter().map(one).collect()
    };
    Value::checked_list(mapped?)
}

fn copy_of(args: &Arguments) -> Arguments {
    Arguments {
        positional: args.positional.clone(),
        named: args.named.clone(),
    }
}

pub(crate) fn select(
    env: &Env,
    value: &Value,
    mut args: Arguments,
    wanted: bool,
) -> Result<Value, Error> {
    let test = test_of(env, &mut args)?;
    keep(env, value, wanted, |item| {
        holds(env, item, test.as_deref(), &args)
    })
}

pub(crate) fn select_attribute(
    env: &Env,
    value: &Value,
    mut args: Arguments,
    wanted: bool,
) -> Result<Value, Error> {
    if args.positional.is_empty() {
        return fail("needs the attribute's name");
    }
    let attribute = args.positional.remove(0);
    let test = test_of(env, &mut args)?;
    keep(env, value, wanted, |item| {
        let found = access::path(item, &attribute)?;
        holds(env, &found, test.as_deref(), &args)
    })
}

fn test_of(env: &Env, args: &mut Arguments) -> Result<Option<String>, Error> {
    match args.positional.is_empty() {
        true => Ok(None),
        false => text::display(env, &args.positional.remove(0)).map(Some),
    }
}

fn holds(env: &Env, item: &Value, test: Option<&str>, args: &Arguments) -> Result<bool, Error> {
    env.budget.step()?;
    match test {
        Some(name) => predicates::test(env, name, item, copy_of(args)),
        None => Ok(item.is_true()),
    }
}

fn keep(
    env: &Env,
    value: &Value,
    wanted: bool,
    holds: impl Fn(&Value) -> Result<bool, Error>,
) -> Result<Value, Error> {
    let mut kept = Vec::new();
    for item in env.iterate(value)? {
        if holds(&item)? == wanted {
            kept.push(item);
        }
    }
    Value::checked_list(kept)
}
