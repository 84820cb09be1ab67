//! The memory: what followed this suffix before? Knows tokens and documents,
//! nothing of models or text.
//!
//! Reading order: a `segment` indexes documents of one group; `pools` holds all
//! groups, in memory or from a folder on disk (`store`, `update`, `file`);
//! `online` is a session's finished answers, `growth` those of a batch that join
//! its pools, `local` the context itself. A `search` finds the places where the
//! context's suffixes occur (`lookup`) or where they occur but for a gap
//! (`bridge`), and `evidence` counts what followed. `blend` turns counts into
//! probabilities, `calibration` corrects them, `retrieve` grows the tree, `origins` names the documents.
//! `laser`, `chain` and `ngram` are other people's drafters over the same
//! sources, to compare with.

mod array;
mod blend;
mod bridge;
mod browse;
mod calibration;
mod chain;
mod compact;
mod docs;
mod evidence;
mod file;
#[cfg(test)]
mod file_test;
mod find_text;
mod fingerprint;
#[cfg(test)]
mod fit;
mod growth;
mod hidden;
mod laser;
mod local;
mod lookup;
mod ngram;
mod online;
mod origins;
mod pools;
mod probe;
mod replay;
mod retrieve;
mod search;
mod segment;
mod sort;
mod store;
mod text;
mod tokenizer_hash;
mod update;
mod walk;
mod weights;

pub use browse::ListedDoc;
pub use calibration::{Calibration, Calibrations, shipped_calibration};
pub use file::Check;
pub use find_text::{TextHit, TextHits};
pub use growth::Growth;
pub use local::Local;
pub use online::Online;
pub use pools::{GroupSize, Part, PoolDoc, Pools, Unwanted};
#[doc(hidden)]
pub use probe::probe_segment;
pub use replay::{Answer, Replayed, replay};
pub use retrieve::{Recall, Retrieved, retrieve};
pub use store::{GroupInfo, PoolInfo, PoolStore};
pub use tokenizer_hash::TokenizerHash;
pub use update::{Cancelled, Changed, PoolUpdate, Work};
