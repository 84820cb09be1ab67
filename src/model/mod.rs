//! The model: weights, tokenizer, decoder, KV cache, kernels. candle lives here.

pub mod cache;
pub mod chat;
pub mod config;
pub mod decoder;
pub mod device;
pub mod fetch;
pub mod gguf;
pub mod kernels;
pub mod layer;
pub mod registry;
pub mod rope;
pub mod safetensors;
pub mod tokenizer;
pub mod weights;
