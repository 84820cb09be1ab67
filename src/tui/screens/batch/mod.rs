//! The Batch screen: many subjects whose rows share the passes.

mod apply;
mod begin;
pub mod layout;
mod open;
mod panes;
pub mod state;
mod update;
pub(crate) mod view;
