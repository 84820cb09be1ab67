//! The engine's thread: a [`Command`](crate::protocol::Command) in,
//! [`Event`](crate::protocol::Event)s out, nothing shared. The
//! interface never waits for it; it never waits for the interface.

pub mod ask;
mod batch;
mod inbox;
mod pool_questions;
mod preview;
mod serve;
mod sweep;
mod tempo;
mod thread;
mod watched;

pub use inbox::Inbox;
pub use serve::serve;
pub use thread::Handle;
pub use thread::guarded;
pub(crate) use thread::spawn;
