//! What needs files that are downloaded: the real model, ML-100K, the vocabularies of
//! llama.cpp. The quick set (`cargo quick`) is everything else.

pub mod decode;
pub mod model;

mod batch;
mod forward;
mod llama_cpp;
mod markers;
mod movielens;
mod pool_file;
mod same_run;
mod terminal;
mod tokenizer;
mod what_if;
