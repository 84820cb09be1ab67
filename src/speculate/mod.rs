//! The core: draft trees, verification, traces. Only std, serde and a diff crate; no
//! model, terminal or threads, so that every rule can be read and tested alone.

pub(crate) mod backoff;
pub(crate) mod branch;
pub(crate) mod branch_race;
pub mod command_line;
pub mod compare;
pub mod condition;
pub mod cost;
pub mod draft;
pub(crate) mod drift;
pub(crate) mod explain;
pub(crate) mod facts;
pub mod headings;
pub mod known_answer;
pub mod learned;
pub(crate) mod longest;
pub(crate) mod look_ahead;
pub mod options;
pub mod parameters;
pub mod params;
pub mod passes;
pub mod quality;
pub mod row;
pub(crate) mod rule;
pub mod same_run;
pub mod speed_up;
pub mod stats;
pub mod subject;
pub mod sweep;
#[cfg(test)]
mod test_support;
pub mod trace;
pub(crate) mod trace_file;
pub(crate) mod trace_folder;
pub mod verify;
pub mod whatif;
pub mod why_low;
pub(crate) mod why_slow;

/// A token id of the target model's vocabulary.
pub type TokenId = u32;
