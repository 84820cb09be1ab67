//! The Pool screen: what the pools hold, and what a text finds in them.

mod change;
pub mod drafts;
pub mod lists;
pub mod state;
pub mod supplied;
pub mod text;
pub mod update;
pub mod view;
