//! The model: weights, tokenizer, decoder, KV cache, kernels. candle lives here.

pub mod chat;
pub mod fetch;
pub mod registry;
pub mod tokenizer;
