//! What is around every screen: the bars, the lesson's task, and where they go.

pub mod footer;
pub mod header;
pub mod layout;
pub mod lesson;
