//! What a step costs by its number of rows, as a run recorded it: t(n) as a share of
//! n steps of one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::lesson::cost_bars::{CostBar, cost_bars};
use crate::present::lesson::{self, Lesson};
use crate::present::number::three;
use crate::present::theme::Theme;
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// Columns of the rows' number, of the milliseconds and of the mark.
const LABEL: usize = 9;
const VALUE: usize = 11;
const MARK: usize = 1;

pub(crate) fn render(app: &App, lesson: &Lesson, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(bars) = table(app, lesson) else {
        return;
    };
    let head = "Time of one step (bar) against as many one-row steps (│)";
    let head = crate::present::token_text::fit(head, usize::from(area.width));
    pane::put(buf, area, 0, &Line::styled(head, theme.dim()));
    let room = usize::from(area.width).saturating_sub(LABEL + VALUE + MARK);
    for (row, of) in bars.iter().enumerate() {
        pane::put(buf, area, row as u16 + 1, &bar(of, room, theme));
    }
}

/// The mark ends every bar's track: there as many steps of one row would end.
fn bar(of: &CostBar, room: usize, theme: &Theme) -> Line<'static> {
    let n = of.rows;
    let rows = if n == 1 { "row" } else { "rows" };
    let filled = bars::across(of.share().min(1.0), room);
    let track = " ".repeat(room.saturating_sub(filled.chars().count()));
    let value = format!("{:>width$} ms", three(f64::from(of.ms)), width = VALUE - 3);
    Line::from(vec![
        Span::styled(format!("{n:>3} {rows:<5}"), theme.text()),
        Span::styled(filled, theme.gauge()),
        Span::raw(track),
        Span::styled("│", theme.dim()),
        Span::styled(value, theme.text()),
    ])
}

/// Of the lesson's first run: the open one, else as it ships.
fn table(app: &App, lesson: &Lesson) -> Option<Vec<CostBar>> {
    let name = lesson.runs.first()?;
    let open = app.learn.run_named(name).and_then(|id| app.run_of(id));
    match open.and_then(|run| run.record.as_ref()) {
        Some(record) => Some(cost_bars(&record.trace.header)),
        None => Some(cost_bars(&lesson::header(name).ok()?)),
    }
}
