//! Rendering: statements and expressions, in their scopes.

mod builtins;
mod eval;
mod exec;

pub(crate) use builtins::function;
pub(crate) use eval::render;
