//! Jinja as Python's jinja2 renders it: the language of chat templates and of
//! framework files. Chat templates are written against jinja2 with Python's
//! values behind it (`True`, `'%s' % x`, `x.split()`), and they come with
//! downloaded models, so rendering is bounded: in steps, in bytes made, in depth.
//!
//! Supported is what chat templates use: everything of jinja2 but inheritance,
//! imports and the filters that write HTML. Errors name template and line. Knows
//! neither models nor catalogs.
//!
//! Reference: jinja2 3.1 in `ImmutableSandboxedEnvironment`, as transformers'
//! `chat_template_utils.py` sets it up.

mod env;
mod error;
mod filters;
mod interpreter;
mod python;
mod syntax;
mod value;

use std::sync::Arc;

use syntax::{ast, lexer, names, parser};

pub use env::Missing;
pub(crate) use error::Error;
pub(crate) use syntax::lexer::MAX_SOURCE;
pub use value::Value;

/// A parsed template. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Template {
    name: Arc<str>,
    body: Arc<[ast::Node]>,
    missing: Missing,
}

impl Template {
    /// Parses a template. `name` stands in error messages.
    ///
    /// # Errors
    /// What is not Jinja, or nested too deeply, with its line; a source above
    /// `MAX_SOURCE`.
    pub fn parse(name: &str, source: &str, missing: Missing) -> Result<Self, Error> {
        let parsed = lexer::tokens(source).and_then(|tokens| parser::parse(&tokens));
        Ok(Self {
            body: parsed.map_err(|error| error.within(name))?.into(),
            name: name.into(),
            missing,
        })
    }

    /// Renders with these variables.
    ///
    /// # Errors
    /// What the template raises, a wrong use of a value, a missing one under
    /// [`Missing::Strict`], more work than the bounds allow; each with its line.
    pub fn render(&self, variables: &[(&str, Value)]) -> Result<String, Error> {
        interpreter::render(&self.body, variables, self.missing)
            .map_err(|error| error.within(&self.name))
    }

    /// Names that it reads and never assigns, functions of the language left out.
    pub(crate) fn free_names(&self) -> Vec<String> {
        let mut free = names::free(&self.body);
        free.retain(|name| interpreter::function(name).is_none());
        free
    }

    /// Every text that it can write of its own: what stands between the tags, and
    /// string literals.
    pub(crate) fn literals(&self) -> Vec<String> {
        names::literals(&self.body)
    }
}
