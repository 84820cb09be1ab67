//! What is around every screen: the bars, the lesson's task, and where they go.

mod air;
pub(crate) mod footer;
pub(crate) mod header;
pub mod layout;
pub mod lesson;
