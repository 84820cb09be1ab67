//! The Pool screen: the pools, their documents, and at the right a document's
//! text, the drafts it supplied, a search, or what would be drafted next.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Position};
use ratatui::text::Line;

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::tui::app::App;
use crate::tui::screens::pool::state::{LabTab, LabPane};
use crate::tui::screens::pool::{text as lab_text, drafts as lab_drafts, lists as lab_lists};
use crate::tui::shell::layout;
use crate::tui::target::LabTarget;
use crate::tui::widgets::pane;

pub fn render(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let places = crate::tui::screens::pool::layout::places(app.pool.zoom, body);
    let panes = [
        (LabPane::Pools, places.pools),
        (LabPane::Documents, places.documents),
        (LabPane::View, places.view),
    ];
    // The focused pane is framed last, so that its border is whole.
    for focused in [false, true] {
        let framed = panes.iter().filter(|p| (p.0 == app.pool.pane) == focused);
        for &(_, rect) in framed.filter(|p| p.1.width > 0) {
            pane::frame(rect, focused, theme, buf);
        }
    }
    if places.pools.width > 0 {
        lab_lists::pools(app, theme, places.pools, buf);
        lab_lists::documents(app, theme, places.documents, buf);
    }
    view(app, theme, places.view, buf);
}

fn view(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let focused = app.pool.pane == LabPane::View;
    let tabs = LabTab::ALL.map(|tab| (tab.title(), tab == app.pool.tab));
    pane::tabs(&tabs, rect, focused, theme, buf);
    let titles = LabTab::ALL.map(|t| t.title().len() + 3).iter().sum();
    pane::note(&[Line::styled(note(app), theme.dim())], titles, rect, buf);
    let area = pane::inner(rect);
    match app.pool.tab {
        LabTab::Text => lab_text::text(app, theme, area, buf),
        LabTab::Supplied => lab_text::supplied(app, theme, area, buf),
        LabTab::Found => lab_text::found(app, theme, area, buf),
        LabTab::Drafts => lab_drafts::render(app, theme, area, buf),
    }
}

fn note(app: &App) -> String {
    let lab = &app.pool;
    match lab.tab {
        LabTab::Text => lab
            .open
            .as_ref()
            .map_or_else(String::new, |open| count(open.cells.len(), "token")),
        LabTab::Supplied => count(lab.supplied.len(), "draft"),
        LabTab::Found => lab.found.as_ref().map_or_else(String::new, |found| {
            format!(
                "{} times in {}",
                found.occurrences,
                count(found.n_documents, "document")
            )
        }),
        LabTab::Drafts => String::new(),
    }
}

/// First line shown of the text or the trees, and the last that can be first.
pub fn scrolled(app: &App) -> (usize, usize) {
    let body = layout::shell(app, layout::whole(app)).body;
    let area = pane::inner(crate::tui::screens::pool::layout::places(app.pool.zoom, body).view);
    match app.pool.tab {
        LabTab::Text => lab_text::scrolled(app, area),
        LabTab::Drafts => lab_drafts::scrolled(app, area),
        LabTab::Supplied | LabTab::Found => (0, 0),
    }
}

/// What is at a position.
pub fn hit(app: &App, body: Rect, at: Position) -> Option<LabTarget> {
    let places = crate::tui::screens::pool::layout::places(app.pool.zoom, body);
    if places.view.contains(at) {
        if at.y == places.view.y {
            let titles = LabTab::ALL.map(LabTab::title);
            let tab = pane::tab_at(&titles, places.view, at.x);
            return Some(tab.map_or(LabTarget::View(None), |i| LabTarget::Tab(LabTab::ALL[i])));
        }
        let area = pane::inner(places.view);
        return Some(LabTarget::View(lab_text::row_at(app, area, at)));
    }
    if places.documents.contains(at) && at.y > places.documents.y {
        return Some(LabTarget::Document(lab_lists::document_at(
            app,
            places.documents,
            at,
        )));
    }
    if places.pools.contains(at) {
        return Some(LabTarget::Pool(lab_lists::pool_at(app, places.pools, at)));
    }
    None
}
