//! The pools: which document belongs to which group, in memory and on disk. Does not
//! know how drafts are made.

pub(crate) mod browse;
pub mod disk;
pub mod document;
pub(crate) mod find_text;
pub(crate) mod fingerprint;
pub(crate) mod growth;
pub mod online;
pub mod pools;
pub(crate) mod sizes;
