//! The editor for the condition that `[` and `]` look for: one line, and below it
//! what may come next.

pub mod view;

use tui_input::{Input, InputRequest};

use crate::speculate::condition::{Condition, HELP, Help, complete};
use crate::tui::action::Action;
use crate::tui::app::{App, Dialog, Tone};
use crate::tui::mouse::Target;
use crate::tui::screens::decode::hunt::Hunt;

/// What is typed, and which of the suggestions is chosen.
#[derive(Clone, Debug)]
pub struct ConditionEditor {
    pub input: Input,
    pub chosen: Option<usize>,
}

/// Something that may be typed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub text: String,
    pub about: &'static str,
}

impl ConditionEditor {
    /// Examples while nothing is typed, then the words that go on.
    pub fn suggestions(&self) -> Vec<Suggestion> {
        let text = self.input.value();
        if text.trim().is_empty() {
            let example = |help: &Help| Suggestion {
                text: help.example.to_string(),
                about: help.about,
            };
            return HELP.iter().map(example).collect();
        }
        let words = complete(text, self.cursor());
        let about = |word: &String| {
            let begins = |h: &&Help| h.example.starts_with(word.as_str());
            HELP.iter().find(begins).map_or("", |h| h.about)
        };
        let suggested = words.into_iter().map(|text| {
            let about = about(&text);
            Suggestion { text, about }
        });
        suggested.collect()
    }

    /// In bytes.
    fn cursor(&self) -> usize {
        let text = self.input.value();
        let mut places = text.char_indices().map(|(at, _)| at);
        places.nth(self.input.cursor()).unwrap_or(text.len())
    }

    /// Puts a suggestion in the place of the word begun before the cursor.
    fn take(&mut self, suggestion: &str) {
        let before = &self.input.value()[..self.cursor()];
        let is_part = |c: &char| c.is_alphanumeric() || *c == '-' || *c == '_';
        let begun = before.chars().rev().take_while(is_part).count();
        for _ in 0..begun {
            self.input.handle(InputRequest::DeletePrevChar);
        }
        for c in suggestion.chars() {
            self.input.handle(InputRequest::InsertChar(c));
        }
        self.chosen = None;
    }

    fn choose(&mut self, delta: i64) {
        let n = self.suggestions().len() as i64;
        if n > 0 {
            let at = self
                .chosen
                .map_or(if delta > 0 { -1 } else { n }, |at| at as i64);
            self.chosen = Some((at + delta).rem_euclid(n) as usize);
        }
    }
}

impl App {
    pub(crate) fn open_condition(&mut self) {
        let text = match &self.view.hunt {
            Hunt::Condition(condition) => condition.to_string(),
            _ => String::new(),
        };
        self.dialog = Some(Dialog::Condition(ConditionEditor {
            input: Input::from(text),
            chosen: None,
        }));
    }

    pub(crate) fn edit_condition(&mut self, mut editor: ConditionEditor, action: &Action) {
        match action {
            Action::Up => editor.choose(-1),
            Action::Down => editor.choose(1),
            Action::NextPane => {
                let at = editor.chosen.unwrap_or(0);
                if let Some(suggestion) = editor.suggestions().get(at) {
                    editor.take(&suggestion.text.clone());
                }
            }
            Action::Click(Target::Line(line)) => editor.chosen = Some(*line),
            other => {
                crate::tui::app::update::edit(&mut editor.input, other);
                editor.chosen = None;
            }
        }
        self.dialog = Some(Dialog::Condition(editor));
    }

    /// Enter: takes what is chosen, then the whole; goes to the next step that
    /// matches.
    pub(crate) fn submit_condition(&mut self, mut editor: ConditionEditor) {
        let chosen = editor
            .chosen
            .and_then(|at| editor.suggestions().get(at).cloned());
        if let Some(suggestion) = chosen {
            let was_empty = editor.input.value().trim().is_empty();
            editor.take(&suggestion.text);
            if !was_empty {
                self.dialog = Some(Dialog::Condition(editor));
                return;
            }
        }
        if editor.input.value().trim().is_empty() {
            return;
        }
        match Condition::parse(editor.input.value()) {
            Ok(condition) => self.hunt_for(condition),
            Err(error) => {
                self.tell(Tone::Problem, error.to_string());
                self.dialog = Some(Dialog::Condition(editor));
            }
        }
    }

    fn hunt_for(&mut self, condition: Condition) {
        let Some(record) = self.record() else { return };
        let n = condition.all(&record.trace).count();
        let steps = crate::present::number::count(n, "step");
        let text = format!("{steps} with {condition}: {} walk them.", self.find_keys());
        let here = self.step_index();
        let is_here = here.is_some_and(|at| condition.matches(&record.trace, at));
        self.view.hunt = Hunt::Condition(condition);
        if n > 0 && !is_here {
            self.find_match(true);
        }
        if n > 0 && self.step_index() == here && !is_here {
            self.find_match(false);
        }
        self.tell(Tone::Info, text);
    }
}
