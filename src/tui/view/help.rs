//! The help: what the colours mean, and every key, from the one table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pane;
use crate::speculate::verify::Fate;
use crate::tui::keymap::Keymap;
use crate::tui::keys::{Binding, Context};
use crate::tui::layout;
use crate::tui::paragraph::wrap;
use crate::tui::state::app::{App, Screen};
use crate::tui::theme::{Mark, Theme};
use crate::tui::token_text::columns;

const COLUMN: u16 = 72;
const GAP: u16 = 3;
const KEYS: usize = 10;
const ABOUT: &str = "A step looks up what followed the last words in earlier answers, drafts a tree of tokens \
                     from it, and verifies the whole tree in one pass of the model. The longest path that the \
                     rule accepts is committed, then the model's own next token.";
const PANES: &str = "In the tree, p and rank are the model's, given everything before; g12 l1 says: seen 12 \
                     times in the group's pool (G: in all pools together) and once in this text. A column of \
                     the steps is a step, its tokens from below; a number says how many there are, where they \
                     are too many. Under the line: drafts refused or lost (✗⇄), and undecided (·).";

/// What each fate means.
fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Fate(Fate::Accepted) => "drafted, and the model's own choice",
        Mark::Fate(Fate::Relaxed) => "drafted, committed by the relaxed rule",
        Mark::Bonus => "the model's own next token, ends a step",
        Mark::Fate(Fate::Rejected) => "drafted, but the rule refuses it",
        Mark::Fate(Fate::Lost) => "good too, but another branch is longer",
        Mark::Fate(Fate::Unreached) => "never decided: its parent was not taken",
    }
}

fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let prose = |text| {
        wrap(text, width)
            .into_iter()
            .map(|t| Line::styled(t, theme.text()))
    };
    let mut lines: Vec<Line<'static>> = prose(ABOUT).collect();
    lines.push(Line::default());
    for mark in Mark::ALL {
        let name = mark.name();
        let gap = KEYS.saturating_sub(columns(name));
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", mark.glyph()), theme.mark(mark)),
            Span::styled(name, theme.token(mark)),
            Span::raw(" ".repeat(gap)),
            Span::styled(meaning(mark), theme.text()),
        ]));
    }
    lines.push(Line::default());
    lines.extend(prose(PANES));
    for context in order(app.screen) {
        lines.push(Line::default());
        lines.push(Line::styled(context.title(), theme.title(true)));
        let bindings = app.keys.bindings(context);
        lines.extend(bindings.flat_map(|b| key_lines(&app.keys, b, theme, width)));
    }
    lines
}

/// The screen in front first, then what holds everywhere.
fn order(screen: Screen) -> Vec<Context> {
    let here = match screen {
        Screen::Catalog => Context::Catalog,
        Screen::Decode => Context::Decode,
        Screen::Tune => Context::Tune,
        Screen::Compare => Context::Compare,
        Screen::Pool => Context::Pool,
        Screen::Learn => Context::Learn,
    };
    let first = [here, Context::Anywhere, Context::Always];
    let rest = Context::ALL.into_iter().filter(|c| !first.contains(c));
    first.into_iter().chain(rest).collect()
}

/// The keys, and beside them what they do, wrapped.
fn key_lines(keys: &Keymap, binding: &Binding, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut names = keys.names(binding);
    let gap = KEYS.saturating_sub(columns(&names)).max(1);
    let room = width.saturating_sub(columns(&names) + gap);
    let mut lines = Vec::new();
    for text in wrap(binding.help, room) {
        let margin = width - room - columns(&names);
        lines.push(Line::from(vec![
            Span::styled(std::mem::take(&mut names), theme.accent()),
            Span::raw(" ".repeat(margin)),
            Span::styled(text, theme.text()),
        ]));
    }
    lines
}

/// One column, or two where there is room.
struct Page {
    rect: Rect,
    n_columns: u16,
    width: u16,
}

impl Page {
    fn of(area: Rect) -> Self {
        let n_columns = if area.width >= 110 { 2 } else { 1 };
        let room = (area.width - 4 - (n_columns - 1) * GAP) / n_columns;
        let width = room.min(COLUMN);
        let whole = width * n_columns + GAP * (n_columns - 1) + 4;
        let whole = if area.width < whole + 16 {
            area.width
        } else {
            whole
        };
        Page {
            rect: pane::centred(area, whole, area.height.saturating_sub(2)),
            n_columns,
            width,
        }
    }

    fn n_lines(&self) -> usize {
        usize::from(layout::inner(self.rect).height * self.n_columns)
    }
}

/// How far the help can be scrolled.
pub fn last_scroll(app: &App) -> usize {
    let page = Page::of(layout::whole(app));
    let lines = lines(app, &app.theme.theme(), usize::from(page.width));
    lines.len().saturating_sub(page.n_lines())
}

pub fn render(app: &App, scroll: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let page = Page::of(area);
    let inner = pane::dialog("HELP", page.rect, theme, buf);
    let lines = lines(app, theme, usize::from(page.width));
    for (i, line) in lines.iter().skip(scroll).take(page.n_lines()).enumerate() {
        let column = (i / usize::from(inner.height)) as u16;
        let place = Rect {
            x: inner.x + column * (page.width + GAP),
            width: page.width,
            ..inner
        };
        pane::put(buf, place, i as u16 % inner.height, line);
    }
    let hidden = lines.len().saturating_sub(scroll + page.n_lines());
    if hidden > 0 {
        let more = Line::styled(
            format!(" ↓ {} more ", super::number::count(hidden, "line")),
            theme.dim(),
        );
        let x = inner.right().saturating_sub(more.width() as u16);
        buf.set_line(x, inner.bottom(), &more, inner.width);
    }
}
