//! The keys: the table as it ships, the user's lines over it, and what is in force.

mod binding;
pub mod context;
mod dialogs;
pub mod keymap;
pub mod remap;
pub mod table;
