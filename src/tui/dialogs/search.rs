//! What is searched in the text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_input::Input;

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::widgets::field::{edit, push_input};
use crate::tui::widgets::pane;

const WIDTH: u16 = 60;

#[derive(Debug)]
pub(crate) struct SearchField {
    pub(crate) input: Input,
}

impl Dialog for SearchField {
    fn context(&self) -> Context {
        Context::Typing
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Submit => app.keep_search(self.input.value()),
            Action::Close => {
                app.decode.end_search();
            }
            other => {
                // Finds as one types; the cursor goes to the first match from here on.
                edit(&mut self.input, other);
                app.search_for(self.input.value());
                app.keep(self);
            }
        }
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        // At the bottom, so that the text stays in sight.
        let width = WIDTH.min(area.width);
        let rect = Rect {
            y: area.bottom().saturating_sub(4),
            width,
            height: 3,
            ..area
        };
        let inner = pane::dialog("SEARCH THE TEXT", rect, theme, buf);
        let mut line = Line::from(Span::styled("/ ", theme.dim()));
        push_input(
            &mut line,
            self.input.value(),
            self.input.visual_cursor(),
            theme,
        );
        pane::put(buf, inner, 0, &line);
        let found = match (self.input.value(), app.matches().len()) {
            ("", _) => String::new(),
            (_, 0) => "no match".into(),
            (_, n) => count(n, "match"),
        };
        Line::from(Span::styled(found, theme.dim()))
            .right_aligned()
            .render(inner, buf);
    }
}

impl App {
    pub(crate) fn open_search(&mut self) {
        if self.record().is_some() {
            let text = self.decode.search.take().map_or(String::new(), |s| s.text);
            self.ask(SearchField {
                input: Input::from(text),
            });
        }
    }
}
