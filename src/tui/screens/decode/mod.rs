//! The Decode screen: a run step by step, its text, its draft trees and its figures.

pub(crate) mod find;
pub mod layout;
pub mod panes;
pub(crate) mod search;
pub(crate) mod select;
pub mod state;
pub mod step_filter;
pub(crate) mod strip;
pub(crate) mod update;
pub(crate) mod walk;
