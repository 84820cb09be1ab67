//! Tokens per second of the last passes, and where they come from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::lesson::batch_value::PASSES_OF_A_RATE;
use crate::present::number::three;
use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::speculate::passes::{Factors, Throughput};
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// Columns of names, of figures, and of the bars of the rates.
const NAME: usize = 12;
const FIGURE: usize = 12;

fn found(app: &App) -> Option<Throughput> {
    let (course, pass) = app.batch.at()?;
    course.throughput(pass, PASSES_OF_A_RATE)
}

pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let Some(found) = found(app) else {
        return Vec::new();
    };
    let n = match found.n_passes {
        1 => "a single pass with steps".to_string(),
        n => format!("last {n} passes with steps"),
    };
    vec![
        Line::styled(format!("{n}, decoding only"), theme.dim()),
        Line::styled(n, theme.dim()),
    ]
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(found) = found(app) else {
        return pane::placeholder("No step up to this pass.", area, theme, buf);
    };
    let lines = match &found.factors {
        Some(factors) => lines(&found, factors, theme, usize::from(area.width)),
        None => vec![
            rate("tokens/s", found.tokens_per_s, 1.0, false, theme, 0),
            remark("no cost profile: not split", theme),
        ],
    };
    for (row, line) in lines.iter().enumerate() {
        pane::put(buf, area, row as u16, line);
    }
}

fn lines(found: &Throughput, factors: &Factors, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let most = found.tokens_per_s.max(factors.alone);
    let room = width.saturating_sub(NAME + FIGURE + 1);
    let bar =
        |name, value: f64, is_estimate| rate(name, value, value / most, is_estimate, theme, room);
    let room = width.saturating_sub(NAME + FIGURE);
    let factor = |name, value, why: &str| factor(name, value, &fit(why, room), theme);
    let subjects = format!("{} subjects in a pass", three(found.subjects));
    let rows = format!("MAL {} for {} rows", three(found.mal), three(found.rows));
    vec![
        bar("alone", factors.alone, true),
        bar("now", found.tokens_per_s, false),
        Line::default(),
        factor("batching", factors.batching, &subjects),
        factor("drafts", factors.drafts, &rows),
        factor("machine", factors.machine, "profiled over measured time"),
        factor(
            "together",
            factors.whole(),
            "now over one subject, no drafts",
        ),
    ]
}

/// A factor, and what it is about.
fn factor(name: &'static str, value: f64, why: &str, theme: &Theme) -> Line<'static> {
    let value = format!("×{} est.", three(value));
    Line::from(vec![
        Span::styled(format!("{name:<NAME$}"), theme.dim()),
        Span::styled(format!("{value:<FIGURE$}"), theme.strong()),
        Span::styled(why.to_string(), theme.text()),
    ])
}

/// A rate with its bar.
fn rate(
    name: &'static str,
    value: f64,
    share: f64,
    is_estimate: bool,
    theme: &Theme,
    room: usize,
) -> Line<'static> {
    let est = if is_estimate { " est." } else { "" };
    let figure = format!("{}/s{est}", three(value));
    Line::from(vec![
        Span::styled(format!("{name:<NAME$}"), theme.dim()),
        Span::styled(format!("{figure:<FIGURE$} "), theme.strong()),
        Span::styled(bars::across(share, room), theme.gauge()),
    ])
}

fn remark(text: &str, theme: &Theme) -> Line<'static> {
    Line::styled(text.to_string(), theme.dim())
}
