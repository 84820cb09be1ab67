//! One test binary, by topic.

mod catalog;
mod decoder;
mod engine;
mod fetch;
mod real_model;
mod tiny;
mod tokenizer;
