//! The board as a table: a row a subject, sorted, the marked ones ticked.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table, Widget};

use crate::present::board::{BoardColumn, BoardRow, SortDirection};
use crate::present::names::{common_prefix, fit_after};
use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::tui::action::{Action, BoardAction};
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Typing;
use crate::tui::screens::catalog::board::state::ScoredLog;
use crate::tui::widgets::field::push_input;
use crate::tui::widgets::{list, pane};

/// Rows above the first subject: the filter and the column heads.
const HEAD_ROWS: u16 = 2;
/// The mark before a row.
const TICK: u16 = 2;
/// Least columns of the subject.
const SUBJECT: u16 = 14;

/// Columns that are worth more than a whole title, and what the others leave to it.
const N_WORTHY: usize = 4;
const ROOM_FOR_SUBJECT: u16 = 12;

/// The columns in the order in which they are left out where there is no room, the last
/// first.
const BY_WORTH: [BoardColumn; 10] = [
    BoardColumn::Mal,
    BoardColumn::Cause,
    BoardColumn::Acceptance,
    BoardColumn::Waste,
    BoardColumn::Hits,
    BoardColumn::Tokens,
    BoardColumn::Steps,
    BoardColumn::Repetition,
    BoardColumn::Group,
    BoardColumn::Match,
];

fn width(column: BoardColumn) -> u16 {
    match column {
        BoardColumn::Subject => SUBJECT,
        BoardColumn::Group => 11,
        BoardColumn::Cause => 16,
        BoardColumn::Tokens | BoardColumn::Steps => 8,
        _ => 7,
    }
}

/// The columns that fit, from left to right, each with its width. The one that the rows are
/// sorted by is always there.
fn columns(app: &App, room: u16) -> Vec<(BoardColumn, u16)> {
    let sorted = app.catalog.board.column;
    let by_worth = std::iter::once(sorted).chain(BY_WORTH.into_iter().filter(|&c| c != sorted));
    let by_worth = by_worth.filter(|&c| c != BoardColumn::Subject);
    let mut left = room.saturating_sub(TICK + SUBJECT);
    let mut shown = vec![BoardColumn::Subject];
    for (worth, column) in by_worth.enumerate() {
        let kept_free = if worth < N_WORTHY {
            0
        } else {
            ROOM_FOR_SUBJECT
        };
        if width(column) + kept_free > left {
            break;
        }
        left -= width(column);
        shown.push(column);
    }
    let in_order = BoardColumn::ALL.into_iter().filter(|c| shown.contains(c));
    let widths = in_order.map(|column| match column {
        BoardColumn::Subject => (column, SUBJECT + left),
        _ => (column, width(column)),
    });
    widths.collect()
}

fn rows(list: Rect) -> Rect {
    pane::below(pane::inner(list), HEAD_ROWS)
}

/// Which row is at a position.
pub(crate) fn row_at(app: &App, list: Rect, at: Position) -> Option<usize> {
    let area = rows(list);
    let n = app.catalog.board.shown().len();
    list::row_at(area, first_row(app, area), n, at)
}

fn first_row(app: &App, area: Rect) -> usize {
    let tab = &app.catalog.board;
    list::first_with_next(tab.selected, tab.shown().len(), usize::from(area.height))
}

pub(crate) fn render(app: &App, theme: &Theme, list: Rect, buf: &mut Buffer) {
    let area = pane::inner(list);
    filter(app, theme, area, buf);
    let tab = &app.catalog.board;
    if tab.shown().len() == 0 {
        return pane::placeholder(&empty(app), rows(list), theme, buf);
    }
    let columns = columns(app, area.width);
    let below = pane::below(area, 1);
    let height = usize::from(pane::below(below, 1).height);
    let top = first_row(app, rows(list));
    let shown: Vec<&BoardRow> = tab.shown().skip(top).take(height).collect();
    let names: Vec<String> = shown
        .iter()
        .map(|r| BoardColumn::Subject.value(r))
        .collect();
    let prefix = common_prefix(names.iter().map(String::as_str));
    let lines = shown.iter();
    let lines = lines.map(|row| line(app, row, &prefix, &columns, theme));
    let widths = columns.iter().map(|(_, width)| *width);
    let widths = Constraint::from_lengths(std::iter::once(TICK).chain(widths));
    let table = Table::new(lines, widths).header(heads(app, &columns, theme));
    list::table(table, tab.selected.checked_sub(top), theme, below, buf);
}

/// Why there are no rows, and how to get some.
fn empty(app: &App) -> String {
    let tab = &app.catalog.board;
    let key = |action| app.key_of(Context::Board, action);
    if !tab.filter.value().is_empty() {
        return format!("No matches; {} clears the filter.", key(Action::Close));
    }
    if let Some(log) = &tab.log {
        return match &log.problem {
            Some(why) => format!("The log cannot be scored: {why}"),
            None => format!("Scoring {} ..", log.door.name),
        };
    }
    match &tab.folder {
        Some(folder) => match &folder.problem {
            Some(why) => format!("The folder cannot be read: {why}"),
            None => format!("No traces in {} yet.", folder.path.display()),
        },
        None => "No runs yet. Runs and sweeps of this session appear here; `laserscope --traces \
                 DIR` shows a folder of traces while a batch fills it."
            .into(),
    }
}

