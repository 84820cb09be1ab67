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
pub use query::estimate::calibration::Calibration;
pub use query::estimate::calibration::Calibrations;
pub(crate) use query::estimate::calibration::shipped_calibration;
pub use replay::KnownAnswer;
pub(crate) use replay::Replayed;
pub use replay::replay;
pub use retriever::Retrieved;
pub use retriever::Retriever;
pub use retriever::retrieve;
pub(crate) use store::disk::pool_store::PoolInfo;
pub use store::disk::pool_store::PoolStore;
#[doc(hidden)]
pub use store::disk::probe::probe_segment;
pub use store::disk::segment_file::Check;
pub use store::disk::segment_writer::Cancelled;
pub use store::disk::segment_writer::Work;
pub use store::disk::tokenizer_hash::TokenizerHash;
pub use store::disk::update::Changed;
pub use store::disk::update::PoolUpdate;
pub use store::document::PoolDoc;
pub(crate) use store::find_text::TextHit;
pub(crate) use store::find_text::TextHits;
pub(crate) use store::growth::Growth;
pub use store::online::Online;
pub(crate) use store::pools::PoolPart;
pub use store::pools::Pools;
pub(crate) use store::pools::Unwanted;
pub(crate) use store::sizes::GroupSize;
