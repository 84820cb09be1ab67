//! The panes of Decode, and what stands in them.

pub(crate) mod candidates;
pub(crate) mod cost_plot;
pub(crate) mod legend;
pub(crate) mod origin;
pub(crate) mod phases;
pub(crate) mod pool;
pub(crate) mod quality;
pub(crate) mod speed;
mod speed_charts;
pub(crate) mod steps;
pub mod text;
pub(crate) mod token;
pub(crate) mod tree;
mod tree_mask;
