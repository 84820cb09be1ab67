//! The right pane of the Pool screen as prose and lists: a document's text with
//! the place that is looked at, the drafts it supplied, a search's finds.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::lines::{self, From};
use crate::present::mark::Mark;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit, pad};
use crate::protocol::FoundDocument;
use crate::tui::action::{Action, PoolAction};
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::pool::state::{OpenDocument, PoolTab};
use crate::tui::screens::pool::supplied::Supplied;
use crate::tui::widgets::list::{first_with_next, framed, row_at as list_row_at};
use crate::tui::widgets::pane::{below, mark, more_beside, placeholder, put};

/// Rows above the text, and rows of a find.
const HEAD_ROWS: u16 = 2;
const FIND_ROWS: usize = 3;

/// Which document is looked at.
fn head(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let pools = &app.pool;
    let Some(id) = app.document_in_view() else {
        return;
    };
    let open = pools.open.as_ref().filter(|o| o.text.id == id);
    let listed = pools.documents.iter().find(|d| d.id == id);
    let title = open
        .map(|o| o.text.title.as_str())
        .or(listed.map(|d| d.title.as_str()))
        .or(app.record().map(|r| r.trace.doc_title(id)));
    let group = open.map_or("", |o| o.text.group.as_str());
    let mut line = Line::default();
    // Where the width ends, the place must not be what is cut.
    if let Some(at) = open.and_then(|o| o.at) {
        line.push_span(Span::styled(format!("token {at}  "), theme.accent()));
    }
    line.push_span(Span::styled(
        title.unwrap_or(id).to_string(),
        theme.strong(),
    ));
    line.push_span(Span::styled(format!("  {id}  {group}"), theme.dim()));
    put(buf, area, 0, &line);
}

fn lines(open: &OpenDocument, width: u16) -> Vec<lines::Line> {
    let cells = open.cells.iter();
    let texts = cells.map(|c| (c.text.as_str(), c.breaks.as_slice()));
    lines::flow_texts(texts, usize::from(width))
}

/// First line shown, and the last that can be first.
pub(crate) fn scrolled(app: &App, area: Rect) -> (usize, usize) {
    let Some(open) = &app.pool.open else {
        return (0, 0);
    };
    let area = below(area, HEAD_ROWS);
    top_line(
        app,
        open,
        &lines(open, area.width),
        usize::from(area.height),
    )
}

fn top_line(
    app: &App,
    open: &OpenDocument,
    lines: &[lines::Line],
    height: usize,
) -> (usize, usize) {
    let last = lines.len().saturating_sub(height);
    let marked = open.at.map(|at| lines::line_of(lines, at));
    let wanted = match app.pool.scroll {
        Some(top) => top,
        None => marked.map_or(0, |line| line.saturating_sub(height / 3)),
    };
    (wanted.min(last), last)
}

pub(crate) fn text(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    head(app, theme, area, buf);
    let area = below(area, HEAD_ROWS);
    if let Some(why) = &app.pool.why_not {
        return placeholder(why, area, theme, buf);
    }
    let Some(open) = &app.pool.open else {
        return placeholder(&nothing_open(app), area, theme, buf);
    };
    let lines = lines(open, area.width);
    let height = usize::from(area.height);
    let (top, last) = top_line(app, open, &lines, height);
    for (row, line) in lines.iter().skip(top).take(height).enumerate() {
        for piece in line {
            let From::Cell(cell) = piece.from else {
                continue;
            };
            let piece_text = piece.cut(&open.cells[cell].text);
            let is_marked = Some(cell) == open.at;
            let style = match is_marked {
                true => theme.strong().patch(theme.emphasis(Emphasis::Selected)),
                false => theme.text(),
            };
            let x = area.x + piece.x as u16;
            buf.set_stringn(x, area.y + row as u16, piece_text, piece.width, style);
        }
    }
    if top < last {
        more_beside(area, theme, buf);
    }
}

fn nothing_open(app: &App) -> String {
    if !app.engine.model.is_ready() {
        return app.why_no_texts();
    }
    let key = |action| app.key_of(Context::Pool, action);
    format!(
        "{} on a document shows its text here. {} searches all documents for a phrase, {} shows \
         what the pools would draft after a prompt.",
        key(Action::Submit),
        key(Action::Pool(PoolAction::Search)),
        key(Action::Pool(PoolAction::ProbePrompt))
    )
}

