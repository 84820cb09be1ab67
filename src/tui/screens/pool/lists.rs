//! The lists of the Pool screen: the pools with their sizes, and the documents
//! of the one that is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table};

use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::protocol::{ListedDoc, PoolName, Section};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Typing;
use crate::tui::screens::pool::columns::SectionColumn;
use crate::tui::screens::pool::state::PoolPane;
use crate::tui::widgets::field::push_input;
use crate::tui::widgets::list::{self, first_with_next, row_at};
use crate::tui::widgets::pane;
use crate::tui::widgets::sort::SortColumn;

const DOCUMENTS: u16 = 6;
const TOKENS: u16 = 8;
const SIZE: u16 = 8;
const SEGMENTS: u16 = 5;
/// With fewer columns the index's size is left out.
const ROOMY: u16 = 40;
const ID: u16 = 8;

/// A number in at most five columns: `7612`, `43.0k`, `1.2M`.
fn short(n: usize) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{:.1}k", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}M", n as f64 / 1e6),
        _ => format!("{:.1}G", n as f64 / 1e9),
    }
}

/// The part of a list below its head.
fn rows(rect: Rect) -> Rect {
    pane::below(pane::inner(rect), 1)
}

pub(crate) fn pools(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    pane::title("POOLS", rect, app.pool.pane == PoolPane::Pools, theme, buf);
    pane::note(&changes(app, theme), 5, rect, buf);
    let area = pane::inner(rect);
    if app.pool.sections().is_empty() {
        return pane::placeholder(&nothing_yet(app), area, theme, buf);
    }
    let (size, segments) = match area.width >= ROOMY {
        true => (SIZE, SEGMENTS),
        false => (0, 0),
    };
    let name = area
        .width
        .saturating_sub(DOCUMENTS + TOKENS + size + segments);
    let sections = app.pool.sections();
    let rows = rows(rect);
    let top = first_with_next(app.pool.pool_row, sections.len(), usize::from(rows.height));
    let shown = sections.iter().skip(top).take(usize::from(rows.height));
    let table = Table::new(
        shown.map(|section| section_row(section, usize::from(name), theme)),
        Constraint::from_lengths([name, DOCUMENTS, TOKENS, size, segments]),
    );
    let sorting = &app.pool.pools_sorting;
    let head = |column: SectionColumn| sorting.head(column, column.name());
    let heads = [
        SectionColumn::Documents,
        SectionColumn::Tokens,
        SectionColumn::Index,
        SectionColumn::Segments,
    ];
    let heads = heads.map(|column| right(head(column), theme.dim()));
    let name = Cell::from(head(SectionColumn::Name)).style(theme.dim());
    let table = table.header([name].into_iter().chain(heads).collect());
    list::table(table, app.pool.pool_row.checked_sub(top), theme, area, buf);
}

/// A figure or its head.
fn right(text: impl Into<Line<'static>>, style: Style) -> Cell<'static> {
    Cell::from(text.into().right_aligned()).style(style)
}

fn section_row(section: &Section, name: usize, theme: &Theme) -> Row<'static> {
    let style = match (&section.pool, section.documents) {
        (_, 0) => theme.dim(),
        (PoolName::Group(_), _) => theme.text(),
        _ => theme.strong(),
    };
    let figures = [
        short(section.documents),
        short(section.tokens),
        format!("{}B", short(section.bytes)),
        section.segments.to_string(),
    ];
    let figures = figures.map(|figure| right(figure, style.remove_modifier(Modifier::BOLD)));
    let shown = fit(section.pool.name(), name.saturating_sub(1));
    let name = Cell::from(shown).style(style);
    [name].into_iter().chain(figures).collect()
}

/// What was changed by hand, and that it is in memory.
fn changes(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let Some(overview) = &app.pool.overview else {
        return Vec::new();
    };
    let (added, removed) = (overview.n_added, overview.n_removed);
    if (added, removed) == (0, 0) {
        return Vec::new();
    }
    let place = match overview.n_unsaved {
        0 => "saved",
        _ => "in memory",
    };
    let wordings = [
        format!("+{added} −{removed} {place}, for the next runs"),
        format!("+{added} −{removed} {place}"),
    ];
    let styled = |text| Line::styled(text, theme.warning());
    wordings.into_iter().map(styled).collect()
}

fn nothing_yet(app: &App) -> String {
    if app.engine.model.is_ready() {
        "Loading the pools.".into()
    } else {
        "The pools are loaded with a model.".into()
    }
}

/// Which pool is at a position.
pub(crate) fn pool_at(app: &App, rect: Rect, at: Position) -> Option<usize> {
    let (area, n) = (rows(rect), app.pool.sections().len());
    let top = first_with_next(app.pool.pool_row, n, usize::from(area.height));
    row_at(area, top, n, at)
}

