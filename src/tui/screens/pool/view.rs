//! The Pool screen: the pools, their documents, and at the right a document's
//! text, the drafts it supplied, a search, or what would be drafted next.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::tui::app::App;
use crate::tui::screens::pool::state::{PoolPane, PoolTab};
use crate::tui::screens::pool::{drafts, lists, text};
use crate::tui::shell::layout;
use crate::tui::target::PoolTarget;
use crate::tui::widgets::pane;

pub(crate) fn render(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let places = crate::tui::screens::pool::layout::places(app.pool.zoom, app.look.panes, body);
    let panes = [
        (PoolPane::Pools, places.pools),
        (PoolPane::Documents, places.documents),
        (PoolPane::View, places.view),
    ];
    // The focused pane is framed last, so that its border is whole.
    for focused in [false, true] {
        let framed = panes.iter().filter(|p| (p.0 == app.pool.pane) == focused);
        for &(_, rect) in framed.filter(|p| p.1.width > 0) {
            pane::frame(rect, focused, theme, buf);
        }
    }
    if places.pools.width > 0 {
        lists::pools(app, theme, places.pools, buf);
        lists::documents(app, theme, places.documents, buf);
    }
    view(app, theme, places.view, buf);
}

fn view(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let focused = app.pool.pane == PoolPane::View;
    let tabs = PoolTab::ALL.map(|tab| (tab.title(), tab == app.pool.tab));
    pane::tabs(&tabs, rect, focused, theme, buf);
    let titles = PoolTab::ALL.map(|t| t.title().len() + 3).iter().sum();
    let styled = |text| Line::styled(text, theme.dim());
    let notes: Vec<Line<'static>> = notes(app).into_iter().map(styled).collect();
    pane::note(&notes, titles, rect, buf);
    let area = pane::inner(rect);
    match app.pool.tab {
        PoolTab::Text => text::text(app, theme, area, buf),
        PoolTab::Supplied => text::supplied(app, theme, area, buf),
        PoolTab::Found => text::found(app, theme, area, buf),
        PoolTab::Drafts => drafts::render(app, theme, area, buf),
    }
}

/// What is said of the tab in front and of its order, in shorter and shorter wordings.
fn notes(app: &App) -> Vec<String> {
    let pools = &app.pool;
    let (note, order) = match pools.tab {
        PoolTab::Text => {
            let n_tokens = pools.open.as_ref().map(|open| open.cells.len());
            (n_tokens.map(|n| count(n, "token")), String::new())
        }
        PoolTab::Supplied => {
            let n = count(pools.supplied.len(), "draft");
            (Some(n), pools.supplied_sorting.note())
        }
        PoolTab::Found => {
            let found = pools.found.as_ref().map(|found| {
                let documents = count(found.n_documents, "document");
                format!("{} times in {documents}", found.occurrences)
            });
            (found, pools.found_sorting.note())
        }
        PoolTab::Drafts => (None, String::new()),
    };
    let note = note.unwrap_or_default();
    match order.is_empty() {
        true => vec![note],
        false => vec![
            format!("{note} {order}").trim_start().to_string(),
            order,
            note,
        ],
    }
}

/// First line shown of the text or the trees, and the last that can be first.
pub(crate) fn scrolled(app: &App) -> (usize, usize) {
    let body = layout::shell(app, layout::whole(app)).body;
    let area = pane::inner(
        crate::tui::screens::pool::layout::places(app.pool.zoom, app.look.panes, body).view,
    );
    match app.pool.tab {
        PoolTab::Text => text::scrolled(app, area),
        PoolTab::Drafts => drafts::scrolled(app, area),
        PoolTab::Supplied | PoolTab::Found => (0, 0),
    }
}

/// What is at a position.
pub(crate) fn hit(app: &App, body: Rect, at: Position) -> Option<PoolTarget> {
    let places = crate::tui::screens::pool::layout::places(app.pool.zoom, app.look.panes, body);
    if places.view.contains(at) {
        if at.y == places.view.y {
            let titles = PoolTab::ALL.map(PoolTab::title);
            let tab = pane::tab_at(&titles, places.view, at.x);
            return Some(tab.map_or(PoolTarget::View(None), |i| PoolTarget::Tab(PoolTab::ALL[i])));
        }
        let area = pane::inner(places.view);
        return Some(PoolTarget::View(text::row_at(app, area, at)));
    }
    if places.documents.contains(at) && at.y > places.documents.y {
        return Some(PoolTarget::Document(lists::document_at(
            app,
            places.documents,
            at,
        )));
    }
    if places.pools.contains(at) {
        return Some(PoolTarget::Pool(lists::pool_at(app, places.pools, at)));
    }
    None
}
