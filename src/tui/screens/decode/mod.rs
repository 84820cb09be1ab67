//! The Decode screen: a run step by step, its text, its draft trees and its figures.

pub mod find;
pub mod layout;
pub mod panes;
pub mod search;
pub mod select;
pub mod state;
pub mod step_filter;
pub mod strip;
pub mod update;
pub mod walk;
