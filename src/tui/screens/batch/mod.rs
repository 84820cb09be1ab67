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

/// The largest batch size that is drawn.
pub(crate) const LARGEST_SIZE: usize = 32;
/// Passes with steps that a rate is of.
pub(crate) const PASSES_OF_A_RATE: usize = 32;
