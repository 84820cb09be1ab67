//! What `[` and `]` look for, step by step, and the bookmarks.

use crate::present::pick::Pick;
use crate::speculate::condition::Condition;
use crate::speculate::trace::{Step, Trace};
use crate::speculate::verify::Fate;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::table::Context;
use crate::tui::screens::decode::state::Cursor;

/// What steps are looked for.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Hunt {
    #[default]
    Relaxed,
    Rejected,
    NothingAccepted,
    PoolMiss,
    /// Typed with `m`.
    Condition(Condition),
    /// Drafts found in a document of the pools, by its id.
    Document(String),
    /// The text that is searched, match by match.
    Text,
}

impl Hunt {
    /// One key away, in this order.
    pub const PRESETS: [Hunt; 4] = [
        Hunt::Relaxed,
        Hunt::Rejected,
        Hunt::NothingAccepted,
        Hunt::PoolMiss,
    ];

    pub fn name(&self) -> String {
        match self {
            Hunt::Relaxed => "relaxed".into(),
            Hunt::Rejected => "rejected".into(),
            Hunt::NothingAccepted => "nothing accepted".into(),
            Hunt::PoolMiss => "pool miss".into(),
            Hunt::Condition(condition) => condition.to_string(),
            Hunt::Document(doc) => format!("drafts from {doc}"),
            Hunt::Text => "the text searched".into(),
        }
    }

    /// The preset after this one; the first after anything else.
    pub fn next(&self) -> Self {
        let at = Self::PRESETS.iter().position(|h| h == self);
        let next = at.map_or(0, |at| (at + 1) % Self::PRESETS.len());
        Self::PRESETS[next].clone()
    }

    pub fn matches(&self, trace: &Trace, index: usize) -> bool {
        let Some(step) = trace.steps.get(index) else {
            return false;
        };
        match self {
            Hunt::Relaxed => step.verdict.count(Fate::Relaxed) > 0,
            Hunt::Rejected => step.verdict.count(Fate::Rejected) > 0,
            Hunt::NothingAccepted => step.tree.n_drafts() > 0 && step.verdict.path.is_empty(),
            Hunt::PoolMiss => !step.is_hit(),
            Hunt::Condition(condition) => condition.matches(trace, index),
            Hunt::Document(doc) => supplied(step, doc).is_some(),
            Hunt::Text => false,
        }
    }

    /// What to select in a step that matches; `None`: what is worth looking at first.
    fn pick(&self, step: &Step) -> Option<Pick> {
        let of_fate = |fate| (1..step.tree.n_rows()).find(|&n| step.verdict.fate(n) == Some(fate));
        match self {
            Hunt::Rejected => of_fate(Fate::Rejected).map(Pick::Draft),
            Hunt::Document(doc) => supplied(step, doc).map(Pick::Draft),
            _ => None,
        }
    }
}

/// The first draft token found in a document.
fn supplied(step: &Step, doc: &str) -> Option<usize> {
    let from_it = |node: &usize| {
        let origins = &step.tree.nodes[*node].origins;
        origins.iter().any(|o| o.docs.iter().any(|d| d.doc == doc))
    };
    (1..step.tree.n_rows()).find(from_it)
}

impl App {
    /// The keys that find, for messages.
    pub(crate) fn find_keys(&self) -> String {
        let key = |action| self.key_of(Context::Decode, action);
        format!(
            "{} and {}",
            key(Action::PreviousMatch),
            key(Action::NextMatch)
        )
    }

    pub(crate) fn set_hunt(&mut self, hunt: Hunt) {
        let text = format!("{} look for steps with: {}", self.find_keys(), hunt.name());
        self.view.hunt = hunt;
        self.tell(Tone::Info, text);
    }

    /// The next step that matches, or the one before.
    pub(crate) fn find_match(&mut self, forward: bool) {
        if self.view.hunt == Hunt::Text {
            return self.find_text(forward);
        }
        let (Some(at), Some(record)) = (self.step_index(), self.record()) else {
            return;
        };
        let hunt = &self.view.hunt;
        let fits = |&i: &usize| hunt.matches(&record.trace, i);
        let found = if forward {
            (at + 1..record.n_steps()).find(fits)
        } else {
            (0..at).rev().find(fits)
        };
        let Some(step) = found else {
            let way = if forward { "later" } else { "earlier" };
            let text = format!("No {way} step with: {}.", hunt.name());
            return self.tell(Tone::Info, text);
        };
        let pick = hunt.pick(&record.trace.steps[step]);
        self.view.go_to(Cursor::at(step));
        self.view.pick = pick;
    }

    /// Shows the first draft that a document supplied in the run shown; `[` and
    /// `]` find the others. `false`: it supplied none.
    pub fn show_drafts_of(&mut self, doc: &str) -> bool {
        let Some(record) = self.record() else {
            return false;
        };
        let steps = &record.trace.steps;
        let found = steps.iter().position(|s| supplied(s, doc).is_some());
        let Some(step) = found else { return false };
        let pick = supplied(&steps[step], doc).map(Pick::Draft);
        let n = steps.iter().filter(|s| supplied(s, doc).is_some()).count();
        let title = record.trace.doc_title(doc).to_string();
        self.screen = crate::tui::app::Screen::Decode;
        self.view.go_to(Cursor::at(step));
        self.view.pick = pick;
        self.view.hunt = Hunt::Document(doc.to_string());
        let steps = if n == 1 { "one step" } else { "steps" };
        let text = match n {
            1 => format!("{title} supplied drafts in {steps}."),
            n => format!(
                "{title} supplied drafts in {n} {steps}: {} walk them.",
                self.find_keys()
            ),
        };
        self.tell(Tone::Info, text);
        true
    }

    /// Sets a bookmark at the step looked at, or takes it away.
    pub(crate) fn toggle_bookmark(&mut self) {
        let Some(step) = self.step_index() else {
            return;
        };
        let jump = self.key_of(Context::Decode, Action::NextBookmark);
        let Some(run) = self.run_mut() else { return };
        let set = run.bookmarks.insert(step);
        if !set {
            run.bookmarks.remove(&step);
        }
        let text = match set {
            true => format!(
                "Bookmark at step {}: {jump} jumps from one to the next.",
                step + 1
            ),
            false => format!("No bookmark at step {} any more.", step + 1),
        };
        self.tell(Tone::Info, text);
    }

    /// The next bookmark, from the last one to the first.
    pub(crate) fn next_bookmark(&mut self) {
        let (Some(at), Some(run)) = (self.step_index(), self.run()) else {
            return;
        };
        let marks = &run.bookmarks;
        let next = marks.range(at + 1..).next().or(marks.first()).copied();
        match next {
            Some(step) => self.view.go_to(Cursor::at(step)),
            None => {
                let set = self.key_of(Context::Decode, Action::Bookmark);
                let text = format!("No bookmarks: {set} sets one at this step.");
                self.tell(Tone::Info, text);
            }
        }
    }
}
