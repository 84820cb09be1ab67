//! The Batch screen: many subjects whose rows share the passes.

mod apply;
mod begin;
mod columns;
pub mod layout;
mod open;
mod panes;
mod sorting;
pub mod state;
mod update;
pub(crate) mod view;
