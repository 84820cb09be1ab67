//! What the pools gave: hits, each source's share and acceptance, how long the
//! matches were. All figures are the trace's statistics.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::bars;
use super::number::{percent, three};
use super::pane::{placeholder, put};
use crate::speculate::params::Source;
use crate::speculate::stats::{SourceStats, Stats};
use crate::speculate::trace::PoolSize;
use crate::tui::state::app::App;
use crate::tui::theme::Theme;

const SOURCES_WIDTH: u16 = 34;
const FIGURES: usize = 11;
/// Hits and column heads; a row a source follows.
const HEAD_ROWS: u16 = 2;

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(record) = app.record().filter(|r| r.stats.steps > 0) else {
        let text =
            "How often the pools of earlier answers had something to say, and how good it was.";
        return placeholder(text, area, theme, buf);
    };
    let beside = area.width >= SOURCES_WIDTH * 2;
    let left = Rect {
        width: if beside { SOURCES_WIDTH } else { area.width },
        ..area
    };
    sources(&record.stats, theme, left, buf);
    let source_rows = HEAD_ROWS + shown(&record.stats).count() as u16;
    if !beside || area.height > source_rows {
        let size = Line::styled(pool_size(&record.trace.header.pools), theme.dim());
        put(buf, left, source_rows, &size);
    }
    let histogram_area = if beside {
        Rect {
            x: area.x + SOURCES_WIDTH + 2,
            width: area.width - SOURCES_WIDTH - 2,
            ..area
        }
    } else {
        Rect {
            y: area.y + source_rows + 1,
            height: area.height.saturating_sub(source_rows + 1),
            ..area
        }
    };
    histogram(&record.stats, theme, histogram_area, buf);
}

/// How large the group's pool was at the start.
fn pool_size(pools: &[PoolSize]) -> String {
    let group = pools.iter().find(|p| p.source == Source::Group);
    group.map_or_else(String::new, |p| {
        let tokens = three(p.tokens as f64 / 1000.0);
        format!("group {} docs, {tokens}k", p.documents)
    })
}

fn sources(stats: &Stats, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let hits = Line::from(vec![
        Span::styled("hits ", theme.dim()),
        Span::styled(
            format!("{}/{} steps", stats.hit_steps, stats.steps),
            theme.strong(),
        ),
        Span::styled(
            stats
                .hit_rate()
                .map_or(String::new(), |r| format!("  {}", percent(r))),
            theme.text(),
        ),
    ]);
    put(buf, area, 0, &hits);
    let width = usize::from(area.width);
    let heads = format!("{:<7}{:>rest$}", "", "drafts taken", rest = width - 7);
    put(buf, area, 1, &Line::styled(heads, theme.dim()));
    for (i, source) in shown(stats).enumerate() {
        put(
            buf,
            area,
            2 + i as u16,
            &source_line(source, stats, theme, width),
        );
    }
}

/// The sources; finished answers only where they played a part.
fn shown(stats: &Stats) -> impl Iterator<Item = &SourceStats> {
    let played = |s: &&SourceStats| s.source != Source::Online || s.hit_steps > 0;
    stats.sources.iter().filter(played)
}

/// A source's share of the drafts, and how many of its drafts were taken.
fn source_line(source: &SourceStats, stats: &Stats, theme: &Theme, width: usize) -> Line<'static> {
    let share = source.fates.drafted() as f64 / stats.fates.drafted().max(1) as f64;
    let taken = source.fates.acceptance().map_or("—".into(), percent);
    let bar_width = width.saturating_sub(7 + FIGURES + 1);
    let bar = bars::across(share, bar_width);
    let gap = bar_width.saturating_sub(bar.chars().count());
    let name = source.source.name();
    Line::from(vec![
        Span::styled(format!("{name:<7}"), theme.text()),
        Span::styled(bar, theme.gauge()),
        Span::raw(" ".repeat(gap)),
        Span::styled(format!(" {:>5} {taken:>5}", percent(share)), theme.text()),
    ])
}

/// Steps by the length of their longest match.
fn histogram(stats: &Stats, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.height < 3 {
        return;
    }
    put(
        buf,
        area,
        0,
        &Line::styled("longest match (tokens)", theme.dim()),
    );
    let lengths = &stats.match_lengths;
    let room = usize::from(area.width);
    let stride = if lengths.len() * 2 <= room { 2 } else { 1 };
    let most = lengths.iter().copied().max().unwrap_or(1).max(1) as f64;
    let height = usize::from(area.height - 2);
    let ground = area.bottom() - 2;
    for (length, &n) in lengths.iter().enumerate().take(room / stride) {
        let x = area.x + (length * stride) as u16;
        for row in 0..height {
            let cell = bars::upright(n as f64 / most, height, row);
            let style = if length == 0 {
                theme.dim()
            } else {
                theme.gauge()
            };
            buf.set_string(x, ground - row as u16, cell, style);
        }
        if length % 4 == 0 {
            buf.set_string(x, area.bottom() - 1, length.to_string(), theme.dim());
        }
    }
}
