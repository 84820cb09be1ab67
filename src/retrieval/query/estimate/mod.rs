//! From evidence to probabilities: a blend of counts, corrected by what the current
//! rule has accepted so far.

pub mod blend;
pub mod calibration;
pub mod logistic;
pub(crate) mod standing;
pub mod weights;
