//! What a forward pass costs by its number of rows, as a run recorded it: t(n)
//! beside n passes of one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::number::three;
use super::{bars, pane};
use crate::speculate::cost::{CostProfile, StepCosts};
use crate::tui::lesson::{self, Lesson};
use crate::tui::state::app::App;
use crate::tui::theme::Theme;

/// Columns of the rows' number and of the milliseconds.
const LABEL: usize = 9;
const VALUE: usize = 10;

pub fn render(app: &App, lesson: &Lesson, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some((cost, context)) = table(app, lesson) else {
        return;
    };
    let bars: Vec<(usize, f32)> = cost
        .measured_rows()
        .map(|n| (n, cost.ms(n, context)))
        .collect();
    let Some(longest) = bars.iter().map(|bar| bar.1).reduce(f32::max) else {
        return;
    };
    let head = "One pass by its rows, in ms (│ one by one)";
    let head = super::super::token_text::fit(head, usize::from(area.width));
    pane::put(buf, area, 0, &Line::styled(head, theme.dim()));
    let room = usize::from(area.width).saturating_sub(LABEL + VALUE);
    for (row, &(n, ms)) in bars.iter().enumerate() {
        let share = |ms: f32| f64::from(ms) / f64::from(longest);
        let line = bar(
            n,
            ms,
            share(ms),
            share(cost.ms(1, context) * n as f32),
            room,
            theme,
        );
        pane::put(buf, area, row as u16 + 1, &line);
    }
}

/// The mark is left out where it would stand beyond the plot.
fn bar(
    n: usize,
    ms: f32,
    share: f64,
    one_by_one: f64,
    room: usize,
    theme: &Theme,
) -> Line<'static> {
    let rows = if n == 1 { "row" } else { "rows" };
    let filled = bars::across(share, room);
    let n_filled = filled.chars().count();
    let mark = (one_by_one * room as f64).round() as usize;
    let mut line = Line::from(vec![
        Span::styled(format!("{n:>3} {rows:<5}"), theme.text()),
        Span::styled(filled, theme.gauge()),
    ]);
    let gap = match mark {
        m if m > n_filled && m < room => {
            line.push_span(" ".repeat(m - n_filled));
            line.push_span(Span::styled("│", theme.dim()));
            room - m - 1
        }
        _ => room - n_filled.min(room),
    };
    let value = format!(
        "{}{:>width$} ms",
        " ".repeat(gap),
        three(f64::from(ms)),
        width = VALUE - 3
    );
    line.push_span(Span::styled(value, theme.text()));
    line
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
