//! LaserScope: watch, debug and tune retrieval-based speculative decoding on
//! recommender knowledge generation, after LASER (Xi et al., SIGIR 2025,
//! arXiv 2408.05676). A draft tree is retrieved from pools of earlier answers,
//! one forward pass of a language model verifies every branch of it, and each
//! draft token's fate is recorded and shown.
//!
//! Modules from the ground up, as in ARCHITECTURE.md: a module names only those above
//! its line.

pub(crate) mod atomic_file;

pub(crate) mod file_name;

pub mod mapped;

#[macro_use]
pub mod console;

pub mod log_file;

pub mod text_input;

pub mod glossary;

pub mod shutdown;

pub mod speculate;

pub mod protocol;

pub mod jinja;

pub mod retrieval;

pub mod recsys;

pub mod model;

pub mod engine;

pub mod downstream;

pub mod present;

pub mod cli;

pub mod config;

pub mod session;

pub mod worker;

pub mod export;

pub mod commands;

pub mod tui;

pub mod start;
