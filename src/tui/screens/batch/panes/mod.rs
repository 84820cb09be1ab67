//! The Batch screen's panes, a file each.

pub(super) mod colours;
pub(super) mod curve;
pub(super) mod lanes;
pub(super) mod pass;
pub(super) mod plot;
pub(super) mod price;
pub(super) mod throughput;
