//! The state of a rendering besides its scopes: its budget, and how undefined values
//! are handled.

pub(crate) mod arguments;
pub(crate) mod budget;

use std::cell::RefCell;
use std::rc::Rc;

use budget::Budget;

use crate::jinja::error::{Error, fail};
use crate::jinja::value::dict::Dict;
use crate::jinja::value::{Namespace, Value};

/// What differs between the templates of models and those of frameworks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// An undefined name prints as nothing, as in jinja2 and transformers.
    #[default]
    Lenient,
    /// Using an undefined name or attribute is an error.
    Strict,
}

/// The state of a rendering besides its scopes.
pub(crate) struct Env {
    pub(crate) budget: Budget,
    pub(crate) missing: Missing,
    /// All that were created: they may form cycles, so they are emptied at the end.
    pub(crate) namespaces: RefCell<Vec<Rc<Namespace>>>,
}

impl Env {
    pub(crate) fn new(missing: Missing) -> Self {
        Env {
            budget: Budget::new(),
            missing,
            namespaces: RefCell::default(),
        }
    }

    /// Reports the use of an undefined value, unless those are allowed.
    pub(crate) fn lenient(&self, what: &str) -> Result<(), Error> {
        match self.missing {
            Missing::Lenient => Ok(()),
            Missing::Strict => fail(what),
        }
    }

    pub(crate) fn is_true(&self, value: &Value) -> Result<bool, Error> {
        match value {
            Value::Undefined(what) => self.lenient(what).map(|()| false),
            value => Ok(value.is_true()),
        }
    }

    /// The elements of a loop over the value.
    pub(crate) fn iterate(&self, value: &Value) -> Result<Vec<Value>, Error> {
        let items: Vec<Value> = match value {
            Value::Undefined(what) => return self.lenient(what).map(|()| Vec::new()),
            Value::List(items) | Value::Tuple(items) => {
                self.budget.elements(Some(items.items.len()))?;
                items.items.clone()
            }
            Value::Dict(dict) => dict.iter().map(|(key, _)| key.clone()).collect(),
            Value::Text(text) | Value::Safe(text) => {
                self.budget.elements(text.len().checked_mul(2))?;
                text.chars().map(|c| Value::text(c.to_string())).collect()
            }
            other => return fail(format!("'{}' object is not iterable", other.type_name())),
        };
        self.budget.steps(items.len() / 4)?;
        Ok(items)
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        let all = self.namespaces.take();
        let contents: Vec<Dict> = all.iter().map(|space| space.attributes.take()).collect();
        drop(contents);
    }
}
