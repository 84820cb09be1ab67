//! The pools: which document belongs to which group, in memory and on disk. Does not
//! know how drafts are made.

pub(crate) mod browse;
pub(crate) mod disk;
pub(crate) mod document;
pub(crate) mod find_text;
pub(crate) mod fingerprint;
pub(crate) mod growth;
pub(crate) mod online;
pub(crate) mod pools;
pub(crate) mod sizes;
