//! LaserScope: watch, debug and tune retrieval-based speculative decoding on
//! recommender knowledge generation, after LASER (Xi et al., SIGIR 2025,
//! arXiv 2408.05676). A draft tree is retrieved from pools of earlier answers,
//! one forward pass of a language model verifies every branch of it, and each
//! draft token's fate is recorded and shown.
//!
//! Modules in reading order: how text comes in, the idea, the memory, the data,
//! the model, the loop, what is said about it, and the faces over it.

pub mod text_input;

#[macro_use]
pub mod console;

pub mod atomic_file;

pub mod file_name;

pub mod glossary;

pub mod speculate;

pub mod protocol;

pub mod mapped;

pub mod retrieval;

pub mod jinja;

pub mod recsys;

pub mod model;

pub mod engine;

pub mod shutdown;

pub mod worker;

pub mod session;

pub mod present;

pub mod commands;

pub mod tui;

pub mod export;

pub mod cli;

pub mod config;

pub mod start;
