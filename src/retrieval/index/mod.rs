//! The index: documents' tokens with a suffix array, and the context's own index. Finds
//! where a run of tokens occurs; does not know groups, pools or probabilities.

pub(crate) mod array;
pub(crate) mod doc_table;
pub(crate) mod hidden;
pub mod local;
pub(crate) mod ranks;
pub(crate) mod segment;
pub(crate) mod segment_builder;
pub(crate) mod segment_view;
pub(crate) mod suffix_sort;
pub(crate) mod symbol;
pub(crate) mod text;
