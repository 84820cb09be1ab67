//! The Pool screen: what the pools hold, and what a text finds in them.

pub mod ask;
mod change;
pub mod drafts;
pub mod layout;
pub mod lists;
pub mod state;
pub mod supplied;
pub mod text;
pub mod update;
pub mod view;
