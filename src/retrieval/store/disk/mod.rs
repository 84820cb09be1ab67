//! Pools on disk: a folder of immutable segments and a list of them.

pub(crate) mod compact;
pub(crate) mod folder;
pub(crate) mod pool_store;
pub(crate) mod probe;
pub(crate) mod segment_file;
#[cfg(test)]
mod segment_file_test;
pub(crate) mod segment_header;
pub(crate) mod segment_writer;
pub(crate) mod tokenizer_hash;
pub(crate) mod update;
