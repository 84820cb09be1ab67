//! Searching the text: what is typed, and the tokens that hold it.

use std::ops::Range;

use crate::present::record::TokenPlace;
use crate::tui::app::{App, Tone};
use crate::tui::screens::decode::state::{Cursor, Search};
use crate::tui::screens::decode::step_filter::StepFilter;

impl App {
    pub(crate) fn search_for(&mut self, text: &str) {
        self.decode.search = (!text.is_empty()).then(|| Search { text: text.into() });
        if self.decode.search.is_none() {
            return;
        }
        let here = self.selected_cell().unwrap_or(0);
        let matches = self.matches();
        let next = matches.iter().find(|m| m.end > here).or(matches.first());
        if let Some(found) = next.cloned() {
            self.show_match(&found);
        }
    }

    /// Enter: `[` and `]` walk the matches from now on.
    pub(crate) fn keep_search(&mut self, text: &str) {
        self.search_for(text);
        let n = self.matches().len();
        match (text.is_empty(), n) {
            (true, _) => {}
            (false, 0) => {
                self.decode.search = None;
                self.tell(
                    Tone::Problem,
                    format!("`{text}` does not occur in the text."),
                );
            }
            (false, n) => {
                self.decode.step_filter = StepFilter::Text;
                let times = if n == 1 {
                    "once".into()
                } else {
                    format!("{n} times")
                };
                let text = format!(
                    "`{text}` occurs {times}: {} step through the matches.",
                    self.find_keys()
                );
                self.tell(Tone::Info, text);
            }
        }
    }

    /// The tokens of every match, by their place in the text.
    pub fn matches(&self) -> Vec<Range<usize>> {
        match (self.known(), &self.decode.search) {
            (Some(record), Some(search)) => record.find(&search.text),
            _ => Vec::new(),
        }
    }

    pub(crate) fn find_text(&mut self, forward: bool) {
        let matches = self.matches();
        let here = self.selected_cell().unwrap_or(0);
        let found = if forward {
            matches.iter().find(|m| m.start > here)
        } else {
            matches.iter().rev().find(|m| m.start < here)
        };
        match found.cloned() {
            Some(found) => self.show_match(&found),
            None => {
                let way = if forward { "later" } else { "earlier" };
                self.tell(Tone::Info, format!("No {way} match."));
            }
        }
    }

    /// Selects a match's first token that a step made.
    fn show_match(&mut self, found: &Range<usize>) {
        let place = self.record().and_then(|record| {
            let cells = &record.cells[found.clone()];
            cells.iter().find_map(|cell| match cell.place {
                TokenPlace::Step {
                    step, selection, ..
                } => Some((step, selection)),
                TokenPlace::Opening => None,
            })
        });
        if let Some((step, selection)) = place {
            self.decode.go_to(Cursor::at(step));
            self.decode.selection = Some(selection);
        }
    }
}
