//! From evidence to probabilities: a blend of counts, corrected by what the current
//! rule has accepted so far.

pub(crate) mod blend;
pub(crate) mod calibration;
pub(crate) mod logistic;
pub(crate) mod standing;
pub(crate) mod weights;
