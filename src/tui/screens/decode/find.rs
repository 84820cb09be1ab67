//! Going to the steps that the filter matches, and to bookmarks.

use crate::present::selection::TreeSelection;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::screens::decode::step_filter::{StepFilter, supplied};

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

    pub(crate) fn set_step_filter(&mut self, step_filter: StepFilter) {
        let text = format!(
            "{} now find steps with: {}",
            self.find_keys(),
            step_filter.name()
        );
        self.decode.step_filter = step_filter;
        self.tell(Tone::Info, text);
    }

    /// The next step that matches, or the one before.
    pub(crate) fn find_match(&mut self, forward: bool) {
        if self.decode.step_filter == StepFilter::Text {
            return self.find_text(forward);
        }
        let (Some(at), Some(record)) = (self.step_index(), self.record()) else {
            return;
        };
        let step_filter = &self.decode.step_filter;
        let fits = |&i: &usize| step_filter.matches(&record.trace, i);
        let found = if forward {
            (at + 1..record.n_steps()).find(fits)
        } else {
            (0..at).rev().find(fits)
        };
        let Some(step) = found else {
            let way = if forward { "later" } else { "earlier" };
            let text = format!("No {way} step with: {}.", step_filter.name());
            return self.tell(Tone::Info, text);
        };
        let selection = step_filter.selection(&record.trace.steps[step]);
        self.decode.go_to(Cursor::at(step));
        self.decode.selection = selection;
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
        let selection = supplied(&steps[step], doc).map(TreeSelection::Draft);
        let n = steps.iter().filter(|s| supplied(s, doc).is_some()).count();
        let title = record.trace.doc_title(doc).to_string();
        self.screen = crate::tui::screens::Screen::Decode;
        self.decode.go_to(Cursor::at(step));
        self.decode.selection = selection;
        self.decode.step_filter = StepFilter::Document(doc.to_string());
        let steps = if n == 1 { "one step" } else { "steps" };
        let text = match n {
            1 => format!("{title} supplied drafts in {steps}."),
            n => format!(
                "{title} supplied drafts in {n} {steps}: {} step through them.",
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
            false => format!("Bookmark at step {} removed.", step + 1),
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
            Some(step) => self.decode.go_to(Cursor::at(step)),
            None => {
                let set = self.key_of(Context::Decode, Action::Bookmark);
                let text = format!("No bookmarks: {set} sets one at this step.");
                self.tell(Tone::Info, text);
            }
        }
    }
}
