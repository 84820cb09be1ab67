//! The idea, pure: draft trees, verification, traces. std, serde and a diff only; no
//! model, no terminal, no threads, so that every rule can be read and tested
//! on its own.

pub mod compare;
pub mod cost;
pub mod draft;
pub mod params;
pub mod row;
pub mod stats;
pub mod trace;
pub mod verify;

/// A token id of the target model's vocabulary.
pub type TokenId = u32;
