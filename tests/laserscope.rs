// What a test measures it tells its harness.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]

mod topics;
