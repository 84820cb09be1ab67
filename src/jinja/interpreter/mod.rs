//! Rendering: statements and expressions, in their scopes.

mod builtins;
mod eval;
mod exec;

pub use builtins::function;
pub use eval::render;
