//! The dialogs, a file each.

pub mod answer;
pub(crate) mod branch;
pub mod choose;
pub(crate) mod commands;
pub(crate) mod condition;
pub(crate) mod copy;
pub(crate) mod download;
pub(crate) mod export;
pub(crate) mod export_sweep;
pub mod failure;
pub(crate) mod go_to;
pub(crate) mod help;
pub(crate) mod inside_pass;
pub mod leave;
mod page;
pub(crate) mod pool_text;
pub mod predict;
pub(crate) mod prompt;
pub mod remove_document;
pub(crate) mod runs;
pub mod save_edits;
pub mod score;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod why_low;
pub(crate) mod why_slow;
