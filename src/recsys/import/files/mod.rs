//! From a path to rows: folders and archives, their files as streams, rows and their
//! fields, and which column is which. Does not know dialects.

pub mod archive;
pub mod columns;
mod counted;
pub mod csv;
pub mod part;
pub mod records;
pub mod source;
