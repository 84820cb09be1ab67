//! What Python does with values: operators, attributes, methods, texts of them.

pub(crate) mod access;
mod field;
mod format;
pub(crate) mod methods;
pub(crate) mod operators;
pub(crate) mod percent;
pub(crate) mod text;
