//! The dialogs, a file each.

pub mod answer;
pub mod branch;
pub mod choose;
pub mod commands;
pub mod condition;
pub mod copy;
pub mod download;
pub mod export;
pub mod failure;
pub mod go_to;
pub mod help;
pub mod pool_text;
pub mod prompt;
pub mod remove_document;
pub mod runs;
pub mod save_edits;
pub mod search;
pub mod settings;
pub mod why_slow;
