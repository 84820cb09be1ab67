//! What the pools gave: how many steps hit, how much of the drafts was taken, each
//! source's share, and hits by the length of their match with what they brought. All
//! figures are the trace's statistics.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::present::number::{percent, three};
use crate::present::theme::Theme;
use crate::speculate::params::Source;
use crate::speculate::stats::{MatchStats, SourceStats, Stats};
use crate::speculate::trace::PoolSize;
use crate::tui::app::App;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::{below, placeholder, put};

const SOURCES_WIDTH: u16 = 36;
const FIGURES: usize = 11;
/// Hits, drafts taken and column heads; a row a source follows.
const HEAD_ROWS: u16 = 3;
/// Labels and columns of the table by match length.
const LABEL: usize = 6;
const COLUMN: usize = 4;
const WIDEST_COLUMN: usize = 10;
/// Match, hits, taken.
const TABLE_ROWS: u16 = 3;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(record) = app.known().filter(|r| r.stats.steps > 0) else {
        let text = "Hit rate and acceptance of the pools of earlier answers, by source and by \
            match length.";
        return placeholder(text, area, theme, buf);
    };
    let stats = &record.stats;
    let beside = area.width >= SOURCES_WIDTH * 2 - 2;
    let n_sources = HEAD_ROWS + shown(stats).count() as u16;
    let sources_width = SOURCES_WIDTH.max(area.width * 2 / 5);
    let columns = Layout::horizontal([Constraint::Length(sources_width), Constraint::Fill(1)]);
    let [left, table] = match beside {
        true => columns.spacing(2).areas(area),
        false => [area, below(area, n_sources)],
    };
    sources(stats, theme, left, buf);
    let has_room = beside || table.height > TABLE_ROWS;
    let size = Line::styled(pool_size(&record.trace.header.pools), theme.dim());
    if has_room {
        put(buf, left, n_sources, &size);
    }
    let skipped = u16::from(has_room && !beside);
    by_match(stats, theme, below(table, skipped), buf);
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
    let fact = |label: &str, of: String, share: Option<f64>| {
        let share = share.map_or(String::new(), |r| format!(" {}", percent(r)));
        Line::from(vec![
            Span::styled(format!("{label} "), theme.dim()),
            Span::styled(of, theme.strong()),
            Span::styled(share, theme.text()),
        ])
    };
    let hits = format!("{}/{} steps", stats.hit_steps, stats.steps);
    put(buf, area, 0, &fact("hits", hits, stats.hit_rate()));
    let fates = &stats.fates;
    let taken = format!("{}/{}", fates.committed(), fates.drafted());
    put(buf, area, 1, &fact("taken", taken, fates.acceptance()));
    let width = usize::from(area.width);
    let heads = format!(
        "{:>rest$} {:>5}",
        "of drafts",
        "taken",
        rest = width.saturating_sub(6)
    );
    put(buf, area, 2, &Line::styled(heads, theme.dim()));
    for (i, source) in shown(stats).enumerate() {
        let line = source_line(source, stats, theme, width);
        put(buf, area, HEAD_ROWS + i as u16, &line);
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

/// Hits by the length of their longest match: how many, and how many drafts were taken
/// in one. Not a `BarChart`, which leaves a small number without a bar.
fn by_match(stats: &Stats, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.height < TABLE_ROWS {
        return;
    }
    let room = usize::from(area.width).saturating_sub(LABEL);
    let groups = grouped(&stats.by_match, (room / COLUMN).max(1));
    // Where there is room, the columns take it.
    let column = (room / groups.len().max(1)).clamp(COLUMN, WIDEST_COLUMN);
    let bars_height = usize::from(area.height - TABLE_ROWS);
    let most = groups.iter().map(|g| g.1.hits).max().unwrap_or(0).max(1) as f64;
    for row in 0..bars_height {
        let cell = |m: &MatchStats| bars::upright(m.hits as f64 / most, bars_height, row);
        let bars: String = groups
            .iter()
            .map(|(_, m)| format!("{:>column$}", cell(m).to_string().repeat(column / 2)))
            .collect();
        let line = Line::from(vec![
            Span::raw(" ".repeat(LABEL)),
            Span::styled(bars, theme.gauge()),
        ]);
        put(buf, area, (bars_height - 1 - row) as u16, &line);
    }
    let taken = |m: &MatchStats| m.taken_per_hit().map_or("·".into(), |t| format!("{t:.1}"));
    let rows: [(&str, Vec<String>); 3] = [
        ("match", groups.iter().map(|g| g.0.clone()).collect()),
        (
            "hits",
            groups.iter().map(|g| g.1.hits.to_string()).collect(),
        ),
        ("taken", groups.iter().map(|g| taken(&g.1)).collect()),
    ];
    for (i, (label, values)) in rows.into_iter().enumerate() {
        let values: String = values.iter().map(|v| format!("{v:>column$}")).collect();
        let style = if i == 0 { theme.dim() } else { theme.text() };
        let line = Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), theme.dim()),
            Span::styled(values, style),
        ]);
        put(buf, area, bars_height as u16 + i as u16, &line);
    }
}

/// As many columns as there is room for: each length alone, or the longer ones taken
/// together, twice as many in each further column.
fn grouped(by_match: &[MatchStats], n: usize) -> Vec<(String, MatchStats)> {
    let mut groups = Vec::new();
    let mut from = 0;
    while from < by_match.len() {
        let fits = by_match.len() - from <= n.saturating_sub(groups.len());
        let is_last = groups.len() + 1 == n;
        let wide = match (fits, is_last) {
            (true, _) => 1,
            (_, true) => by_match.len() - from,
            _ => from.max(1),
        };
        let to = (from + wide).min(by_match.len());
        let mut sum = MatchStats::default();
        by_match[from..to].iter().for_each(|m| sum.add(m));
        let name = match to - from {
            1 => from.to_string(),
            _ if to == by_match.len() => format!("{from}+"),
            _ => format!("{from}-{}", to - 1),
        };
        groups.push((name, sum));
        from = to;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hit_is_in_one_column() {
        for n_lengths in 0..40 {
            let by_match: Vec<MatchStats> = (0..n_lengths)
                .map(|i| MatchStats {
                    hits: i,
                    drafted: 3 * i,
                    taken: 2 * i,
                })
                .collect();
            for n in 1..12 {
                let groups = grouped(&by_match, n);
                assert!(groups.len() <= n);
                let hits: usize = groups.iter().map(|g| g.1.hits).sum();
                assert_eq!(hits, (0..n_lengths).sum::<usize>());
            }
        }
        let names = |n_lengths: usize, n| -> Vec<String> {
            let all = vec![MatchStats::default(); n_lengths];
            grouped(&all, n).into_iter().map(|g| g.0).collect()
        };
        assert_eq!(names(4, 4), ["0", "1", "2", "3"]);
        assert_eq!(names(12, 4), ["0", "1", "2-3", "4+"]);
        assert_eq!(names(12, 5), ["0", "1", "2-3", "4-7", "8+"]);
    }
}
