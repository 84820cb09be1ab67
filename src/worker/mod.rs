//! The engine's thread: a [`Command`] in, [`Event`]s out, nothing shared. The
//! interface never waits for it; it never waits for the interface.

pub mod ask;
mod inbox;
mod lab;
pub mod message;
mod serve;
mod sweep;
mod thread;

pub use inbox::Inbox;
pub use message::{
    Asked, Command, Event, FetchEvent, PromptPreview, PromptText, Purpose, Request, RunId, SweepId,
    SweepRequest,
};
pub use serve::serve;
pub use thread::{Handle, guarded, spawn};
