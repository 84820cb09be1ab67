//! A step's forward pass as a picture: its rows as a tree, what each row attends to, what
//! happens to its keys and values in the cache, and a token's way from its logit to the
//! rule's ruling. Plain data with its words, from the recorded step alone.
//!
//! Knows no colours, no widths and no screen: the Decode screen and the web page draw it.

mod cache;
mod mask;
mod way;

pub use cache::CachePicture;
pub use cache::CacheSlot;
pub use cache::SlotState;
pub use mask::MaskCell;
pub use mask::PassRow;
pub use way::LogitToken;
pub use way::StageName;
pub use way::TokenWay;
pub use way::WayStage;

use super::record::Record;
use super::selection::TreeSelection;
use super::step_phase::StepPhase;
use crate::speculate::trace::Step;

/// A step's pass in one of its phases.
#[derive(Clone, Debug, PartialEq)]
pub struct PassPicture {
    /// How far the step has come.
    pub phase: StepPhase,
    /// Rows in the cache before the pass, one per committed token except the last. Every
    /// row of the pass attends to all of them.
    pub prefix: usize,
    /// The rows of the pass as far as they are known, in the tree's order: a node, then
    /// everything below it, children in draft order. The first is the root.
    pub rows: Vec<PassRow>,
    /// The cache rows behind the prefix.
    pub cache: CachePicture,
    /// What is said of the picture as a whole, where something is to be said: the run was
    /// made of a log, or decoded in a batch.
    pub note: Option<&'static str>,
}

impl PassPicture {
    /// The pass of a step of the record's run.
    pub fn of(record: &Record, step: &Step, phase: StepPhase) -> Self {
        let prefix = step.context_len.saturating_sub(1);
        let rows = mask::rows(record, step, phase);
        let cache = CachePicture::of(record, step, phase);
        PassPicture {
            phase,
            prefix,
            rows,
            cache,
            note: note(record),
        }
    }

    /// Where in `rows` a token of the tree is. The bonus token has no row in this pass:
    /// where it is from, the row of the last committed token.
    pub fn row_of(&self, step: &Step, selection: TreeSelection) -> Option<usize> {
        let node = match selection {
            TreeSelection::Root => 0,
            TreeSelection::Draft(node) => node,
            TreeSelection::Bonus => step.verdict.stop(),
        };
        self.rows.iter().position(|row| row.node == node)
    }

    /// What row `row` does with the keys and values of row `column`; both count in `rows`.
    pub fn cell(&self, row: usize, column: usize) -> MaskCell {
        match self.rows.get(row) {
            Some(_) if row == column => MaskCell::Itself,
            Some(at) if at.attends_to.contains(&column) => MaskCell::Ancestor,
            _ => MaskCell::Masked,
        }
    }

    /// What a row attends to, in a sentence with its numbers.
    pub fn attention_in_words(&self, row: usize) -> String {
        self.rows
            .get(row)
            .map_or_else(String::new, |at| at.attention_in_words(self.prefix))
    }
}

fn note(record: &Record) -> Option<&'static str> {
    let header = &record.trace.header;
    match (&header.log, header.batch) {
        (Some(_), _) => Some(
            "The log does not say how its engine stored keys and values: this is what this \
             program's decoder does with such a tree.",
        ),
        (None, 1..) => Some(
            "This run was decoded in a batch: the pass also had rows of others, each sequence \
             with a cache slot of its own. No row attends to another sequence's.",
        ),
        (None, 0) => None,
    }
}
