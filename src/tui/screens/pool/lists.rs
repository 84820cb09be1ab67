//! The lists of the Pool screen: the pools with their sizes, and the documents
//! of the one that is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::theme::Theme;
use crate::present::token_text::{fit, pad};
use crate::protocol::{ListedDoc, PoolName, Section};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Typing;
use crate::tui::screens::pool::first_row;
use crate::tui::screens::pool::state::PoolPane;
use crate::tui::widgets::field::push_input;
use crate::tui::widgets::pane;

const DOCUMENTS: usize = 6;
const TOKENS: usize = 8;
const SIZE: usize = 8;
const SEGMENTS: usize = 5;
/// With fewer columns the index's size is left out.
const ROOMY: usize = 40;
const ID: usize = 8;

/// A number in at most five columns: `7612`, `43.0k`, `1.2M`.
fn short(n: usize) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{:.1}k", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}M", n as f64 / 1e6),
        _ => format!("{:.1}G", n as f64 / 1e9),
    }
}

/// The part of a list below its heads.
fn rows(rect: Rect, n_heads: u16) -> Rect {
    let area = pane::inner(rect);
    Rect {
        y: area.y + n_heads,
        height: area.height.saturating_sub(n_heads),
        ..area
    }
}

pub fn pools(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    pane::title("POOLS", rect, app.pool.pane == PoolPane::Pools, theme, buf);
    pane::note(&changes(app, theme), 5, rect, buf);
    let area = pane::inner(rect);
    if app.pool.sections().is_empty() {
        return pane::placeholder(&nothing_yet(app), area, theme, buf);
    }
    let width = usize::from(area.width);
    let roomy = width >= ROOMY;
    let name = name_width(width);
    let mut heads = format!(
        "{}{:>DOCUMENTS$}{:>TOKENS$}",
        pad("pool", name),
        "docs",
        "tokens"
    );
    if roomy {
        heads.push_str(&format!("{:>SIZE$}{:>SEGMENTS$}", "index", "seg"));
    }
    pane::put(buf, area, 0, &Line::styled(heads, theme.dim()));
    let area = rows(rect, 1);
    let sections = app.pool.sections();
    let top = first_row(app.pool.pool_row, sections.len(), usize::from(area.height));
    let shown = sections.iter().enumerate().skip(top);
    for (row, (index, section)) in shown.take(usize::from(area.height)).enumerate() {
        pane::put(
            buf,
            area,
            row as u16,
            &section_line(section, name, roomy, theme),
        );
        if index == app.pool.pool_row {
            pane::mark(area, row as u16, 1, theme, buf);
        }
    }
}

fn name_width(width: usize) -> usize {
    let figures = DOCUMENTS + TOKENS;
    match width >= ROOMY {
        true => width - figures - SIZE - SEGMENTS,
        false => width.saturating_sub(figures),
    }
}

fn section_line(section: &Section, name: usize, roomy: bool, theme: &Theme) -> Line<'static> {
    let style = match (&section.pool, section.documents) {
        (_, 0) => theme.dim(),
        (PoolName::Group(_), _) => theme.text(),
        _ => theme.strong(),
    };
    let mut figures = format!(
        "{:>DOCUMENTS$}{:>TOKENS$}",
        short(section.documents),
        short(section.tokens)
    );
    if roomy {
        let bytes = format!("{}B", short(section.bytes));
        figures.push_str(&format!("{bytes:>SIZE$}{:>SEGMENTS$}", section.segments));
    }
    let shown = fit(section.pool.name(), name.saturating_sub(1));
    Line::from(vec![
        Span::styled(pad(&shown, name), style),
        Span::styled(
            figures,
            style.remove_modifier(ratatui::style::Modifier::BOLD),
        ),
    ])
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
        "Asking the engine.".into()
    } else {
        "No pools without a model.".into()
    }
}

/// Which pool is at a position.
pub fn pool_at(app: &App, rect: Rect, at: Position) -> Option<usize> {
    let area = rows(rect, 1);
    let n = app.pool.sections().len();
    let top = first_row(app.pool.pool_row, n, usize::from(area.height));
    let row = top + usize::from(at.y.checked_sub(area.y)?);
    (area.contains(at) && row < n).then_some(row)
}

