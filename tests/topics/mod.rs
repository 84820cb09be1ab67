//! One test binary, by topic.

mod catalog;
mod decoder;
mod engine;
mod fetch;
mod fixture;
mod real_decode;
mod real_model;
mod screens;
mod terminal;
mod tiny;
mod tokenizer;
