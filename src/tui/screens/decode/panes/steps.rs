//! The steps as columns: committed tokens piled above the line, drafts that were
//! not committed below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::present::mark::Mark;
use crate::present::record::Record;
use crate::present::selection::committed;
use crate::present::step_phase::StepPhase;
use crate::present::theme::{Emphasis, Theme};
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// Columns for the scale at the left.
const SCALE: u16 = 4;
/// Steps between two numbers on the line.
const TICK: usize = 10;
/// Two rows of drafts that were not committed: refused or lost, and undecided.
const WASTED: [(&str, &[Fate]); 2] = [
    ("✗⇄", &[Fate::Rejected, Fate::Lost]),
    ("·", &[Fate::Unreached]),
];
const BOOKMARK: &str = "◆";
/// In place of what a step has not committed yet.
const OPEN: &str = "?";
/// With fewer rows there is no room below the line.
const ROWS_WITH_WASTED: u16 = 5;

/// The meaning of the glyphs, in the pane's border.
pub(crate) fn legend(theme: &Theme) -> Vec<Line<'static>> {
    [9, 3].map(|letters| legend_line(letters, theme)).into()
}

fn legend_line(letters: usize, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    for (i, mark) in Mark::ALL.into_iter().enumerate() {
        let gap = if i == 0 { "" } else { "  " };
        let name: String = mark.name().chars().take(letters).collect();
        line.push_span(Span::styled(
            format!("{gap}{} ", mark.glyph()),
            theme.mark(mark),
        ));
        line.push_span(Span::styled(name, theme.token(mark)));
    }
    line
}

/// Which steps are in view, and where the line is.
struct View {
    first: usize,
    /// Steps that there are by then.
    n: usize,
    /// Columns a step, and how many of them are filled.
    stride: u16,
    bar: u16,
    rows_up: u16,
    rows_down: u16,
    /// The most drafts of a step, per row below the line.
    most_wasted: [usize; WASTED.len()],
}

fn view(app: &App, record: &Record, area: Rect) -> View {
    let at = app.step_index().unwrap_or(0);
    // Of a step that is walked, no later one is known.
    let n = match app.decode.phase() {
        None => record.n_steps(),
        Some(_) => at + 1,
    };
    let room = usize::from(area.width.saturating_sub(SCALE));
    let stride = (room / n.max(1)).clamp(1, 3);
    let fit = (room / stride).max(1);
    let first = (at + 1 + fit / 4).min(n).saturating_sub(fit);
    let rows_down = if area.height >= ROWS_WITH_WASTED {
        WASTED.len() as u16
    } else {
        0
    };
    let shown = &record.trace.steps[first..n.min(first + fit)];
    let mut most_wasted = [1; WASTED.len()];
    for step in shown {
        let wasted = wasted(step, known(app, step));
        most_wasted = std::array::from_fn(|i| most_wasted[i].max(wasted[i]));
    }
    View {
        first,
        n,
        stride: stride as u16,
        bar: (stride as u16 - 1).max(1),
        rows_up: area.height.saturating_sub(rows_down + 1).max(1),
        rows_down,
        most_wasted,
    }
}

/// What is known of a step: all, unless it is the one that is walked.
fn known(app: &App, step: &Step) -> StepPhase {
    let walked = app.decode.phase();
    let walked = walked.filter(|_| app.step_index() == Some(step.index));
    walked.unwrap_or(StepPhase::Commit)
}

/// Drafts that were not committed, in the rows of [`WASTED`]; before the verdict none is
/// decided.
fn wasted(step: &Step, known: StepPhase) -> [usize; WASTED.len()] {
    match known {
        StepPhase::Retrieve => return [0; WASTED.len()],
        StepPhase::Draft => return [0, step.tree.n_drafts()],
        StepPhase::Verify | StepPhase::Commit => {}
    }
    let mut counts = [0; WASTED.len()];
    for fate in &step.verdict.fates {
        match fate {
            Fate::Rejected | Fate::Lost => counts[0] += 1,
            Fate::Unreached => counts[1] += 1,
            Fate::Accepted | Fate::Relaxed => {}
        }
    }
    counts
}

/// Which step's column is at `x`.
pub(crate) fn step_at(app: &App, area: Rect, x: u16) -> Option<usize> {
    let record = app.record()?;
    let view = view(app, record, area);
    let column = x.checked_sub(area.x + SCALE)? / view.stride;
    let step = view.first + usize::from(column);
    (step < view.n).then_some(step)
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(record) = app.record().filter(|r| r.n_steps() > 0) else {
        let text = "One column per step: committed tokens above the line, wasted drafts below.";
        return pane::placeholder(text, area, theme, buf);
    };
    let view = view(app, record, area);
    if area.height == 1 {
        return one_line(app, record, &view, theme, area, buf);
    }
    scale(&view, theme, area, buf);
    line(app, &view, theme, area, buf);
    bookmarks(app, &view, theme, area, buf);
    let n_columns = (area.width.saturating_sub(SCALE)) / view.stride;
    for column in 0..n_columns {
        let index = view.first + usize::from(column);
        let Some(step) = record.step(index).filter(|_| index < view.n) else {
            break;
        };
        let x = area.x + SCALE + column * view.stride;
        draw_step(step, known(app, step), (x, &view), theme, area, buf);
        if app.step_index() == Some(index) {
            cursor(x, view.bar, theme, area, buf);
        }
    }
}

