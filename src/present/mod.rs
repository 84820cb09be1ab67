//! What turns a trace into words and lines: the record that grows step by step, what
//! can be selected in a tree, marks, token texts, tree lines, numbers, the story of a
//! token, and the colours of the fates.
//!
//! Between the core and its faces: the screens, exports and commands read it. Knows
//! no widgets, no keys' meanings and no screen.

pub mod describe;
pub mod flow;
pub mod footprint;
pub mod format;
pub mod key;
pub mod last_result;
pub mod lines;
pub mod mark;
pub mod number;
pub mod palette;
pub mod picture;
pub mod record;
pub mod selection;
pub mod story;
pub mod theme;
pub mod token_text;
pub mod tree_lines;
