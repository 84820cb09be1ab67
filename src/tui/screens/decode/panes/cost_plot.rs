//! What a step costs by its number of rows, as a run recorded it: t(n) as a share of
//! n steps of one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::number::three;
use crate::present::theme::Theme;
use crate::speculate::cost::{CostProfile, StepCosts};
use crate::tui::app::App;
use crate::tui::lesson::{self, Lesson};
use crate::tui::widgets::{bars, pane};

/// Columns of the rows' number, of the milliseconds and of the mark.
const LABEL: usize = 9;
const VALUE: usize = 11;
const MARK: usize = 1;

pub(crate) fn render(app: &App, lesson: &Lesson, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some((cost, context)) = table(app, lesson) else {
        return;
    };
    let head = "Time of one step (bar) against as many one-row steps (│)";
    let head = crate::present::token_text::fit(head, usize::from(area.width));
    pane::put(buf, area, 0, &Line::styled(head, theme.dim()));
    let room = usize::from(area.width).saturating_sub(LABEL + VALUE + MARK);
    for (row, n) in shown_rows(&cost).into_iter().enumerate() {
        let (ms, one_by_one) = (cost.ms(n, context), cost.ms(1, context) * n as f32);
        let line = bar(n, ms, f64::from(ms / one_by_one), room, theme);
        pane::put(buf, area, row as u16 + 1, &line);
    }
}

/// Of the measured numbers of rows those that double.
fn shown_rows(cost: &StepCosts) -> Vec<usize> {
    cost.measured_rows()
        .filter(|n| n.is_power_of_two())
        .collect()
}

/// The mark ends every bar's track: there as many steps of one row would end.
fn bar(n: usize, ms: f32, share: f64, room: usize, theme: &Theme) -> Line<'static> {
    let rows = if n == 1 { "row" } else { "rows" };
    let filled = bars::across(share.min(1.0), room);
    let track = " ".repeat(room.saturating_sub(filled.chars().count()));
    let value = format!("{:>width$} ms", three(f64::from(ms)), width = VALUE - 3);
    Line::from(vec![
        Span::styled(format!("{n:>3} {rows:<5}"), theme.text()),
        Span::styled(filled, theme.gauge()),
        Span::raw(track),
        Span::styled("│", theme.dim()),
        Span::styled(value, theme.text()),
    ])
}

/// Of the lesson's first run: the open one, else as it ships; and the context in
/// which that began.
fn table(app: &App, lesson: &Lesson) -> Option<(StepCosts, usize)> {
    let name = lesson.runs.first()?;
    let open = app.learn.run_named(name).and_then(|id| app.run_of(id));
    let costs = |cost: &CostProfile, n: usize| (StepCosts::new(cost), n);
    match open.and_then(|run| run.record.as_ref()) {
        Some(record) => {
            let header = &record.trace.header;
            Some(costs(&header.cost, header.prompt_ids.len()))
        }
        None => {
            let header = lesson::header(name).ok()?;
            Some(costs(&header.cost, header.prompt_ids.len()))
        }
    }
}
