//! Says why there is no model.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

const WIDTH: u16 = 96;

/// The dialog of an error that is too long for the footer.
#[derive(Debug)]
pub struct Failure {
    pub(crate) why: String,
}

impl Dialog for Failure {
    fn context(&self) -> Context {
        Context::Message
    }

    fn update(self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => Vec::new(),
            Action::RetryModel => app.update_model(action),
            _ => {
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        // As far as it fits, and below it what can be done.
        let width = WIDTH.min(area.width - 4);
        let mut why = wrap(self.why.trim(), usize::from(width - 4));
        let room = usize::from(area.height.saturating_sub(8));
        if why.len() > room {
            why.truncate(room);
            why.push("…".into());
        }
        let rect = pane::centred(area, width, why.len() as u16 + 4);
        let inner = pane::dialog("NO MODEL", rect, theme, buf);
        let n_lines = why.len() as u16;
        let text = Text::from_iter(why).style(theme.text());
        Paragraph::new(text).render(inner, buf);
        let mut ways = Line::default();
        for (action, text) in [
            (Action::RetryModel, "tries again"),
            (Action::Close, "closes this; recordings still play"),
            (Action::Quit, "quits"),
        ] {
            let key = app.key_of(Context::Message, action);
            ways.push_span(Span::styled(key, theme.accent()));
            ways.push_span(Span::styled(format!(" {text}   "), theme.text()));
        }
        pane::put(buf, inner, n_lines + 1, &ways);
    }

    fn waits_for_model(&self) -> bool {
        true
    }
}
