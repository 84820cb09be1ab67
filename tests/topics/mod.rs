//! One test binary, by topic.

mod decoder;
mod fetch;
mod fixture;
mod real_model;
mod screens;
mod tiny;
mod tokenizer;
