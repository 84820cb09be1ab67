//! The model: weights, tokenizer, decoder, KV cache, kernels. candle lives here.

mod base64_text;
pub(crate) mod cache;
mod cancelled;
pub mod chat;
pub mod checked;
pub mod clock;
pub mod config;
mod consistency;
mod cpu_path;
pub mod decoder;
pub mod device;
mod device_path;
mod environment;
pub mod fetch;
pub mod gguf;
pub mod hashes;
mod json_file;
pub mod kernels;
pub mod layer;
mod layout;
pub mod logits;
pub(crate) mod lone_tokenizer;
mod network;
mod pass;
pub mod raw_matrix;
pub mod registry;
pub(crate) mod roofline;
pub mod rope;
pub(crate) mod safetensors;
pub(crate) mod sampling;
pub(crate) mod score;
pub mod sequences;
pub mod shape;
mod stated;
pub mod tokenizer;
pub mod weights;

/// Raised whenever a bit of the forward pass may change: kernels, the order of a sum,
/// rounding. Recorded in headers of runs and saved cost profiles.
pub const ARITHMETIC_REVISION: u32 = 2;
