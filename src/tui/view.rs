//! Drawing. Every function here reads `&App` and writes cells; none keeps or
//! changes anything.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::present::theme::Theme;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::shared::Measured;
use crate::tui::keys::context::Context;
use crate::tui::look::ascii;
use crate::tui::screens::catalog::board::{list as board_list, side as board_side};
use crate::tui::screens::catalog::tab::Front;
use crate::tui::screens::catalog::{detail as catalog_detail, list as catalog_list};
use crate::tui::screens::decode::panes::{legend, pool, speed, steps, text, token, tree};
use crate::tui::screens::decode::state::{Pane, Zoom};
use crate::tui::screens::decode::strip;
use crate::tui::screens::{Screen, batch, compare, learn, pool as pools, tune};
use crate::tui::shell::{footer, header, layout, lesson};
use crate::tui::start::{Glyphs, Presenting};
use crate::tui::widgets::pane;

/// Columns of the lower panes' titles together.
const TABS_WIDTH: usize = 20;

/// Draws the whole interface.
pub fn render(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = match app.look.presenting {
        Presenting::Yes => app.look.theme.theme().for_audience(),
        Presenting::No => app.look.theme.theme(),
    };
    buf.set_style(area, theme.base());
    if layout::is_too_small((area.width, area.height)) {
        too_small(app, &theme, area, buf);
        return in_glyphs(app, buf);
    }
    let shell = layout::shell(app, area);
    header::render(app, &theme, shell.header, buf);
    lesson::render(app, &theme, shell.lesson, buf);
    match app.screen {
        Screen::Catalog if app.catalog.front == Front::Board => {
            board(app, &theme, shell.body, buf);
        }
        Screen::Catalog => catalog(app, &theme, shell.body, buf),
        Screen::Decode => {
            strip::render(app, &theme, shell.strip, buf);
            decode(app, &theme, shell.body, buf);
        }
        Screen::Tune => tune::view::render(app, &theme, shell.body, buf),
        Screen::Compare => compare::view::render(app, &theme, shell.body, buf),
        Screen::Pool => pools::view::render(app, &theme, shell.body, buf),
        Screen::Learn => learn::view::render(app, &theme, shell.body, buf),
        Screen::Batch => batch::view::render(app, &theme, shell.body, buf),
    }
    footer::render(app, &theme, shell.footer, buf);
    if let Some(dialog) = &app.dialog {
        dialog.render(app, &theme, area, buf);
    }
    in_glyphs(app, buf);
}

/// Measures the screen in front, as it would be drawn.
pub(crate) fn measure(app: &App) -> Measured {
    let (top, last) = match app.screen {
        Screen::Catalog if app.catalog.front == Front::Board => {
            (app.catalog.board.scroll, board_side::last_scroll(app))
        }
        Screen::Catalog => (app.catalog.detail_scroll, catalog_detail::last_scroll(app)),
        Screen::Decode => text::text_scroll(app),
        Screen::Tune | Screen::Batch => (0, 0),
        Screen::Compare => compare::view::scrolled(app),
        Screen::Pool => pools::view::scrolled(app),
        Screen::Learn => (app.learn.scroll, learn::view::last_scroll(app)),
    };
    Measured {
        top,
        last,
        text_width: text::text_width(app),
    }
}

/// The last pass over what was drawn.
fn in_glyphs(app: &App, buf: &mut Buffer) {
    if app.look.glyphs == Glyphs::Ascii {
        ascii::to_ascii(buf);
    }
}

impl Widget for &App {
    fn render(self, area: Rect, buf: &mut Buffer) {
        render(self, area, buf);
    }
}

fn catalog(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let (list, detail) = crate::tui::screens::catalog::layout::places(body, app.look.panes);
    pane::frame(detail, false, theme, buf);
    pane::frame(list, true, theme, buf);
    catalog_list::render(app, theme, list, buf);
    catalog_detail::render(app, theme, detail, buf);
}

fn board(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let (list, side) = crate::tui::screens::catalog::layout::board_places(body, app.look.panes);
    pane::frame(side, false, theme, buf);
    pane::frame(list, true, theme, buf);
    catalog_list::tabs(app, theme, list, buf);
    pane::note(
        &board_list::note(app, theme),
        catalog_list::tabs_width(app),
        list,
        buf,
    );
    board_list::render(app, theme, list, buf);
    board_side::render(app, theme, side, buf);
}

fn decode(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let panes = crate::tui::screens::decode::layout::panes(&app.decode, app.look.panes, body);
    let is_focused = |pane: Pane| pane == app.decode.pane;
    // The focused pane is framed last, so that its border is whole.
    for focused in [false, true] {
        for &(_, rect) in panes.iter().filter(|&&(p, _)| is_focused(p) == focused) {
            pane::frame(rect, focused, theme, buf);
        }
    }
    for (pane, rect) in panes {
        pane_title(app, pane, rect, body, theme, buf);
        let inside = pane::inner(rect);
        let area = legend::room(app, pane, inside);
        match pane {
            Pane::Text => text::render(app, theme, area, buf),
            Pane::Tree => tree::render(app, theme, area, buf),
            Pane::Steps => steps::render(app, theme, area, buf),
            Pane::Token => token::render(app, theme, area, buf),
            Pane::Pool => pool::render(app, theme, area, buf),
            Pane::Speed => speed::render(app, theme, area, buf),
        }
        legend::render(app, pane, theme, inside, buf);
    }
}

fn pane_title(app: &App, pane: Pane, rect: Rect, body: Rect, theme: &Theme, buf: &mut Buffer) {
    let focused = pane == app.decode.pane;
    let tabbed = pane.is_lower() && !lower_tabs(app, body).is_empty();
    if tabbed {
        let tabs: Vec<(&str, bool)> = lower_tabs(app, body)
            .into_iter()
            .map(|p| (p.title(), p == pane))
            .collect();
        pane::tabs(&tabs, rect, focused, theme, buf);
    } else {
        pane::title(pane.title(), rect, focused, theme, buf);
    }
    let wordings = match pane {
        Pane::Text => text::note(app, theme),
        Pane::Tree => tree::note(app, theme),
        Pane::Speed => speed::note(app, theme),
        Pane::Steps => steps::legend(theme),
        Pane::Token | Pane::Pool => Vec::new(),
    };
    let title_width = if tabbed {
        TABS_WIDTH
    } else {
        pane.title().len()
    };
    pane::note(&wordings, title_width, rect, buf);
}

/// The panes that share the lower place; none where each has its own.
fn lower_tabs(app: &App, body: Rect) -> Vec<Pane> {
    if app.decode.zoom == Zoom::One
        || crate::tui::screens::decode::layout::room(body)
            == crate::tui::screens::decode::layout::Room::Wide
    {
        return Vec::new();
    }
    Pane::LOWER.to_vec()
}

/// Which of the lower panes' titles is at a column.
pub(crate) fn lower_tab_at(app: &App, body: Rect, rect: Rect, x: u16) -> Option<Pane> {
    let tabs = lower_tabs(app, body);
    let titles: Vec<&str> = tabs.iter().map(|p| p.title()).collect();
    pane::tab_at(&titles, rect, x).map(|i| tabs[i])
}

/// Nothing else can be shown on so small a terminal.
fn too_small(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (width, height) = layout::MIN_SIZE;
    let text = format!(
        "LaserScope needs {width}×{height}\nthis terminal is {}×{}\nenlarge it, or press {} to \
         quit",
        area.width,
        area.height,
        app.key_of(Context::Anywhere, Action::Quit)
    );
    pane::placeholder(&text, area, theme, buf);
}