pub fn documents(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let pools = &app.pool;
    let named = pools.pool().is_none();
    let title = if named {
        "DOCUMENTS NAMED"
    } else {
        "DOCUMENTS"
    };
    pane::title(title, rect, pools.pane == PoolPane::Documents, theme, buf);
    let n_shown = pools.rows.len();
    let note = match (
        n_shown == pools.documents.len(),
        pools.n_documents > pools.documents.len(),
    ) {
        (true, false) => n_shown.to_string(),
        (true, true) => format!("{n_shown} of {}", pools.n_documents),
        (false, _) => format!("{n_shown} found"),
    };
    pane::note(&[Line::styled(note, theme.dim())], title.len(), rect, buf);
    let area = pane::inner(rect);
    pane::put(buf, area, 0, &filter_line(app, theme));
    let area = rows(rect, 1);
    let top = first_row(pools.row, n_shown, usize::from(area.height));
    let shown = pools.rows.iter().enumerate().skip(top);
    for (row, (index, &doc)) in shown.take(usize::from(area.height)).enumerate() {
        let doc = &pools.documents[doc];
        let line = document_line(app, doc, usize::from(area.width), theme);
        pane::put(buf, area, row as u16, &line);
        if index == pools.row {
            pane::mark(area, row as u16, 1, theme, buf);
        }
    }
    if n_shown == 0 {
        pane::placeholder(&no_documents(app), area, theme, buf);
    }
}

fn no_documents(app: &App) -> String {
    let pools = &app.pool;
    match pools.pool() {
        _ if !pools.filter.value().is_empty() => {
            let key = app.key_of(Context::Pool, Action::Close);
            format!("Nothing matches; {key} clears the filter.")
        }
        Some(PoolName::Online) => {
            "No answers yet: with the source `online` on, finished answers go here.".into()
        }
        Some(_) => "No documents.".into(),
        None => "The shown run names no documents.".into(),
    }
}

fn filter_line(app: &App, theme: &Theme) -> Line<'static> {
    let filter = &app.pool.filter;
    let mut line = Line::from(Span::styled("/", theme.accent()));
    if app.pool.typing == Typing::Yes {
        line.push_span(" ");
        push_input(&mut line, filter.value(), filter.visual_cursor(), theme);
    } else if filter.value().is_empty() {
        let what = match app.pool.pool() {
            Some(_) => " filters by title, id, group",
            None => " filters; the number is of drafts",
        };
        line.push_span(Span::styled(what, theme.dim()));
    } else {
        line.push_span(Span::styled(format!(" {}", filter.value()), theme.strong()));
        let key = app.key_of(Context::Pool, Action::Close);
        line.push_span(Span::styled(format!("  {key} clears"), theme.dim()));
    }
    line
}

fn document_line(app: &App, doc: &ListedDoc, width: usize, theme: &Theme) -> Line<'static> {
    let is_open = app.document_in_view() == Some(doc.id.as_str());
    let label = width.saturating_sub(ID + DOCUMENTS);
    let style = if is_open {
        theme.accent()
    } else {
        theme.text()
    };
    let title = fit(&doc.title, label.saturating_sub(1));
    Line::from(vec![
        Span::styled(pad(&fit(own_id(&doc.id), ID - 1), ID), theme.dim()),
        Span::styled(pad(&title, label), style),
        Span::styled(format!("{:>DOCUMENTS$}", short(doc.n_tokens)), theme.dim()),
    ])
}

/// A document's id without its kind, which its group says already.
fn own_id(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(_, own)| own)
}

/// Which document of the list is at a position.
pub fn document_at(app: &App, rect: Rect, at: Position) -> Option<usize> {
    let area = rows(rect, 1);
    let n = app.pool.rows.len();
    let top = first_row(app.pool.row, n, usize::from(area.height));
    let row = top + usize::from(at.y.checked_sub(area.y)?);
    (area.contains(at) && row < n).then_some(row)
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
