//! From a path to rows: folders and archives, their files as streams, rows and their
//! fields, and which column is which. Does not know dialects.

pub(crate) mod archive;
pub(crate) mod columns;
pub(crate) mod counted;
pub(crate) mod csv;
pub(crate) mod part;
pub(crate) mod records;
pub(crate) mod source;
