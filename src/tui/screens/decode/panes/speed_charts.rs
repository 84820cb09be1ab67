//! What the zoomed pane of speed has room for: the time of every step, and how often
//! drafts were accepted at each depth.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::present::number::{percent, three};
use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::speculate::stats::Stats;
use crate::speculate::trace::Timing;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::{below, put};

/// From this width on there is room for both.
pub(super) const WIDTH: u16 = 110;
/// Rows above them, the least that they take, and the most.
const ABOVE: u16 = 7;
const LEAST: u16 = 6;
const MOST: u16 = 16;
/// Columns of a depth and of its figures.
const DEPTH: usize = 5;
const FIGURES: usize = 17;
/// Columns of a scale's figure.
const SCALE: usize = 6;

pub(super) fn render(record: &Record, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let height = (area.height.saturating_sub(ABOVE) / 2).min(MOST);
    if area.width < WIDTH || height < LEAST {
        return;
    }
    let area = Rect {
        height,
        ..below(area, ABOVE)
    };
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(halves).spacing(3).areas(area);
    times(record, theme, left, buf);
    depths(&record.stats, theme, right, buf);
}

/// A column a step, the newest at the right.
fn times(record: &Record, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width).saturating_sub(SCALE);
    let steps = &record.trace.steps;
    let first = steps.len().saturating_sub(room);
    let ms: Vec<Option<f64>> = steps[first..]
        .iter()
        .map(|step| step.timing.as_ref().map(Timing::total))
        .collect();
    let most = ms.iter().flatten().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    let of = format!("ms per step, steps {} to {}", first + 1, steps.len());
    put(buf, area, 0, &Line::styled(of, theme.dim()));
    let chart = below(area, 1);
    let height = usize::from(chart.height);
    // A few steps get as many columns each as there are.
    let each = (room / ms.len().max(1)).clamp(1, 4);
    for row in 0..height {
        let cell = |ms: &Option<f64>| {
            let share = ms.map_or(0.0, |ms| ms / most);
            bars::upright(share, height, row).repeat(each)
        };
        let scale = match row {
            0 => "0".into(),
            row if row + 1 == height => three(most),
            _ => String::new(),
        };
        let line = Line::from(vec![
            Span::styled(format!("{scale:>w$} ", w = SCALE - 1), theme.dim()),
            Span::styled(ms.iter().map(cell).collect::<String>(), theme.gauge()),
        ]);
        put(buf, chart, (height - 1 - row) as u16, &line);
    }
}

/// A row a depth: the share accepted there, given that everything before was.
fn depths(stats: &Stats, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let head = "accepted by depth, given that all before were";
    put(buf, area, 0, &Line::styled(head, theme.dim()));
    let room = usize::from(area.width).saturating_sub(DEPTH + FIGURES);
    let rows = (1..)
        .zip(&stats.by_depth)
        .take(usize::from(area.height) - 1);
    for (depth, &(taken, tried)) in rows {
        let share = taken as f64 / tried.max(1) as f64;
        let figures = format!(" {} of {tried}", percent(share));
        let line = Line::from(vec![
            Span::styled(format!("{depth:>3}  "), theme.dim()),
            Span::styled(bars::across(share, room), theme.good()),
            Span::styled(figures, theme.text()),
        ]);
        put(buf, area, depth, &line);
    }
}
