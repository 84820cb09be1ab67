//! The memory: what followed this suffix before? Knows tokens and documents,
//! nothing of models or text.
//!
//! Reading order: a `segment` indexes one group's documents; `pools` holds all
//! groups; `local` is the context itself. A `search` finds the places where the
//! context's suffixes occur (`lookup`) or where they occur but for a gap
//! (`bridge`), and `evidence` counts what followed. `blend` turns counts into
//! probabilities, `retrieve` grows the tree, `origins` names the documents.
//! `laser`, `chain` and `ngram` are other people's drafters over the same
//! sources, to compare with.

mod blend;
mod bridge;
mod calibration;
mod chain;
mod evidence;
#[cfg(test)]
mod fit;
mod laser;
mod local;
mod lookup;
mod ngram;
mod origins;
mod pools;
mod replay;
mod retrieve;
mod search;
mod segment;
mod sort;
mod walk;
mod weights;

pub use calibration::Calibration;
pub use local::Local;
pub use pools::{GroupSize, PoolDoc, Pools};
pub use replay::{Answer, Replayed, replay};
pub use retrieve::{Recall, Retrieved, retrieve};
