//! From a template's text to what it means. Knows no values.

pub(crate) mod ast;
mod expression;
pub(crate) mod lexer;
mod literal;
pub(crate) mod names;
pub(crate) mod parser;
mod postfix;
pub(crate) mod space;
mod token;
