//! The pass looked at: a cell a row in its lane's colour, drafts hatched, prompts apart;
//! below it the time, on the same scale: a cell is the time of a pass of one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::colours;
use crate::present::number::{count, three};
use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::speculate::passes::PassRecord;
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// A draft's row.
const DRAFT: &str = "▒";
/// A prompt's row.
const PROMPT: &str = "·";
/// Columns of the names at the left.
const NAME: u16 = 8;

/// Rows by what they are.
pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let Some(pass) = app.batch.pass() else {
        return Vec::new();
    };
    let roots = pass.rows - pass.prompt - pass.drafts;
    let mut parts = vec![count(roots, "subject"), count(pass.drafts, "draft")];
    if pass.prompt > 0 {
        parts.push(format!("{} of prompts", pass.prompt));
    }
    let rows = count(pass.rows, "row");
    let long = format!("{rows}: {}", parts.join(", "));
    vec![
        Line::styled(long, theme.text()),
        Line::styled(rows, theme.text()),
    ]
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(pass) = app.batch.pass() else {
        return;
    };
    let bars_area = Rect {
        x: area.x + NAME,
        width: area.width.saturating_sub(NAME),
        ..area
    };
    let times = times(app, pass, theme, bars_area.width);
    let room = usize::from(area.height).saturating_sub(times.len());
    let (steps, prompts) = cells(pass, theme);
    let mut row = 0;
    for (name, cells) in [("rows", steps), ("prompts", prompts)] {
        if cells.is_empty() || row >= room {
            continue;
        }
        pane::put(buf, area, row as u16, &Line::styled(name, theme.dim()));
        for line in wrapped(cells, usize::from(bars_area.width)) {
            if row < room {
                pane::put(buf, bars_area, row as u16, &line);
            }
            row += 1;
        }
    }
    let first = row.min(room);
    for (i, (name, line)) in times.into_iter().enumerate() {
        let at = (first + i) as u16;
        pane::put(buf, area, at, &Line::styled(name, theme.dim()));
        pane::put(buf, bars_area, at, &line);
    }
}

/// The rows of steps, and those of prompts.
fn cells(pass: &PassRecord, theme: &Theme) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
    let (mut steps, mut prompts) = (Vec::new(), Vec::new());
    for lane in &pass.lanes {
        let (into, rest) = match lane.step {
            Some(_) => (&mut steps, DRAFT),
            None => (&mut prompts, PROMPT),
        };
        let letter = colours::letter(lane.lane).to_string();
        into.push(Span::styled(letter, colours::block(theme, lane.lane)));
        let rest = Span::styled(rest, colours::line(theme, lane.lane));
        into.extend(std::iter::repeat_n(rest, lane.rows.saturating_sub(1)));
    }
    (steps, prompts)
}

fn wrapped(cells: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let chunks = cells.chunks(width.max(1));
    chunks.map(|chunk| Line::from(chunk.to_vec())).collect()
}

/// The time of the pass, in passes of one row where the profile has that, then its parts.
fn times(
    app: &App,
    pass: &PassRecord,
    theme: &Theme,
    width: u16,
) -> Vec<(&'static str, Line<'static>)> {
    let (ms, width) = (pass.ms(), usize::from(width));
    let mut out = Vec::new();
    let text = match one_row_ms(app) {
        Some(one) => {
            let n = ms / one;
            let share = n / width.max(1) as f64;
            let mut bar = bars::across(share.min(1.0), width);
            if share > 1.0 {
                bar = fit(&format!("{bar}█"), width);
            }
            out.push(("time", Line::styled(bar, theme.gauge())));
            format!("{} ms = {} steps of one row, est.", three(ms), three(n))
        }
        None => format!("{} ms", three(ms)),
    };
    let name = if out.is_empty() { "time" } else { "" };
    out.push((name, Line::styled(fit(&text, width), theme.text())));
    let timing = &pass.timing;
    let parts = format!(
        "forward {} retrieve {} verify {} rest {}",
        three(timing.forward),
        three(timing.retrieve),
        three(timing.verify),
        three(timing.draft + timing.commit)
    );
    out.push(("ms", Line::styled(fit(&parts, width), theme.text())));
    out
}

/// Milliseconds of a step of one row by the profile, where this batch stands.
fn one_row_ms(app: &App) -> Option<f64> {
    let (course, pass) = app.batch.at()?;
    let (own, shared) = course.mean_context(pass).unwrap_or_default();
    let costs = course.costs().alone();
    let is_measured = costs.is_measured();
    is_measured.then(|| f64::from(costs.ms(1, own + shared)))
}
