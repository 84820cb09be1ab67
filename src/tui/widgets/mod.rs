//! What screens and dialogs share in drawing: frames, bars, paragraphs, fields.

pub(crate) mod bars;
pub mod border;
pub(crate) mod field;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod pane;
pub(crate) mod paragraph;
pub(crate) mod ring;
pub(crate) mod sort;
pub(crate) mod text_area;
