//! The Learn screen, and the lesson under way.

mod check;
mod figure;
pub mod state;
pub mod update;
pub mod view;
pub mod words;
