//! The acceptance board, the Catalog's third tab: a row a subject, from a folder of traces
//! that is watched, from sweeps and from this session's runs.

pub(crate) mod list;
pub mod scoring;
pub(crate) mod side;
pub mod state;
pub(crate) mod update;
pub(crate) mod watch;
