//! The Pool screen: what the pools hold, and what a text finds in them.

pub(crate) mod ask;
mod change;
mod columns;
pub(crate) mod drafts;
pub mod layout;
pub(crate) mod lists;
mod sorting;
pub mod state;
pub(crate) mod supplied;
pub(crate) mod text;
pub(crate) mod update;
pub(crate) mod view;
