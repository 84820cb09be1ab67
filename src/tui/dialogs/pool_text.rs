//! What is typed for the pools: a phrase to search, a document, a path.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::{Input, InputRequest};

use crate::present::theme::Theme;
use crate::protocol::{Command, PoolName};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::field::{self, edit};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolAsks {
    Phrase,
    Text,
    File,
}

/// What is being typed for the pools.
#[derive(Debug)]
pub(crate) struct PoolField {
    pub(crate) asks: PoolAsks,
    pub(crate) input: Input,
}

impl Dialog for PoolField {
    fn context(&self) -> Context {
        Context::Typing
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => Vec::new(),
            Action::Submit => app.pool_text_submitted(&self),
            other => {
                self.edit(other);
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let (title, note) = words(app, self.asks);
        field::dialog(title, &note, &self.input, theme, area, buf);
    }
}

impl PoolField {
    pub(crate) fn new(asks: PoolAsks) -> Self {
        PoolField {
            asks,
            input: Input::default(),
        }
    }

    /// A document keeps its line breaks.
    fn edit(&mut self, action: &Action) {
        match (self.asks, action) {
            (PoolAsks::Text, Action::Paste(text)) => {
                let lines = text.replace("\r\n", "\n").replace(['\n', '\r'], "⏎");
                for c in lines.chars().filter(|c| !c.is_control()) {
                    self.input.handle(InputRequest::InsertChar(c));
                }
            }
            _ => {
                edit(&mut self.input, action);
            }
        }
    }
}

/// What is typed for the pools, and what will be done with it.
fn words(app: &App, asks: PoolAsks) -> (&'static str, String) {
    let pool = match app.pool.pool() {
        Some(PoolName::Group(name)) => name.as_str(),
        _ => "session/added",
    };
    match asks {
        PoolAsks::Phrase => (
            "SEARCH THE POOLS",
            "Finds exact occurrences, and what would be drafted after them.".into(),
        ),
        PoolAsks::Text => (
            "ADD A DOCUMENT",
            format!("Type or paste it. It joins {pool}, in memory, from the next run on."),
        ),
        PoolAsks::File => (
            "ADD DOCUMENTS FROM A FILE",
            "Path to a JSON Lines file: id, text; optionally title, kind, group.".into(),
        ),
    }
}
