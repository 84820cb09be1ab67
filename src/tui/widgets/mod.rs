//! What screens and dialogs share in drawing: frames, bars, paragraphs, fields.

pub mod bars;
pub mod field;
pub mod list;
pub mod message;
pub mod pane;
pub mod paragraph;
