//! What the interface and the engine's thread say to each other: commands, events, and
//! what they carry, as plain data.

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
pub(crate) use prompt::RenderedPrompt;
pub use prompt::{History, PromptPreview, PromptText};
pub use questions::{LabAnswer, LabQuestion, PoolChange};
pub(crate) use questions::{NewDocument, SavedEdits, Undone};
pub(crate) use request::SweepId;
pub use request::{Asked, Purpose, Request, RunId, SweepRequest};
