//! The Learn screen, and the lesson under way.

mod batch_figure;
mod check;
mod figure;
pub(crate) mod state;
pub(crate) mod update;
pub mod view;
pub mod words;
