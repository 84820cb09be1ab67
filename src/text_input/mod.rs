//! The one way into the program for text from outside: catalogs, knowledge,
//! configuration, groups, templates, the JSON of checkpoints.
//!
//! `decode` turns bytes into text, `read_text` reads a whole small file, and
//! `LineReader` and `TextLines` stream a large one. Every read has a bound, and
//! an error names it.
//!
//! The result is UTF-8 without a byte order mark, with lines ending in `\n`. Control
//! characters in a file stay in its text: the writers that show text make them visible.
//! A decoder of this module adds none: a byte that Windows-1252 leaves undefined
//! becomes U+FFFD, not a C1 control.
//!
//! Must not know what a text means. Imports nothing from this crate.

mod encoding;
mod lines;
#[cfg(test)]
mod lines_test;
mod whole;

pub use encoding::Encoding;
pub(crate) use encoding::decode;
pub(crate) use lines::LateByte;
pub(crate) use lines::LineReader;
pub(crate) use lines::Next;
pub(crate) use lines::TextLines;
pub(crate) use lines::too_long;
pub(crate) use lines::with_restart;
pub(crate) use lines::without_mark;
pub(crate) use whole::Bounded;
pub(crate) use whole::read_bytes;
pub(crate) use whole::read_text;
pub(crate) use whole::read_text_from;
pub(crate) use whole::shown_size;

/// Longest line of a streamed file, in bytes of its encoding.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 24;
/// Largest configuration, map of groups, framework or chat template, in bytes.
pub(crate) const SETTINGS_BYTES_MAX: u64 = 1 << 24;
/// Largest JSON file of a checkpoint (a tokenizer has tens of megabytes), in bytes.
pub(crate) const JSON_BYTES_MAX: u64 = 1 << 28;
/// Largest member of an archive, in bytes once unpacked.
pub(crate) const UNPACKED_BYTES_MAX: u64 = 1 << 36;
