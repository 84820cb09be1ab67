//! The Decode screen: a run step by step, its text, its draft trees and its figures.

pub mod candidates;
pub mod cost_plot;
pub mod find;
pub mod hunt;
pub mod layout;
pub mod legend;
pub mod origin;
pub mod phases;
pub mod pool;
pub mod quality;
pub mod search;
pub mod select;
pub mod speed;
pub mod state;
pub mod steps;
pub mod strip;
pub mod text;
pub mod token;
pub mod tree;
pub mod update;
pub mod walk;
