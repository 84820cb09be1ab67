//! What Python does with values: operators, attributes, methods, texts of them.

pub mod access;
mod field;
mod format;
pub mod methods;
pub mod operators;
pub mod percent;
pub mod text;
