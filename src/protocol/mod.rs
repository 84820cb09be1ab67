//! The protocol between the interface and the engine's thread: commands, events and
//! their contents, as plain data.

mod command;
mod event;
mod pools;
mod prompt;
mod questions;
mod request;

pub use command::Command;
pub use event::BatchNews;
pub use event::Event;
pub use event::FetchEvent;
pub use pools::DocumentText;
pub use pools::Documents;
pub use pools::FoundDocument;
pub use pools::FoundText;
pub use pools::ListedDoc;
pub use pools::Overview;
pub use pools::PoolName;
pub use pools::Probe;
pub use pools::ProbedSet;
pub use pools::ProbedText;
pub use pools::Section;
pub use prompt::History;
pub use prompt::PromptPreview;
pub use prompt::PromptText;
pub(crate) use prompt::RenderedPrompt;
pub(crate) use questions::NewDocument;
pub use questions::PoolAnswer;
pub use questions::PoolChange;
pub use questions::PoolQuestion;
pub(crate) use questions::SavedEdits;
pub(crate) use questions::Undone;
pub use request::Asked;
pub use request::BatchId;
pub use request::BatchRequest;
pub use request::Purpose;
pub use request::Request;
pub use request::RunId;
pub(crate) use request::SweepId;
pub use request::SweepRequest;
