//! The screens, a room each: state, update, view.

pub mod catalog;
pub mod compare;
pub mod decode;
pub mod learn;
pub mod pool;
pub mod tune;
