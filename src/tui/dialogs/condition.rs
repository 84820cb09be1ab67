//! The editor for the condition that `[` and `]` look for: one line, what is wrong with
//! it, and below it what may come next.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::{Input, InputRequest};

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::present::token_text::{fit, pad};
use crate::protocol::Command;
use crate::speculate::condition::{Condition, HELP, Help, complete};
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::step_filter::StepFilter;
use crate::tui::target::Target;
use crate::tui::widgets::field::{edit, push_input};
use crate::tui::widgets::list::{first_shown, lit, row_at};
use crate::tui::widgets::pane;

const WIDTH: u16 = 76;
const ROWS: u16 = 10;
const WORD: usize = 20;
/// Rows above the suggestions.
const HEAD_ROWS: u16 = 2;

/// What is typed, and which of the suggestions is chosen.
#[derive(Debug)]
pub(crate) struct ConditionEditor {
    pub(crate) input: Input,
    pub(crate) chosen: Option<usize>,
}

/// Something that may be typed next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suggestion {
    pub(crate) text: String,
    pub(crate) about: &'static str,
}

impl Dialog for ConditionEditor {
    fn context(&self) -> Context {
        Context::Condition
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => return Vec::new(),
            Action::Submit => {
                self.submit(app);
                return Vec::new();
            }
            Action::Up => self.choose(-1),
            Action::Down => self.choose(1),
            Action::NextPane => {
                let at = self.chosen.unwrap_or(0);
                if let Some(suggestion) = self.suggestions().get(at) {
                    self.take(&suggestion.text.clone());
                }
            }
            Action::Click(Target::Line(line)) => self.chosen = Some(*line),
            other => {
                edit(&mut self.input, other);
                self.chosen = None;
            }
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let inner = pane::dialog("FIND STEPS WITH", place(area), theme, buf);
        let mut line = Line::default();
        push_input(
            &mut line,
            self.input.value(),
            self.input.visual_cursor(),
            theme,
        );
        pane::put(buf, inner, 0, &line);
        pane::put(
            buf,
            inner,
            1,
            &said(app, self, theme, usize::from(inner.width)),
        );
        let list = pane::below(inner, HEAD_ROWS);
        let room = usize::from(list.width).saturating_sub(WORD + 1);
        let rows = self.suggestions().into_iter().map(|suggestion| {
            let about = fit(suggestion.about, room);
            Line::from(vec![
                Span::styled(pad(&suggestion.text, WORD), theme.accent()),
                Span::styled(format!(" {about}"), theme.dim()),
            ])
        });
        lit(rows, self.chosen, theme, list, buf);
    }

    fn line_at(&self, _app: &App, area: Rect, at: Position) -> Option<usize> {
        let rows = pane::below(pane::inner(place(area)), HEAD_ROWS);
        let first = first_shown(self.chosen.unwrap_or(0), usize::from(rows.height));
        row_at(rows, first, self.suggestions().len(), at)
    }
}

impl ConditionEditor {
    /// Examples while nothing is typed, then the words that go on.
    pub(crate) fn suggestions(&self) -> Vec<Suggestion> {
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

    /// Enter: takes what is chosen, then the whole; goes to the next step that
    /// matches.
    fn submit(mut self: Box<Self>, app: &mut App) {
        let chosen = self
            .chosen
            .and_then(|at| self.suggestions().get(at).cloned());
        if let Some(suggestion) = chosen {
            let was_empty = self.input.value().trim().is_empty();
            self.take(&suggestion.text);
            if !was_empty {
                return app.keep(self);
            }
        }
        if self.input.value().trim().is_empty() {
            return;
        }
        match Condition::parse(self.input.value()) {
            Ok(condition) => app.find_by(condition),
            Err(error) => {
                app.tell(Tone::Problem, error.to_string());
                app.keep(self);
            }
        }
    }
}

impl App {
    pub(crate) fn open_condition(&mut self) {
        let text = match &self.decode.step_filter {
            StepFilter::Condition(condition) => condition.to_string(),
            _ => String::new(),
        };
        self.ask(ConditionEditor {
            input: Input::from(text),
            chosen: None,
        });
    }

    fn find_by(&mut self, condition: Condition) {
        let Some(record) = self.record() else { return };
        let n = condition.all(&record.trace).count();
        let steps = crate::present::number::count(n, "step");
        let text = format!(
            "{steps} with {condition}{}: {} step through them.",
            condition.lack(&record.trace),
            self.find_keys()
        );
        let here = self.step_index();
        let is_here = here.is_some_and(|at| condition.matches(&record.trace, at));
        self.decode.step_filter = StepFilter::Condition(condition);
        if n > 0 && !is_here {
            self.find_match(true);
        }
        if n > 0 && self.step_index() == here && !is_here {
            self.find_match(false);
        }
        self.tell(Tone::Info, text);
    }
}

/// At the bottom, so that the tree stays in sight.
fn place(area: Rect) -> Rect {
    let height = (ROWS + 4).min(area.height.saturating_sub(2));
    Rect {
        y: area.bottom().saturating_sub(height + 1),
        width: WIDTH.min(area.width),
        height,
        ..area
    }
}

/// How many steps match, or what is missing.
fn said(app: &App, editor: &ConditionEditor, theme: &Theme, width: usize) -> Line<'static> {
    let text = editor.input.value();
    if text.trim().is_empty() {
        let key = |action| app.key_of(Context::Condition, action);
        let text = format!(
            "{} {} choose, {} completes; combine with and, or, not, first",
            key(Action::Up),
            key(Action::Down),
            key(Action::NextPane)
        );
        return Line::styled(fit(&text, width), theme.dim());
    }
    match (Condition::parse(text), app.known()) {
        (Ok(condition), Some(record)) => {
            let n = condition.all(&record.trace).count();
            let lack = condition.lack(&record.trace);
            let text = format!("{} match{lack}", count(n, "step"));
            Line::styled(fit(&text, width), theme.good())
        }
        (Ok(_), None) => Line::default(),
        (Err(_), _) if !editor.suggestions().is_empty() => {
            Line::styled("suggestions:", theme.dim())
        }
        (Err(error), _) => Line::styled(fit(&error.to_string(), width), theme.warning()),
    }
}
