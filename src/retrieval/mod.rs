//! Retrieval: what followed this suffix before? Knows tokens and documents, nothing of
//! models or text.
//!
//! Reading order: an `index` over documents of one group, and over the context itself;
//! the `store` of all groups' indexes, in memory and on disk; a `query` finds the places
//! where the context's suffixes occur, counts what followed and makes probabilities of
//! the counts; `drafters` make trees of those. Each knows those before it only. The
//! `retriever` is all of it for one run, `replay` runs it over known answers.

mod drafters;
#[doc(hidden)]
pub mod fitting;
mod index;
mod query;
mod replay;
mod retriever;
mod store;

pub use index::local::Local;
pub(crate) use query::estimate::calibration::shipped_calibration;
pub use query::estimate::calibration::{Calibration, Calibrations};
pub(crate) use replay::Replayed;
pub use replay::{Answer, replay};
pub use retriever::{Retrieved, Retriever, retrieve};
pub(crate) use store::disk::pool_store::PoolInfo;
pub use store::disk::pool_store::PoolStore;
#[doc(hidden)]
pub use store::disk::probe::probe_segment;
pub use store::disk::segment_file::Check;
pub use store::disk::segment_writer::{Cancelled, Work};
pub use store::disk::tokenizer_hash::TokenizerHash;
pub use store::disk::update::{Changed, PoolUpdate};
pub use store::document::PoolDoc;
pub(crate) use store::find_text::{TextHit, TextHits};
pub(crate) use store::growth::Growth;
pub use store::online::Online;
pub use store::pools::Pools;
pub(crate) use store::pools::{Part, Unwanted};
pub(crate) use store::sizes::GroupSize;
