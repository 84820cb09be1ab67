//! One test binary, by topic.

mod real_model;

mod fetch;
mod tokenizer;
