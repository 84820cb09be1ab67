//! What turns a trace into words and lines: the record that grows step by step, what
//! can be selected in a tree, marks, token texts, tree lines, numbers, the story of a
//! token, and the colours of the fates.
//!
//! Between the core and its faces: the screens, exports and commands read it. Knows
//! no widgets, no keys' meanings and no screen.

pub mod board;
pub(crate) mod describe;
pub mod engine_settings;
pub(crate) mod flow;
pub(crate) mod footprint;
pub mod format;
pub(crate) mod heat_scale;
pub mod key;
pub(crate) mod known_record;
pub(crate) mod lane_text;
pub(crate) mod last_result;
pub mod lesson;
pub(crate) mod lines;
pub(crate) mod mark;
pub(crate) mod names;
pub(crate) mod number;
pub(crate) mod palette;
pub(crate) mod parting;
pub mod pass_picture;
pub mod picture;
pub mod prediction;
pub mod record;
pub mod selection;
pub mod step_phase;
pub(crate) mod story;
pub mod sweep_report;
pub mod theme;
pub mod token_text;
pub(crate) mod tree_lines;
