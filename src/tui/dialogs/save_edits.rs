//! The pools' changes go to disk: really?

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::protocol::{Command, LabQuestion};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::message;

/// The dialog that asks before a pool on disk is changed.
#[derive(Debug)]
pub struct SaveEdits;

impl Dialog for SaveEdits {
    fn context(&self) -> Context {
        Context::Question
    }

    fn update(self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Submit => app.ask_pools(LabQuestion::Save),
            Action::Close => Vec::new(),
            _ => {
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let overview = app.pool.overview.as_ref();
        let n = overview.map_or(0, |o| o.n_unsaved);
        let path = overview.and_then(|o| o.pool_on_disk.as_deref());
        let text = format!(
            "\nThe pool on disk {} is changed: {}. This cannot be undone here.\n\n⏎ saves.  esc leaves \
         the changes in memory.\n",
            path.unwrap_or_default(),
            count(n, "change")
        );
        message::render("SAVE TO THE POOL ON DISK?", &text, theme, area, buf);
    }
}