pub(crate) fn supplied(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    head(app, theme, area, buf);
    let Some(record) = app.record() else {
        let text = "No run yet: generate one, and the drafts that this document supplied are \
            listed here.";
        return placeholder(text, below(area, HEAD_ROWS), theme, buf);
    };
    let pools = &app.pool;
    let of = format!(
        "{} goes to the step in the run of {}",
        app.key_of(Context::Pool, Action::Submit),
        record.trace.header.subject.title
    );
    let of = fit(&of, usize::from(area.width));
    put(buf, area, 1, &Line::styled(of, theme.dim()));
    let area = below(area, HEAD_ROWS + 1);
    if pools.supplied.is_empty() {
        let text = match app.document_in_view() {
            Some(_) => {
                "It supplied no drafts in this run, or is not among the few documents that a \
                 trace names."
            }
            None => "Select a document.",
        };
        return placeholder(text, area, theme, buf);
    }
    let height = usize::from(area.height);
    let top = first_with_next(pools.supplied_row, pools.supplied.len(), height);
    let shown = pools.supplied.iter().skip(top).take(height).map(|draft| {
        let token = record.quoted(draft.token);
        supplied_line(draft, &token, area.width, theme)
    });
    let chosen = pools.supplied_row.saturating_sub(top);
    framed(shown, chosen, theme, area, buf);
}

fn supplied_line(draft: &Supplied, token: &str, width: u16, theme: &Theme) -> Line<'static> {
    let mark = Mark::Fate(draft.fate);
    let step = format!("step {:<5}", draft.step + 1);
    let matched = match draft.matched {
        0 => "a start, a gap or a frequent token".to_string(),
        n => format!("after {n} matching"),
    };
    let place = format!("at token {:<5}{matched}", draft.at);
    let room = usize::from(width).saturating_sub(columns(&step) + columns(&place) + 16);
    let token = fit(token, room.clamp(6, 24));
    Line::from(vec![
        Span::styled(step, theme.text()),
        Span::styled(format!("{} ", mark.glyph()), theme.mark(mark)),
        Span::styled(pad(mark.name(), 10), theme.mark(mark)),
        Span::styled(pad(&token, room.clamp(6, 24) + 1), theme.token(mark)),
        Span::styled(place, theme.dim()),
    ])
}

pub(crate) fn found(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(found) = &app.pool.found else {
        let key = app.key_of(Context::Pool, Action::Pool(PoolAction::Search));
        let text = format!("{key} searches all documents for an exact phrase.");
        return placeholder(&text, area, theme, buf);
    };
    let line = Line::from(vec![
        Span::styled(format!("“{}”", found.text), theme.strong()),
        Span::styled("  → DRAFTS: what would come next", theme.dim()),
    ]);
    put(buf, area, 0, &line);
    let area = below(area, HEAD_ROWS);
    if found.documents.is_empty() {
        return placeholder("No document contains it.", area, theme, buf);
    }
    let height = usize::from(area.height) / FIND_ROWS;
    let top = first_with_next(app.pool.found_row, found.documents.len(), height);
    let shown = (top..).map_while(|row| Some((row, app.pool.found_at(row)?)));
    for (i, (index, hit)) in shown.take(height.max(1)).enumerate() {
        let row = (i * FIND_ROWS) as u16;
        let [title, context] = find_lines(hit, usize::from(area.width), theme);
        put(buf, area, row, &title);
        put(buf, area, row + 1, &context);
        if index == app.pool.found_row {
            mark(area, row, 2, theme, buf);
        }
    }
}

fn find_lines(hit: &FoundDocument, width: usize, theme: &Theme) -> [Line<'static>; 2] {
    let times = match hit.occurrences {
        1 => String::new(),
        n => format!("  {n}×"),
    };
    let title = Line::from(vec![
        Span::styled(hit.title.clone(), theme.text()),
        Span::styled(
            format!("  {}  {}{times}", hit.id, hit.pool.name()),
            theme.dim(),
        ),
    ]);
    let flat = |text: &str| text.replace(['\n', '\r'], "⏎").replace('\t', "⇥");
    let (before, middle, after) = (flat(&hit.before), flat(&hit.found), flat(&hit.after));
    let side = width.saturating_sub(columns(&middle) + 2) / 2;
    let context = Line::from(vec![
        Span::raw("  "),
        Span::styled(end_of(&before, side), theme.dim()),
        Span::styled(middle, theme.accent()),
        Span::styled(fit(&after, side), theme.dim()),
    ]);
    [title, context]
}

/// The last columns of a text.
fn end_of(text: &str, width: usize) -> String {
    let mut from = 0;
    while columns(&text[from..]) > width {
        let next = text[from..].chars().next().map_or(1, char::len_utf8);
        from += next;
    }
    text[from..].to_string()
}

/// The row of a list in the right pane at a position.
pub(crate) fn row_at(app: &App, area: Rect, at: Position) -> Option<usize> {
    let pools = &app.pool;
    match pools.tab {
        PoolTab::Supplied => {
            let area = below(area, HEAD_ROWS + 1);
            let n = pools.supplied.len();
            let top = first_with_next(pools.supplied_row, n, usize::from(area.height));
            list_row_at(area, top, n, at)
        }
        PoolTab::Found => {
            let area = below(area, HEAD_ROWS);
            let n = pools.found.as_ref()?.documents.len();
            let top = first_with_next(pools.found_row, n, usize::from(area.height) / FIND_ROWS);
            let row = top + usize::from(at.y.checked_sub(area.y)?) / FIND_ROWS;
            (area.contains(at) && row < n).then_some(row)
        }
        PoolTab::Text | PoolTab::Drafts => None,
    }
}
