//! From a template's text to its syntax tree. Does not know values.

pub(crate) mod ast;
mod expression;
pub(crate) mod lexer;
mod literal;
pub(crate) mod names;
pub(crate) mod parser;
mod postfix;
pub(crate) mod space;
mod token;
