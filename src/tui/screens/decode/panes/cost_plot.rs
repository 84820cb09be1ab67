//! What a step costs by its number of rows, as a run recorded it: t(n) as a share of
//! n steps of one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::lesson::cost_bars::{CostBar, cost_bars, cost_bars_by};
use crate::present::lesson::{self, Lesson, Plot};
use crate::present::number::three;
use crate::present::theme::Theme;
use crate::speculate::cost::CostProfile;
use crate::speculate::trace::Header;
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// Columns of the rows' number, of the milliseconds and of the mark.
const LABEL: usize = 9;
const VALUE: usize = 11;
const MARK: usize = 1;

pub(crate) fn render(app: &App, lesson: &Lesson, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(table) = CostTable::of(app, lesson) else {
        return;
    };
    let head = match table.here.is_empty() {
        true => "Time of one step (bar) against as many one-row steps (│)",
        false => "Time of one step here (bar) against as many one-row steps (│); as recorded",
    };
    let head = crate::present::token_text::fit(head, usize::from(area.width));
    pane::put(buf, area, 0, &Line::styled(head, theme.dim()));
    for (row, of) in table.shown().iter().enumerate() {
        let line = table.line(of, usize::from(area.width), theme);
        pane::put(buf, area, row as u16 + 1, &line);
    }
}

/// Of the lesson's first run, and of this machine where the lesson compares them.
struct CostTable {
    recorded: Vec<CostBar>,
    here: Vec<CostBar>,
}

impl CostTable {
    /// Of the open run, else as it ships.
    fn of(app: &App, lesson: &Lesson) -> Option<Self> {
        let name = lesson.runs.first()?;
        let open = app.learn.run_named(name).and_then(|id| app.run_of(id));
        let here = app.engine.profile.as_ref();
        let here = here.filter(|_| lesson.plot == Some(Plot::CostHere));
        Some(match open.and_then(|run| run.record.as_ref()) {
            Some(record) => CostTable::by(&record.trace.header, here),
            None => CostTable::by(&lesson::header(name).ok()?, here),
        })
    }

    fn by(header: &Header, here: Option<&CostProfile>) -> Self {
        CostTable {
            recorded: cost_bars(header),
            here: here.map_or_else(Vec::new, |profile| cost_bars_by(profile, header)),
        }
    }

    fn shown(&self) -> &[CostBar] {
        match self.here.is_empty() {
            true => &self.recorded,
            false => &self.here,
        }
    }

    fn line(&self, of: &CostBar, width: usize, theme: &Theme) -> Line<'static> {
        if self.here.is_empty() {
            return bar(of, width.saturating_sub(LABEL + VALUE + MARK), theme);
        }
        let mut line = bar(of, width.saturating_sub(LABEL + 2 * VALUE + MARK), theme);
        let recorded = self.recorded.iter().find(|other| other.rows == of.rows);
        let recorded = recorded.map_or_else(String::new, |other| milliseconds(other.ms));
        line.push_span(Span::styled(format!("{recorded:>VALUE$}"), theme.dim()));
        line
    }
}

/// The mark ends every bar's track: there as many steps of one row would end.
fn bar(of: &CostBar, room: usize, theme: &Theme) -> Line<'static> {
    let n = of.rows;
    let rows = if n == 1 { "row" } else { "rows" };
    let filled = bars::across(of.share().min(1.0), room);
    let track = " ".repeat(room.saturating_sub(filled.chars().count()));
    let value = format!("{:>VALUE$}", milliseconds(of.ms));
    Line::from(vec![
        Span::styled(format!("{n:>3} {rows:<5}"), theme.text()),
        Span::styled(filled, theme.gauge()),
        Span::raw(track),
        Span::styled("│", theme.dim()),
        Span::styled(value, theme.text()),
    ])
}

fn milliseconds(ms: f32) -> String {
    format!("{} ms", three(f64::from(ms)))
}
