//! The steps as columns: committed tokens stacked above the line, wasted drafts
//! below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pane;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;
use crate::tui::state::app::App;
use crate::tui::state::record::{Record, committed};
use crate::tui::theme::{Emphasis, Mark, Theme};

/// Columns for the scale at the left.
const SCALE: u16 = 4;
/// Rows below the line, where there is room for any.
const BELOW: u16 = 2;
/// Steps between two numbers on the line.
const TICK: usize = 10;

const WASTED: [Fate; 3] = [Fate::Rejected, Fate::Lost, Fate::Unreached];

/// The meaning of the colours, in the pane's border.
pub fn legend(rect: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut line = Line::default();
    let names = rect.width > 90;
    for mark in Mark::ALL {
        line.push_span(Span::styled(mark.glyph(), theme.mark(mark)));
        let name = if names || rect.width > 76 {
            mark.name()
        } else {
            &mark.name()[..3]
        };
        line.push_span(Span::styled(format!(" {name}  "), theme.dim()));
    }
    pane::note_line(line, rect, buf);
}

/// Which steps are in view, and how they are scaled.
struct View {
    first: usize,
    /// Columns a step.
    stride: u16,
    /// Tokens a cell above, drafts a cell below.
    unit_up: usize,
    unit_down: usize,
    rows_up: u16,
    rows_down: u16,
}

fn view(app: &App, record: &Record, area: Rect) -> View {
    let n = record.n_steps();
    let room = usize::from(area.width.saturating_sub(SCALE));
    let stride = if n * 2 <= room { 2 } else { 1 };
    let fit = (room / stride).max(1);
    let at = app.step_index().unwrap_or(0);
    let first = (at + 1 + fit / 4).min(n).saturating_sub(fit);
    let rows_down = if area.height > 4 { BELOW } else { 0 };
    let rows_up = area.height.saturating_sub(rows_down + 1).max(1);
    let shown = &record.trace.steps[first..n.min(first + fit)];
    let most = |f: fn(&Step) -> usize| shown.iter().map(f).max().unwrap_or(1).max(1);
    View {
        first,
        stride: stride as u16,
        unit_up: most(|s| s.verdict.n_committed()).div_ceil(usize::from(rows_up)),
        unit_down: most(n_wasted).div_ceil(usize::from(rows_down.max(1))),
        rows_up,
        rows_down,
    }
}

fn n_wasted(step: &Step) -> usize {
    WASTED.iter().map(|&f| step.verdict.count(f)).sum()
}

/// Which step's column is at `x`.
pub fn step_at(app: &App, area: Rect, x: u16) -> Option<usize> {
    let record = app.record()?;
    let view = view(app, record, area);
    let column = x.checked_sub(area.x + SCALE)? / view.stride;
    let step = view.first + usize::from(column);
    (step < record.n_steps()).then_some(step)
}

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(record) = app.record().filter(|r| r.n_steps() > 0) else {
        let text = "One column a step: committed tokens above the line, wasted drafts below.";
        return pane::placeholder(text, area, theme, buf);
    };
    let view = view(app, record, area);
    if area.height == 1 {
        return one_line(app, record, &view, theme, area, buf);
    }
    scale(&view, theme, area, buf);
    line(&view, record, theme, area, buf);
    let n_columns = (area.width.saturating_sub(SCALE)) / view.stride;
    for column in 0..n_columns {
        let index = view.first + usize::from(column);
        let Some(step) = record.step(index) else {
            break;
        };
        let x = area.x + SCALE + column * view.stride;
        draw_step(step, x, &view, theme, area, buf);
        if app.step_index() == Some(index) {
            cursor(x, theme, area, buf);
        }
    }
}

fn cursor(x: u16, theme: &Theme, area: Rect, buf: &mut Buffer) {
    for y in area.y..area.bottom() {
        let cell = &mut buf[(x, y)];
        if cell.symbol() == " " {
            cell.set_style(theme.emphasis(Emphasis::Selected));
        }
    }
}

fn draw_step(step: &Step, x: u16, view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let ground = area.y + view.rows_up;
    let tokens: Vec<Mark> = committed(step)
        .into_iter()
        .map(|(_, _, mark)| mark)
        .collect();
    for (i, group) in tokens.chunks(view.unit_up).enumerate() {
        let mark = most_telling(group);
        let y = ground - 1 - i as u16;
        buf.set_string(x, y, mark.glyph(), theme.block(mark));
    }
    let wasted = WASTED
        .iter()
        .flat_map(|&f| std::iter::repeat_n(Mark::Fate(f), step.verdict.count(f)));
    let wasted: Vec<Mark> = wasted.collect();
    for (i, group) in wasted.chunks(view.unit_down).enumerate() {
        if (i as u16) < view.rows_down {
            let mark = commonest(group);
            buf.set_string(x, ground + 1 + i as u16, mark.glyph(), theme.mark(mark));
        }
    }
}

/// Of several tokens in one cell: a relaxed one first, then the model's own.
fn most_telling(marks: &[Mark]) -> Mark {
    let order = [
        Mark::Fate(Fate::Relaxed),
        Mark::Fate(Fate::Accepted),
        Mark::Bonus,
    ];
    let found = order.into_iter().find(|m| marks.contains(m));
    found.unwrap_or(marks[0])
}

fn commonest(marks: &[Mark]) -> Mark {
    let count = |mark: &Mark| marks.iter().filter(|m| *m == mark).count();
    marks
        .iter()
        .copied()
        .max_by_key(count)
        .unwrap_or(Mark::Bonus)
}

fn scale(view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let top = view.unit_up * usize::from(view.rows_up);
    let bottom = view.unit_down * usize::from(view.rows_down);
    let mut put = |y: u16, text: String| {
        buf.set_string(area.x, y, format!("{text:>3}"), theme.dim());
    };
    put(area.y, top.to_string());
    if view.rows_down > 0 {
        put(area.bottom() - 1, bottom.to_string());
    }
}

/// The line between committed and wasted, with the steps' numbers on it.
fn line(view: &View, record: &Record, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let y = area.y + view.rows_up;
    let width = usize::from(area.width - SCALE);
    buf.set_string(area.x + SCALE, y, "─".repeat(width), theme.line());
    for index in (view.first..record.n_steps()).filter(|i| (i + 1) % TICK == 0) {
        let x = area.x + SCALE + (index - view.first) as u16 * view.stride;
        let name = (index + 1).to_string();
        if x + (name.len() as u16) < area.right() {
            buf.set_string(x, y, name, theme.dim());
        }
    }
}

/// Where one line must do: how many tokens each step committed.
fn one_line(app: &App, record: &Record, view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    buf.set_string(area.x, area.y, "tok", theme.dim());
    let n_columns = (area.width.saturating_sub(SCALE)) / view.stride;
    for column in 0..n_columns {
        let index = view.first + usize::from(column);
        let Some(step) = record.step(index) else {
            break;
        };
        let marks: Vec<Mark> = committed(step).into_iter().map(|(_, _, m)| m).collect();
        let mut style = theme.token(most_telling(&marks));
        if app.step_index() == Some(index) {
            style = style.patch(theme.emphasis(Emphasis::Selected));
        }
        let digit = char::from_digit(marks.len() as u32, 36).unwrap_or('+');
        let x = area.x + SCALE + column * view.stride;
        buf.set_string(x, area.y, digit.to_string(), style);
    }
}
