//! Placeholder.

use std::path::PathBuf;

#[derive(Clone, Debug)]
pub enum FetchEvent {
    Looking {
        what: String,
    },
    Downloading {
        from: String,
        done: u64,
        total: Option<u64>,
        bytes_per_s: f64,
    },
    Verifying,
    Skipped {
        source: String,
        why: String,
    },
    Done {
        path: PathBuf,
    },
}
