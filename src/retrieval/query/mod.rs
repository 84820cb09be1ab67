//! Queries: where the context's end and the paths below it occur in the sources, what
//! followed there, and how probable that makes the next token.

pub(crate) mod agenda;
pub(crate) mod bridge;
pub mod estimate;
pub(crate) mod evidence;
pub(crate) mod gather;
pub(crate) mod lookup;
pub(crate) mod matches;
pub(crate) mod origins;
pub(crate) mod search;
pub(crate) mod tally;
pub(crate) mod walk;
