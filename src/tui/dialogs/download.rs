//! Asks before a large model file is downloaded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::present::number::bytes;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::message;

#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) bytes: u64,
}

impl Dialog for Download {
    fn context(&self) -> Context {
        Context::Question
    }

    fn update(self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Submit => vec![Command::AllowDownload(true)],
            Action::Close => vec![Command::AllowDownload(false)],
            _ => {
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let key = |action| app.key_of(Context::Question, action);
        let text = format!(
            "\nThe model file is {}. Download it now? It is kept, so this happens only \
             once.\n\n{} downloads it.  {} skips it; recorded runs still play.\n",
            bytes(self.bytes),
            key(Action::Submit),
            key(Action::Close)
        );
        message::render("DOWNLOAD THE MODEL?", &text, theme, area, buf);
    }

    fn waits_for_model(&self) -> bool {
        true
    }
}
