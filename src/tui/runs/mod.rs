//! The runs of a session: live, recorded, measured, and parked on disk.

pub(crate) mod begin;
pub(crate) mod branches;
pub(crate) mod columns;
pub(crate) mod cost;
pub(crate) mod drifting;
pub(crate) mod measure;
pub(crate) mod parked;
pub(crate) mod parking;
pub(crate) mod reference;
pub mod run;
pub(crate) mod sorting;
pub mod spill;