fn filter(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let tab = &app.catalog.board;
    let key = |action| app.key_of(Context::Board, action);
    let text = tab.filter.value();
    let line = if tab.typing == Typing::Yes {
        let mut line = Line::from(Span::styled("/ ", theme.accent()));
        push_input(&mut line, text, tab.filter.visual_cursor(), theme);
        line
    } else if text.is_empty() {
        Line::from(vec![
            Span::styled(key(Action::Filter), theme.accent()),
            Span::styled(" filters title, group, rule, cause", theme.dim()),
        ])
    } else {
        Line::from(vec![
            Span::styled("/ ", theme.accent()),
            Span::styled(text.to_string(), theme.strong()),
            Span::styled(format!("  {} clears", key(Action::Close)), theme.dim()),
        ])
    };
    pane::put(buf, area, 0, &line);
    let n_marked = tab.marked.len();
    let note = match (n_marked, text.is_empty()) {
        (0, true) => String::new(),
        (0, false) => format!("{} found", tab.shown().len()),
        (n, _) => format!("{n} marked"),
    };
    // A line with a style of its own would style the whole row.
    let note = Line::from(Span::styled(note, theme.text()));
    let row = Rect { height: 1, ..area };
    note.right_aligned().render(row, buf);
}

fn heads(app: &App, columns: &[(BoardColumn, u16)], theme: &Theme) -> Row<'static> {
    let tab = &app.catalog.board;
    let arrow = match tab.direction {
        SortDirection::Ascending => "↑",
        SortDirection::Descending => "↓",
    };
    let heads = columns.iter().map(|&(column, width)| {
        let (text, style) = match column == tab.column {
            true => (format!("{}{arrow}", column.head()), theme.accent()),
            false => (column.head().to_string(), theme.dim()),
        };
        cell(column, &text, width).style(style)
    });
    std::iter::once(Cell::from("")).chain(heads).collect()
}

/// `prefix`: what the names in view begin with.
fn line(
    app: &App,
    row: &BoardRow,
    prefix: &str,
    columns: &[(BoardColumn, u16)],
    theme: &Theme,
) -> Row<'static> {
    let is_marked = app.catalog.board.marked.contains(&row.from);
    let tick = if is_marked { "■ " } else { "" };
    let cells = columns.iter().map(|&(column, width)| {
        let style = match column {
            BoardColumn::Group => theme.dim(),
            _ if column == app.catalog.board.column => theme.strong(),
            _ => theme.text(),
        };
        let text = column.value(row);
        let text = match column {
            BoardColumn::Subject => fit_after(prefix, &text, usize::from(width).saturating_sub(1)),
            _ => text,
        };
        cell(column, &text, width).style(style)
    });
    std::iter::once(Cell::from(tick).style(theme.accent()))
        .chain(cells)
        .collect()
}

/// Texts at the left, figures at the right, a blank after each.
fn cell(column: BoardColumn, text: &str, width: u16) -> Cell<'static> {
    let room = usize::from(width).saturating_sub(1);
    let text = fit(text, room);
    match column.is_text() {
        true => Cell::from(text),
        false => Cell::from(Line::from(format!("{text} ")).right_aligned()),
    }
}

/// What a remark at the border says of the board.
pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let tab = &app.catalog.board;
    if let Some(log) = &tab.log {
        return log_note(log, theme);
    }
    let Some(folder) = &tab.folder else {
        return Vec::new();
    };
    let not_traces = match folder.n_not_traces {
        0 => String::new(),
        n => format!(", {n} no traces"),
    };
    let path = folder.path.display().to_string();
    let n = folder.seen.len() - folder.n_not_traces.min(folder.seen.len());
    let named = format!("{n} traces of {path}{not_traces}");
    let wordings = [named, format!("{n} traces{not_traces}")];
    let lines = wordings.into_iter();
    lines.map(|text| Line::styled(text, theme.dim())).collect()
}

/// How much of the log is scored, or why no more is.
fn log_note(log: &ScoredLog, theme: &Theme) -> Vec<Line<'static>> {
    let (done, of, name) = (log.n_done, log.door.n_answers, &log.door.name);
    let share = if done == of {
        format!("{of}")
    } else {
        format!("{done} of {of}")
    };
    let wordings = match &log.problem {
        Some(why) => vec![
            format!("{share} answers, then: {why}"),
            format!("{share} answers, then a fault"),
        ],
        None => vec![
            format!("{share} answers of {name}"),
            format!("{share} answers"),
        ],
    };
    let lines = wordings.into_iter();
    lines.map(|text| Line::styled(text, theme.dim())).collect()
}

/// The key that marks, for a text.
pub(crate) fn key_of(app: &App, asked: BoardAction) -> String {
    app.key_of(Context::Board, Action::Board(asked))
}
