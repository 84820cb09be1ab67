//! The keys: the table as it ships, the user's lines over it, and what is in force.

pub(crate) mod context;
pub mod keymap;
pub mod remap;
pub mod table;
