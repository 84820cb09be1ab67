//! Confirms removing a document from the pools.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::present::theme::Theme;
use crate::protocol::{Command, PoolName};
use crate::speculate::subject::DocId;
use crate::tui::action::{Action, PoolAction};
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::message;

/// The document to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    pub(crate) pool: PoolName,
    /// Which document.
    pub id: DocId,
    pub(crate) title: String,
}

impl Dialog for Removal {
    fn context(&self) -> Context {
        Context::Question
    }

    fn update(self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Submit => app.remove_document(*self),
            Action::Close => Vec::new(),
            _ => {
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let key = |action| app.key_of(Context::Question, action);
        let undo = app.key_of(Context::Pool, Action::Pool(PoolAction::Undo));
        let name = match self.title.is_empty() {
            true => self.id.to_string(),
            false => format!("{} ({})", self.title, self.id),
        };
        let text = format!(
            "\n{name} will be removed from the pools, in memory, for this session's next runs; \
             {undo} brings it back.\n\n{} removes it.  {} keeps it.\n",
            key(Action::Submit),
            key(Action::Close)
        );
        message::render("REMOVE THIS DOCUMENT?", &text, theme, area, buf);
    }
}
