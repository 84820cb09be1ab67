//! The data: a catalog of items and users, their groups and halves, the prompts
//! asked about them, and the knowledge documents that come back.
//!
//! Reading order: [`catalog`] (the types), [`load`] (CSV in), [`groups`] and
//! [`history`] (who goes where, what of a user may be shown), [`prompts`],
//! [`knowledge`], [`synth`] (how the sample viewers were made).
//!
//! Knows nothing of models, pools or screens.

pub mod catalog;
pub mod faults;
pub mod groups;
pub mod history;
pub mod knowledge;
pub mod load;
pub mod prompts;
mod random;
mod rows;
pub mod synth;
mod table;

pub use catalog::{Catalog, Half, Item, Rating, Subject, SubjectKind, SubjectRef, User};
pub use groups::{Group, GroupMap};
pub use history::Role;
pub use knowledge::{KnowledgeDoc, KnowledgeLog};
pub use prompts::{Example, Framework, Prompt, prompt};
