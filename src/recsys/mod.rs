//! The data: a catalog of items and users, their groups and halves, the prompts
//! asked about them, and the knowledge documents that come back.
//!
//! Reading order: [`catalog`], [`scale`] and [`history`] (the types, what ratings mean,
//! and what of a user may be shown), [`load`] (the sample) and [`import`] (foreign
//! files), [`groups`] and `grouping` (groups by attributes), [`lightgcn`],
//! `kmeans`, [`learn`] and [`saved`] (by behaviour), [`frameworks`], [`prompts`],
//! `answer`, [`knowledge`], [`foreign`] (answers made elsewhere), [`logs`] (prompts and
//! answers that other engines logged), `quality`,
//! [`synth`] (how the sample viewers were made).
//!
//! Does not know models, pools or screens.

pub(crate) mod answer;
pub mod catalog;
pub(crate) mod faults;
pub mod foreign;
pub mod frameworks;
pub(crate) mod grouping;
pub mod groups;
mod halves;
pub mod history;
pub mod import;
mod kind_name;
pub(crate) mod kmeans;
pub mod knowledge;
pub mod learn;
pub mod lightgcn;
pub mod load;
pub mod logs;
pub mod prompts;
pub(crate) mod quality;
mod random;
mod rows;
pub mod saved;
pub mod scale;
mod stratified_sample;
mod subject;
pub mod synth;
mod table;

pub use catalog::Catalog;
pub use catalog::Item;
pub use catalog::Subject;
pub use catalog::User;
pub use frameworks::Example;
pub use frameworks::Framework;
pub(crate) use groups::Group;
pub use groups::GroupMap;
pub use halves::Half;
pub use history::Protocol;
pub use history::Rating;
pub use history::Role;
pub use knowledge::KnowledgeDoc;
pub use knowledge::KnowledgeLog;
pub(crate) use prompts::Prompt;
pub use prompts::prompt;
pub use prompts::question;
pub(crate) use random::SplitMix64;
pub(crate) use random::dealt;
pub(crate) use random::draw;
pub use scale::Scale;
pub use subject::SubjectKind;
pub use subject::SubjectRef;
pub use subject::UNGROUPED;
