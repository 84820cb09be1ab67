//! The Learn screen, and the lesson under way.

mod check;
mod present;
pub(crate) mod state;
pub(crate) mod update;
pub mod view;
pub mod words;
