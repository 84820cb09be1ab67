//! Tests by topic, in one binary.

// Tests print their measurements.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]

mod topics;
