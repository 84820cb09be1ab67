//! The Catalog screen: choose an item or a user, and generate for it.

pub mod detail;
pub mod filter;
pub mod layout;
pub mod list;
pub mod state;
pub mod update;
