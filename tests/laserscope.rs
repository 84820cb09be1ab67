//! The tests of the program as a whole, a module per topic.

// What a test measures it tells its harness.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]

mod topics;
