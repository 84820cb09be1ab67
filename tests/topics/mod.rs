//! One test binary, by topic.

mod batch;
mod catalog;
mod decoder;
mod drafters;
mod engine;
mod export;
mod families;
mod fetch;
mod fixture;
mod foreign;
mod groups;
mod import;
mod interface;
mod kernels;
mod lessons;
mod pool;
mod pool_file;
mod real_decode;
mod real_forward;
mod real_model;
mod rooms;
mod screens;
mod stage;
mod terminal;
mod tiny;
mod tokenizer;
