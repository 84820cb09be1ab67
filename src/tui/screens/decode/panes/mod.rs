//! The panes of Decode, and what stands in them.

pub mod candidates;
pub mod cost_plot;
pub mod legend;
pub mod origin;
pub mod phases;
pub mod pool;
pub mod quality;
pub mod speed;
pub mod steps;
pub mod text;
pub mod token;
pub mod tree;
