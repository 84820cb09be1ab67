//! Pools on disk: a folder of immutable segments and a list of them.

pub(crate) mod compact;
pub(crate) mod folder;
pub mod pool_store;
pub mod probe;
pub mod segment_file;
#[cfg(test)]
mod segment_file_test;
pub(crate) mod segment_header;
pub mod segment_writer;
pub mod tokenizer_hash;
pub mod update;
