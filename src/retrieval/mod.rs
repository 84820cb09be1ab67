//! Retrieval: what followed this suffix before? Knows tokens and documents, but not
//! models or text.
//!
//! Reading order: an `index` over documents of one group, and over the context itself;
//! the `store` of all groups' indexes, in memory and on disk; a `query` finds the
//! places where the context's suffixes occur, counts what followed and turns the counts
//! into probabilities; `drafters` build trees from those. Each knows only the previous
//! ones. The `retriever` combines them for one run, `replay` runs it over known
//! answers.

mod drafters;
#[doc(hidden)]
pub mod fitting;
mod index;
mod query;
mod replay;
mod retriever;
mod store;

pub use index::local::Local;
pub use query::estimate::calibration::{Calibration, Calibrations, shipped_calibration};
pub use replay::{Answer, Replayed, replay};
pub use retriever::{Retrieved, Retriever, retrieve};
pub use store::disk::pool_store::{GroupInfo, PoolInfo, PoolStore};
#[doc(hidden)]
pub use store::disk::probe::probe_segment;
pub use store::disk::segment_file::Check;
pub use store::disk::segment_writer::{Cancelled, Work};
pub use store::disk::tokenizer_hash::TokenizerHash;
pub use store::disk::update::{Changed, PoolUpdate};
pub use store::document::PoolDoc;
pub use store::find_text::{TextHit, TextHits};
pub use store::growth::Growth;
pub use store::online::Online;
pub use store::pools::{Part, Pools, Unwanted};
pub use store::sizes::GroupSize;
