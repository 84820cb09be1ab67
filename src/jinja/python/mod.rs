//! Python's operations on values: operators, attributes, methods, text forms.

pub(crate) mod access;
mod field;
mod format;
pub(crate) mod methods;
pub(crate) mod operators;
pub(crate) mod percent;
pub(crate) mod text;
