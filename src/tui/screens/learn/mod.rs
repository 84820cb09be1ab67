//! The Learn screen, and the lesson under way.

pub mod state;
pub mod view;
