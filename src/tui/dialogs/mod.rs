//! What lies over the screens and takes the keys.

pub mod branch;
pub mod choose;
pub mod commands;
pub mod condition;
pub mod copy;
pub mod export;
pub mod help;
pub mod settings;
pub mod view;
pub mod why_slow;
