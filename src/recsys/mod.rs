//! The data: a catalog of items and users, their groups and halves, the prompts
//! asked about them, and the knowledge documents that come back.
//!
//! Reading order: [`catalog`], [`scale`] and [`history`] (the types, what ratings mean,
//! and what of a user may be shown), [`load`] (the sample) and [`import`] (foreign
//! files), [`groups`] and [`grouping`] (groups by attributes), [`lightgcn`],
//! [`kmeans`], [`learn`] and [`saved`] (by behaviour), [`frameworks`], [`prompts`],
//! [`answer`], [`knowledge`], [`foreign`] (answers made elsewhere), [`quality`],
//! [`synth`] (how the sample viewers were made).
//!
//! Does not know models, pools or screens.

pub mod answer;
pub mod catalog;
pub mod faults;
pub mod foreign;
pub mod frameworks;
pub mod grouping;
pub mod groups;
mod halves;
pub mod history;
pub mod import;
mod kind_name;
pub mod kmeans;
pub mod knowledge;
pub mod learn;
pub mod lightgcn;
pub mod load;
pub mod prompts;
pub mod quality;
mod random;
mod rows;
pub mod saved;
pub mod scale;
mod stratified_sample;
mod subject;
pub mod synth;
mod table;

pub use catalog::{Catalog, Item, Subject, User};
pub use frameworks::{Example, Framework};
pub use groups::{Group, GroupMap};
pub use halves::Half;
pub use history::{Protocol, Rating, Role};
pub use knowledge::{KnowledgeDoc, KnowledgeLog};
pub use prompts::{Prompt, Question, prompt, question};
pub use random::{dealt, draw};
pub use scale::Scale;
pub use subject::{SubjectKind, SubjectRef, UNGROUPED};