pub(crate) fn documents(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let pools = &app.pool;
    let named = pools.pool().is_none();
    let title = if named {
        "DOCUMENTS NAMED"
    } else {
        "DOCUMENTS"
    };
    pane::title(title, rect, pools.pane == PoolPane::Documents, theme, buf);
    let n_shown = pools.rows.len();
    pane::note(&documents_note(app, theme), title.len(), rect, buf);
    let area = pane::inner(rect);
    pane::put(buf, area, 0, &filter_line(app, theme));
    let area = rows(rect);
    let top = first_with_next(pools.row, n_shown, usize::from(area.height));
    let shown = pools.rows.iter().skip(top).take(usize::from(area.height));
    let title = area.width.saturating_sub(ID + DOCUMENTS);
    let row = |&doc: &usize| {
        let doc = &pools.documents[doc];
        document_row(app, doc, usize::from(title), theme)
    };
    let widths = Constraint::from_lengths([ID, title, DOCUMENTS]);
    // The filter stands where the heads would.
    let table = Table::new(shown.map(row), widths).header(Row::default().height(1));
    let place = pane::inner(rect);
    list::table(table, pools.row.checked_sub(top), theme, place, buf);
    if n_shown == 0 {
        pane::placeholder(&no_documents(app), area, theme, buf);
    }
}

/// How many documents the list has, and what it is sorted by.
fn documents_note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let pools = &app.pool;
    let n_shown = pools.rows.len();
    let note = match (
        n_shown == pools.documents.len(),
        pools.n_documents > pools.documents.len(),
    ) {
        (true, false) => n_shown.to_string(),
        (true, true) => format!("{n_shown} of {}", pools.n_documents),
        (false, _) => format!("{n_shown} found"),
    };
    let order = pools.documents_sorting.note();
    let wordings = match order.is_empty() {
        true => vec![note],
        false => vec![format!("{note} {order}"), order],
    };
    let lines = wordings.into_iter();
    lines.map(|text| Line::styled(text, theme.dim())).collect()
}

fn no_documents(app: &App) -> String {
    let pools = &app.pool;
    match pools.pool() {
        _ if !pools.filter.value().is_empty() => {
            let key = app.key_of(Context::Pool, Action::Close);
            format!("No matches; {key} clears the filter.")
        }
        Some(PoolName::Online) => {
            "No answers yet: finished answers are added here while the source `online` is on."
                .into()
        }
        Some(_) => "No documents.".into(),
        None => "The current run names no documents.".into(),
    }
}

fn filter_line(app: &App, theme: &Theme) -> Line<'static> {
    let filter = &app.pool.filter;
    let is_idle = app.pool.typing != Typing::Yes && filter.value().is_empty();
    let sign = match is_idle {
        true => app.key_of(Context::Pool, Action::Filter),
        false => "/".into(),
    };
    let mut line = Line::from(Span::styled(sign, theme.accent()));
    if app.pool.typing == Typing::Yes {
        line.push_span(" ");
        push_input(&mut line, filter.value(), filter.visual_cursor(), theme);
    } else if filter.value().is_empty() {
        let what = match app.pool.pool() {
            Some(_) => " filters title, id, group",
            None => " filters; drafts at right",
        };
        line.push_span(Span::styled(what, theme.dim()));
    } else {
        line.push_span(Span::styled(format!(" {}", filter.value()), theme.strong()));
        let key = app.key_of(Context::Pool, Action::Close);
        line.push_span(Span::styled(format!("  {key} clears"), theme.dim()));
    }
    line
}

fn document_row(app: &App, doc: &ListedDoc, title: usize, theme: &Theme) -> Row<'static> {
    let is_open = app.document_in_view() == Some(doc.id.as_str());
    let style = if is_open {
        theme.accent()
    } else {
        theme.text()
    };
    Row::new([
        Cell::from(fit(own_id(&doc.id), usize::from(ID) - 1)).style(theme.dim()),
        Cell::from(fit(&doc.title, title.saturating_sub(1))).style(style),
        right(short(doc.n_tokens), theme.dim()),
    ])
}

/// A document's id without its kind, which its group says already.
fn own_id(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(_, own)| own)
}

/// Which document of the list is at a position.
pub(crate) fn document_at(app: &App, rect: Rect, at: Position) -> Option<usize> {
    let (area, n) = (rows(rect), app.pool.rows.len());
    let top = first_with_next(app.pool.row, n, usize::from(area.height));
    row_at(area, top, n, at)
}

#[cfg(test)]
mod tests {
    use crate::tui::screens::pool::lists::short;

    #[test]
    fn sizes_are_short() {
        let shown = [0, 7_612, 42_930, 1_250_000].map(short);
        assert_eq!(shown, ["0", "7612", "42.9k", "1.2M"]);
    }
}