/// Marks the empty cells of the cursor's column.
fn cursor(x: u16, width: u16, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let column = Rect { x, width, ..area };
    for position in column.positions() {
        let cell = &mut buf[position];
        let bare = cell.modifier.is_empty() && Some(cell.bg) == theme.base().bg;
        if cell.symbol() == " " && bare {
            cell.set_style(theme.emphasis(Emphasis::Selected));
        }
    }
}

/// A cell a token; a pile too high for the pane ends in its height.
fn draw_step(
    step: &Step,
    known: StepPhase,
    (x, view): (u16, &View),
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let ground = area.y + view.rows_up;
    let mut tokens = Vec::new();
    match known >= StepPhase::Verify {
        true => tokens.extend(committed(step).into_iter().map(|(_, _, mark)| mark)),
        false => put_bar(x, ground - 1, OPEN, theme.dim(), view, buf),
    }
    let room = usize::from(view.rows_up);
    for (i, &mark) in tokens.iter().take(room).enumerate() {
        let y = ground - 1 - i as u16;
        if i + 1 == room && tokens.len() > room {
            let height = short_number(tokens.len(), view.bar);
            put_bar(x, y, &height, theme.block(mark), view, buf);
        } else {
            put_bar(x, y, mark.glyph(), theme.block(mark), view, buf);
        }
    }
    let wasted = wasted(step, known);
    for (i, (_, fates)) in WASTED.iter().enumerate().take(usize::from(view.rows_down)) {
        let share = wasted[i] as f64 / view.most_wasted[i] as f64;
        let style = theme.mark(Mark::Fate(fates[0]));
        let level = bars::level(share).repeat(usize::from(view.bar));
        buf.set_string(x, ground + 1 + i as u16, level, style);
    }
}

/// A glyph or a number in a cell of a column.
fn put_bar(x: u16, y: u16, text: &str, style: Style, view: &View, buf: &mut Buffer) {
    let width = usize::from(view.bar);
    buf.set_string(x, y, format!("{text:>width$}"), style);
}

/// A number in at most `width` columns; `▲` if it is too large for them.
fn short_number(n: usize, width: u16) -> String {
    let digits = n.to_string();
    if digits.len() <= usize::from(width) {
        digits
    } else {
        "▲".into()
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

fn scale(view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut put = |y: u16, text: &str, style: Style| {
        let x = area.x + 3 - crate::present::token_text::columns(text) as u16;
        buf.set_string(x, y, text, style);
    };
    put(area.y, &view.rows_up.to_string(), theme.dim());
    put(area.y + view.rows_up - 1, "1", theme.dim());
    for (i, (name, fates)) in WASTED.iter().enumerate().take(usize::from(view.rows_down)) {
        let style = theme.mark(Mark::Fate(fates[0]));
        put(area.y + view.rows_up + 1 + i as u16, name, style);
    }
}

/// The line between committed and wasted, with the steps' numbers on it.
fn line(app: &App, view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let is_marked = |step| app.run().is_some_and(|r| r.bookmarks.contains(&step));
    let y = area.y + view.rows_up;
    let width = usize::from(area.width - SCALE);
    buf.set_string(area.x + SCALE, y, "─".repeat(width), theme.line());
    for index in (view.first..view.n).filter(|i| (i + 1) % TICK == 0 && !is_marked(*i)) {
        let x = area.x + SCALE + (index - view.first) as u16 * view.stride;
        let name = (index + 1).to_string();
        if x + (name.len() as u16) < area.right() {
            buf.set_string(x, y, name, theme.dim());
        }
    }
}

/// A flag on the line, under the step's column.
fn bookmarks(app: &App, view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(run) = app.run() else { return };
    let n_columns = usize::from((area.width - SCALE) / view.stride);
    for &step in run
        .bookmarks
        .range(view.first..view.n.min(view.first + n_columns))
    {
        let x = area.x + SCALE + (step - view.first) as u16 * view.stride;
        buf.set_string(x, area.y + view.rows_up, BOOKMARK, theme.accent());
    }
}

/// Where one line must do: how many tokens each step committed.
fn one_line(app: &App, record: &Record, view: &View, theme: &Theme, area: Rect, buf: &mut Buffer) {
    buf.set_string(area.x, area.y, "tok", theme.dim());
    let n_columns = (area.width.saturating_sub(SCALE)) / view.stride;
    for column in 0..n_columns {
        let index = view.first + usize::from(column);
        let Some(step) = record.step(index).filter(|_| index < view.n) else {
            break;
        };
        let (text, mut style) = in_a_line(step, known(app, step), view.bar, theme);
        if app.step_index() == Some(index) {
            style = style.patch(theme.emphasis(Emphasis::Selected));
        }
        let x = area.x + SCALE + column * view.stride;
        buf.set_string(x, area.y, text, style);
        if view.stride > 1 && app.run().is_some_and(|r| r.bookmarks.contains(&index)) {
            buf.set_string(x + view.bar, area.y, BOOKMARK, theme.accent());
        }
    }
}

/// How many tokens a step committed, in the colour of the most telling one.
fn in_a_line(step: &Step, known: StepPhase, width: u16, theme: &Theme) -> (String, Style) {
    if known < StepPhase::Verify {
        return (OPEN.to_string(), theme.dim());
    }
    let marks: Vec<Mark> = committed(step).into_iter().map(|(_, _, m)| m).collect();
    let style = theme.token(most_telling(&marks));
    (short_number(marks.len(), width), style)
}
