//! What a step does to the KV cache. The pass writes the keys and values of its rows behind
//! the prefix, in draft order. Commit keeps the root's row and those of the accepted path:
//! kept rows that do not follow the prefix without a gap are copied up to it. The others are
//! not erased: they no longer count, and the next pass writes over them.

use crate::present::number::count;
use crate::present::record::Record;
use crate::speculate::trace::Step;

use crate::present::step_phase::StepPhase;

/// What a cache row behind the prefix is in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// Where the pass will write a row.
    Reserved,
    /// The pass wrote a row here; it is pending until the verdict is committed.
    Written,
    /// Committed: part of the next pass's prefix.
    Kept,
    /// Still holds a row that was not accepted; the next pass writes over it.
    Forgotten,
}

impl SlotState {
    /// In the order in which a slot can go through them.
    pub const ALL: [SlotState; 4] = [
        SlotState::Reserved,
        SlotState::Written,
        SlotState::Kept,
        SlotState::Forgotten,
    ];

    /// As pictures of text draw it.
    pub fn glyph(self) -> &'static str {
        match self {
            SlotState::Reserved => "░",
            SlotState::Written => "▒",
            SlotState::Kept => "█",
            SlotState::Forgotten => "╌",
        }
    }

    /// As a legend says it.
    pub fn name(self) -> &'static str {
        match self {
            SlotState::Reserved => "reserved",
            SlotState::Written => "written",
            SlotState::Kept => "kept",
            SlotState::Forgotten => "forgotten",
        }
    }
}

/// A cache row behind the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSlot {
    /// Its number in the sequence's cache, from 0: the prefix's rows come first.
    pub row: usize,
    /// What it is.
    pub state: SlotState,
    /// The node whose keys and values it holds, or will hold.
    pub node: usize,
    /// The cache row that they were copied from when the verdict was committed.
    pub moved_from: Option<usize>,
}

/// The cache rows behind the prefix in a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePicture {
    /// Rows in the cache before the pass.
    pub prefix: usize,
    /// One per row of the pass, in cache order.
    pub slots: Vec<CacheSlot>,
    /// What happened so far, sentence by sentence.
    pub told: Vec<String>,
}

impl CachePicture {
    pub(super) fn of(record: &Record, step: &Step, phase: StepPhase) -> Self {
        let mut picture = CachePicture {
            prefix: step.context_len.saturating_sub(1),
            slots: Vec::new(),
            told: Vec::new(),
        };
        picture.slots = picture.slots_at(step, phase);
        picture.told = picture.told_at(record, step, phase);
        picture
    }

    /// Slots in this state.
    pub fn count(&self, state: SlotState) -> usize {
        self.slots.iter().filter(|slot| slot.state == state).count()
    }

    /// Kept rows that were copied to close the gap behind the prefix.
    pub fn n_moved(&self) -> usize {
        let moved = |slot: &&CacheSlot| slot.moved_from.is_some();
        self.slots.iter().filter(moved).count()
    }

    /// Rows that count: the prefix and what was kept.
    pub fn len(&self) -> usize {
        self.prefix + self.count(SlotState::Kept)
    }

    /// Whether no row counts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn slots_at(&self, step: &Step, phase: StepPhase) -> Vec<CacheSlot> {
        let slot = |node: usize, state| CacheSlot {
            row: self.prefix + node,
            state,
            node,
            moved_from: None,
        };
        let n = step.tree.n_rows();
        match phase {
            StepPhase::Retrieve => Vec::new(),
            StepPhase::Draft => (0..n).map(|i| slot(i, SlotState::Reserved)).collect(),
            StepPhase::Verify => (0..n).map(|i| slot(i, SlotState::Written)).collect(),
            StepPhase::Commit => {
                let kept: Vec<usize> = kept_nodes(step).collect();
                let kept_slot = |(i, &node): (usize, &usize)| CacheSlot {
                    node,
                    moved_from: (node != i).then_some(self.prefix + node),
                    ..slot(i, SlotState::Kept)
                };
                let forgotten = (kept.len()..n).map(|i| slot(i, SlotState::Forgotten));
                kept.iter()
                    .enumerate()
                    .map(kept_slot)
                    .chain(forgotten)
                    .collect()
            }
        }
    }

    fn told_at(&self, record: &Record, step: &Step, phase: StepPhase) -> Vec<String> {
        let root = record.quoted(step.tree.nodes[0].token);
        match phase {
            StepPhase::Retrieve => vec![
                format!(
                    "The cache holds the keys and values of {}: every committed token but the \
                     last.",
                    count(self.prefix, "row")
                ),
                format!("The last one, {root}, is the root: this pass computes its row."),
            ],
            StepPhase::Draft => vec![format!(
                "Behind the {} of the prefix the pass will write {}: the root's, {root}, and \
                 {}, in draft order.",
                count(self.prefix, "row"),
                count(self.slots.len(), "row"),
                drafts(step.tree.n_drafts())
            )],
            StepPhase::Verify => vec![
                format!(
                    "The pass wrote the keys and values of {} in every layer, to cache rows {}.",
                    count(self.slots.len(), "row"),
                    from_to(self.prefix, self.slots.len())
                ),
                "All are pending: which of them stay depends on the verdict.".into(),
            ],
            StepPhase::Commit => self.told_of_commit(record, step),
        }
    }

    fn told_of_commit(&self, record: &Record, step: &Step) -> Vec<String> {
        let mut told = vec![format!(
            "{} kept: the root's and {}.",
            are(self.count(SlotState::Kept)),
            drafts(step.verdict.path.len())
        )];
        let moved: Vec<String> = self.slots.iter().filter_map(moved).collect();
        told.push(match moved.len() {
            0 => "They follow the prefix without a gap: nothing is moved.".into(),
            n => format!(
                "{} up to close the gap: {}.",
                were_copied(n),
                moved.join(", ")
            ),
        });
        let n = self.count(SlotState::Forgotten);
        if n > 0 {
            told.push(format!(
                "{} forgotten, not erased: the next pass writes over {}.",
                are(n),
                if n == 1 { "it" } else { "them" }
            ));
        }
        told.push(format!(
            "The cache now counts {}. {}",
            count(self.len(), "row"),
            next(record, step)
        ));
        told
    }
}

/// The rows that commit keeps: the root's, and those of the accepted path.
fn kept_nodes(step: &Step) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(0).chain(step.verdict.path.iter().copied())
}

/// What the next pass begins with.
fn next(record: &Record, step: &Step) -> String {
    match (step.verdict.bonus, step.verdict.finish) {
        (_, Some(_)) => "The text ends here: no further pass.".into(),
        (Some(bonus), None) => format!(
            "The bonus token {} has no row yet: the next pass computes it as its root.",
            record.quoted(bonus)
        ),
        (None, None) => String::new(),
    }
}

fn moved(slot: &CacheSlot) -> Option<String> {
    slot.moved_from.map(|from| format!("{from} → {}", slot.row))
}

fn are(n: usize) -> String {
    format!("{} {}", count(n, "row"), if n == 1 { "is" } else { "are" })
}

fn were_copied(n: usize) -> String {
    format!("{n} {} copied", if n == 1 { "was" } else { "were" })
}

fn drafts(n: usize) -> String {
    match n {
        0 => "no draft's".into(),
        1 => "one draft's".into(),
        n => format!("those of {n} drafts"),
    }
}

fn from_to(first: usize, n: usize) -> String {
    match n {
        1 => first.to_string(),
        _ => format!("{first} to {}", first + n - 1),
    }
}
