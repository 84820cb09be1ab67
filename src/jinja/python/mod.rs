//! Python's operations on values: operators, attributes, methods, text forms.

pub mod access;
mod field;
mod format;
pub mod methods;
pub mod operators;
pub mod percent;
pub mod text;
