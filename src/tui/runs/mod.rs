//! The runs of a session: live, recorded, measured, and parked on disk.

pub mod begin;
pub mod branches;
pub mod cost;
pub mod drifting;
pub mod measure;
pub mod parked;
pub mod parking;
pub mod reference;
pub mod run;
pub mod spill;
