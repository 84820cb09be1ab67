//! Confirms saving the pools' changes to disk.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::protocol::{Command, PoolQuestion};
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
            Action::Submit => app.ask_pools(PoolQuestion::Save),
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
        let key = |action| app.key_of(Context::Question, action);
        let text = format!(
            "\n{} will be written to the pool on disk, {}. This cannot be undone here.\n\n\
             {} saves.  {} keeps the changes in memory only.\n",
            count(n, "change"),
            path.unwrap_or_default(),
            key(Action::Submit),
            key(Action::Close)
        );
        message::render("SAVE TO THE POOL ON DISK?", &text, theme, area, buf);
    }
}
