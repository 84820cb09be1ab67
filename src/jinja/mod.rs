//! Jinja as rendered by Python's jinja2: the language of chat templates and framework
//! files. Chat templates are written for jinja2 with Python values (`True`, `'%s' % x`,
//! `x.split()`), and they come with downloaded models, so rendering is bounded: in
//! steps, in bytes allocated, in depth.
//!
//! Supported is what chat templates use: everything in jinja2 except inheritance,
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
    /// Parses a template. `name` appears in error messages.
    ///
    /// # Errors
    /// Invalid Jinja, or too deep nesting, with its line; a source above `MAX_SOURCE`.
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
    /// What the template raises, misuse of a value, an undefined one under
    /// [`Missing::Strict`], exceeding a bound; each with its line.
    pub fn render(&self, variables: &[(&str, Value)]) -> Result<String, Error> {
        interpreter::render(&self.body, variables, self.missing)
            .map_err(|error| error.within(&self.name))
    }

    /// Names that it reads and never assigns, except functions of the language.
    pub(crate) fn free_names(&self) -> Vec<String> {
        let mut free = names::free(&self.body);
        free.retain(|name| interpreter::function(name).is_none());
        free
    }

    /// Every literal text: the text between the tags, and string literals.
    pub(crate) fn literals(&self) -> Vec<String> {
        names::literals(&self.body)
    }
}
