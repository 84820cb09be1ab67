//! The pass looked at: a cell a row in its lane's colour, drafts hatched, prompts apart;
//! below it the time, on the same scale: a cell is the time of a pass of one row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::colours;
use crate::present::number::{count, three};
use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::speculate::passes::{LaneRecord, PassRecord};
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// A draft's row.
const DRAFT: &str = "▒";
/// A prompt's row.
const PROMPT: &str = "·";
/// Columns of the names at the left.
const NAME: u16 = 8;
/// Rows of the pass's time.
const TIME_ROWS: u16 = 3;
/// The most rows that a cell stands for.
const MAX_SCALE: usize = 16;

/// Rows by what they are.
pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let Some(pass) = app.batch.pass() else {
        return Vec::new();
    };
    let roots = pass.rows - pass.prompt - pass.drafts;
    let mut parts = Vec::new();
    if roots > 0 {
        parts = vec![count(roots, "subject"), count(pass.drafts, "draft")];
    }
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
    let width = usize::from(bars_area.width);
    let room = usize::from(area.height.saturating_sub(TIME_ROWS));
    let scale = scale(pass, width, room);
    let (steps, prompts) = cells(pass, scale, theme);
    let mut lines = named(["rows", "prompts"], [steps, prompts], scale, width, theme);
    lines.truncate(room);
    lines.extend(times(app, pass, scale, width, theme));
    for (row, (name, line)) in lines.into_iter().enumerate() {
        pane::put(buf, area, row as u16, &name);
        pane::put(buf, bars_area, row as u16, &line);
    }
}

/// How many rows a cell stands for: as few as fit.
fn scale(pass: &PassRecord, width: usize, room: usize) -> usize {
    let n_lines = |scale: usize| {
        let n = |is_step: bool| -> usize {
            let lanes = pass.lanes.iter().filter(|l| l.step.is_some() == is_step);
            lanes.map(|lane| n_cells(lane, scale)).sum()
        };
        n(true).div_ceil(width.max(1)) + n(false).div_ceil(width.max(1))
    };
    (1..=MAX_SCALE)
        .find(|&scale| n_lines(scale) <= room)
        .unwrap_or(MAX_SCALE)
}

/// A lane's first row has a cell to itself.
fn n_cells(lane: &LaneRecord, scale: usize) -> usize {
    1 + lane.rows.saturating_sub(1).div_ceil(scale)
}

/// Wrapped lines, each kind with its name before the first of them.
fn named(
    names: [&str; 2],
    cells: [Vec<Span<'static>>; 2],
    scale: usize,
    width: usize,
    theme: &Theme,
) -> Vec<(Line<'static>, Line<'static>)> {
    let mut out = Vec::new();
    for (name, cells) in names.into_iter().zip(cells) {
        let name = match scale {
            1 => name.to_string(),
            n => fit(&format!("{} ×{n}", &name[..4]), usize::from(NAME) - 1),
        };
        for (i, line) in wrapped(cells, width).into_iter().enumerate() {
            let name = if i == 0 { name.as_str() } else { "" };
            out.push((Line::styled(name.to_string(), theme.dim()), line));
        }
    }
    out
}

/// The rows of steps, and those of prompts.
fn cells(
    pass: &PassRecord,
    scale: usize,
    theme: &Theme,
) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
    let (mut steps, mut prompts) = (Vec::new(), Vec::new());
    for lane in &pass.lanes {
        let (into, rest) = match lane.step {
            Some(_) => (&mut steps, DRAFT),
            None => (&mut prompts, PROMPT),
        };
        let letter = colours::letter(lane.lane).to_string();
        into.push(Span::styled(letter, colours::block(theme, lane.lane)));
        let rest = Span::styled(rest, colours::line(theme, lane.lane));
        into.extend(std::iter::repeat_n(rest, n_cells(lane, scale) - 1));
    }
    (steps, prompts)
}

fn wrapped(cells: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let chunks = cells.chunks(width.max(1));
    chunks.map(|chunk| Line::from(chunk.to_vec())).collect()
}

/// The time of the pass, on the scale of the rows where the profile has a step of one row,
/// then its parts.
fn times(
    app: &App,
    pass: &PassRecord,
    scale: usize,
    width: usize,
    theme: &Theme,
) -> Vec<(Line<'static>, Line<'static>)> {
    let ms = pass.ms();
    let line = |name: &'static str, text: String, style| {
        let text = Line::styled(fit(&text, width), style);
        (Line::styled(name, theme.dim()), text)
    };
    let timing = &pass.timing;
    let parts = format!(
        "forward {} retrieve {} verify {} rest {}",
        three(timing.forward),
        three(timing.retrieve),
        three(timing.verify),
        three(timing.draft + timing.commit)
    );
    let parts = line("ms", parts, theme.text());
    let Some(one) = one_row_ms(app) else {
        let whole = line("time", format!("{} ms", three(ms)), theme.text());
        return vec![whole, parts];
    };
    let n = ms / one;
    let share = n / (scale * width.max(1)) as f64;
    let more = if share > 1.0 { "…" } else { "" };
    let bar = format!("{}{more}", bars::across(share, width));
    let told = format!("{} ms = {} steps of one row, est.", three(ms), three(n));
    vec![
        line("time", bar, theme.gauge()),
        line("", told, theme.text()),
        parts,
    ]
}

/// Milliseconds of a step of one row by the profile, where this batch stands.
fn one_row_ms(app: &App) -> Option<f64> {
    let (course, pass) = app.batch.at()?;
    let (own, shared) = course.mean_context(pass).unwrap_or_default();
    let costs = course.costs().alone();
    let is_measured = costs.is_measured();
    is_measured.then(|| f64::from(costs.ms(1, own + shared)))
}
