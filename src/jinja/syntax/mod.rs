//! From a template's text to its syntax tree. Does not know values.

pub mod ast;
mod expression;
pub mod lexer;
mod literal;
pub mod names;
pub mod parser;
mod postfix;
pub mod space;
mod token;
