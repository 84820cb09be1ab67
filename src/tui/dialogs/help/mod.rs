//! The help that is open: which pane it begins with, how far it is scrolled, and
//! what is searched in it.

mod sheet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};
use sheet::lines;
use tui_input::Input;

use crate::glossary::GlossaryPlace;
use crate::present::number::count;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::screens::tune::state::Side;
use crate::tui::screens::{Screen, Typing};
use crate::tui::shell::layout;
use crate::tui::widgets::field::{edit, push_input};
use crate::tui::widgets::list::moved;
use crate::tui::widgets::pane;

const COLUMN: u16 = 72;
const GAP: u16 = 3;

#[derive(Debug)]
pub(crate) struct Help {
    /// Where it was asked for.
    pub(crate) place: GlossaryPlace,
    /// First line shown.
    pub(crate) scroll: usize,
    pub(crate) search: Input,
    /// Whether the search is being typed.
    pub(crate) typing: Typing,
    /// The dialog it was asked for in, which comes back.
    pub(crate) under: Option<Box<dyn Dialog>>,
}

impl Help {
    /// What is searched; `None`: nothing.
    pub(crate) fn searched(&self) -> Option<&str> {
        let typed = self.search.value().trim();
        (!typed.is_empty()).then_some(typed)
    }

    fn clear(&mut self) {
        (self.search, self.typing, self.scroll) = (Input::default(), Typing::No, 0);
    }
}

impl Dialog for Help {
    fn context(&self) -> Context {
        match self.typing {
            Typing::Yes => Context::HelpSearch,
            Typing::No => Context::Help,
        }
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match (self.typing, action) {
            (Typing::Yes, Action::Submit) => self.typing = Typing::No,
            (Typing::Yes, Action::Close) => self.clear(),
            (Typing::No, Action::Close) if self.searched().is_some() => self.clear(),
            (Typing::No, Action::Close) => {
                app.dialog = self.under;
                return Vec::new();
            }
            (Typing::No, Action::Filter) => self.typing = Typing::Yes,
            (Typing::Yes, action) if edit(&mut self.search, action) => self.scroll = 0,
            _ => self.scroll = moved(self.scroll, action, self.last_scroll(app)),
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let page = Page::of(area, self);
        let title = format!("HELP · {}", self.place.title());
        let inner = pane::dialog(&title, page.rect, theme, buf);
        if is_searching(self) {
            pane::put(buf, inner, 0, &search_line(self, theme));
        }
        let body = pane::below(inner, inner.height - page.rows);
        let widths = vec![Constraint::Length(page.width); usize::from(page.n_columns)];
        let columns = Layout::horizontal(widths).spacing(GAP).split(body);
        let lines = Text::from(lines(app, self, theme, usize::from(page.width)));
        for (i, &column) in columns.iter().enumerate() {
            let top = self.scroll + i * usize::from(page.rows);
            Paragraph::new(lines.clone())
                .scroll((top as u16, 0))
                .render(column, buf);
        }
        let hidden = lines.height().saturating_sub(self.scroll + page.n_lines());
        if hidden > 0 {
            let text = format!("{} more", count(hidden, "line"));
            pane::more(&text, inner, theme, buf);
        }
    }
}

impl Help {
    /// How far it can be scrolled.
    fn last_scroll(&self, app: &App) -> usize {
        let page = Page::of(layout::whole(app), self);
        let lines = lines(app, self, &app.look.theme.theme(), usize::from(page.width));
        lines.len().saturating_sub(page.n_lines())
    }
}

impl App {
    pub(crate) fn open_help(&mut self) {
        self.open_help_on("");
    }

    /// The help, with what it is searched for.
    pub(crate) fn open_help_on(&mut self, word: &str) {
        let place = self.place();
        let under = self.dialog.take();
        self.ask(Help {
            place,
            scroll: 0,
            search: Input::from(word),
            typing: Typing::No,
            under,
        });
    }

    /// The pane, screen or dialog in front, as the glossary names it.
    fn place(&self) -> GlossaryPlace {
        if let Some(place) = self.dialog.as_ref().and_then(|dialog| dialog.place()) {
            return place;
        }
        match self.screen {
            Screen::Catalog if self.catalog.front == Front::Board => GlossaryPlace::Board,
            Screen::Catalog => GlossaryPlace::Catalog,
            Screen::Decode => self.decode.pane.place(),
            Screen::Tune => match self.tune.side {
                Side::Sliders => GlossaryPlace::Tune,
                Side::Sweep => GlossaryPlace::Sweep,
            },
            Screen::Compare => GlossaryPlace::Compare,
            Screen::Pool => GlossaryPlace::Pools,
            Screen::Learn => GlossaryPlace::Learn,
            Screen::Batch => GlossaryPlace::Batch,
        }
    }
}

/// One column, or two where there is room.
struct Page {
    rect: Rect,
    n_columns: u16,
    width: u16,
    /// Rows for the lines, below what is searched.
    rows: u16,
}

impl Page {
    fn of(area: Rect, help: &Help) -> Self {
        let n_columns = if area.width >= 110 { 2 } else { 1 };
        let room = (area.width - 4 - (n_columns - 1) * GAP) / n_columns;
        let width = room.min(COLUMN);
        let whole = width * n_columns + GAP * (n_columns - 1) + 4;
        let whole = if area.width < whole + 16 {
            area.width
        } else {
            whole
        };
        let rect = pane::centred(area, whole, area.height.saturating_sub(2));
        let search = u16::from(is_searching(help)) * 2;
        Page {
            rect,
            n_columns,
            width,
            rows: pane::inner(rect).height.saturating_sub(search),
        }
    }

    fn n_lines(&self) -> usize {
        usize::from(self.rows * self.n_columns)
    }
}

fn is_searching(help: &Help) -> bool {
    help.typing == Typing::Yes || help.searched().is_some()
}

fn search_line(help: &Help, theme: &Theme) -> Line<'static> {
    let mut line = Line::from(Span::styled("/ ", theme.accent()));
    match help.typing {
        Typing::Yes => {
            let cursor = help.search.visual_cursor();
            push_input(&mut line, help.search.value(), cursor, theme);
        }
        Typing::No => line.push_span(Span::styled(
            help.search.value().to_string(),
            theme.strong(),
        )),
    }
    line
}
