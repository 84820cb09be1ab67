//! The protocol between the interface and the engine's thread: commands, events and
//! their contents, as plain data.

mod command;
mod event;
mod pools;
mod prompt;
mod questions;
mod request;

pub use command::Command;
pub use event::{Event, FetchEvent};
pub use pools::{
    DocumentText, Documents, Found, FoundDocument, ListedDoc, Overview, PoolName, Probe, ProbedSet,
    ProbedText, Section,
};
pub use prompt::{History, PromptPreview, PromptText, RenderedPrompt};
pub use questions::{NewDocument, PoolAnswer, PoolChange, PoolQuestion, SavedEdits, Undone};
pub use request::{Asked, Purpose, Request, RunId, SweepId, SweepRequest};
