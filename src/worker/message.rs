//! The protocol, under the name that the screens still use for it.

pub use crate::protocol::*;
