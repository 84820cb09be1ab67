//! The Catalog screen: choose an item or a user, and generate for it.

pub mod board;
pub(crate) mod columns;
pub mod detail;
pub(crate) mod filter;
pub mod layout;
pub(crate) mod list;
pub(crate) mod sorting;
pub(crate) mod state;
pub mod tab;
pub(crate) mod update;
