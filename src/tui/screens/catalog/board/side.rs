//! Beside the board: the totals of the rows shown, how the sorted figure is spread, the causes
//! together, a breakdown, and the row selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::list::key_of;
use super::state::BoardSums;
use crate::present::board::{BoardColumn, BoardRow, StepTally};
use crate::present::number::{count, percent_of_tenths};
use crate::present::theme::Theme;
use crate::present::token_text::{fit, pad};
use crate::speculate::why_low::WhyLow;
use crate::tui::action::{Action, BoardAction};
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::shell::layout;
use crate::tui::widgets::paragraph::wrap;
use crate::tui::widgets::{bars, pane};

const LABEL: usize = 16;
const FIGURE: usize = 6;
/// With fewer columns a histogram stands below its label, and parts have two figures.
const ROOMY: usize = 46;
/// The figures of a breakdown, the first ones first where there is little room.
const PARTS: [BoardColumn; 4] = [
    BoardColumn::Steps,
    BoardColumn::Mal,
    BoardColumn::Acceptance,
    BoardColumn::Waste,
];
/// A shorter bar says nothing.
const LEAST_BAR: usize = 4;
/// Parts of a breakdown that are shown.
const MOST_PARTS: usize = 12;

pub(crate) fn render(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    pane::title("TOTALS", rect, false, theme, buf);
    let area = pane::inner(rect);
    let lines = lines(app, theme, usize::from(area.width));
    let top = app.catalog.board.scroll.min(lines.len());
    let hidden = (lines.len() - top).saturating_sub(usize::from(area.height));
    Paragraph::new(lines)
        .scroll((top as u16, 0))
        .render(area, buf);
    if hidden > 0 {
        let key = app.key_of(Context::Board, Action::DetailDown);
        let text = format!("{} more · {key}", count(hidden, "line"));
        pane::more(&text, area, theme, buf);
    }
}

/// How far it can be scrolled.
pub(crate) fn last_scroll(app: &App) -> usize {
    let body = layout::shell(app, layout::whole(app)).body;
    let (_, rect) = crate::tui::screens::catalog::layout::board_places(body, app.look.panes);
    let area = pane::inner(rect);
    let n_lines = lines(app, &app.look.theme.theme(), usize::from(area.width)).len();
    n_lines.saturating_sub(usize::from(area.height))
}

fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let tab = &app.catalog.board;
    if tab.shown().len() == 0 {
        return Vec::new();
    }
    let side = SidePage { theme, width };
    let sums = tab.sums();
    let mut lines = side.totals(tab.shown().len(), &sums);
    lines.extend(side.spread(&sums));
    lines.push(Line::default());
    lines.extend(side.causes("mostly", &sums.all));
    lines.push(Line::default());
    lines.extend(side.parts(app, &sums));
    if let Some(row) = tab.selected_row() {
        lines.push(Line::default());
        lines.extend(side.row(app, row));
    }
    lines
}

struct SidePage<'a> {
    theme: &'a Theme,
    width: usize,
}

impl SidePage<'_> {
    fn prose(&self, text: &str) -> Vec<Line<'static>> {
        let wrapped = wrap(text, self.width).into_iter();
        let line = |text| Line::styled(text, self.theme.text());
        wrapped.map(line).collect()
    }

    fn totals(&self, n_rows: usize, sums: &BoardSums) -> Vec<Line<'static>> {
        let stats = &sums.all.stats;
        let figure = |value: Option<f64>, written: &dyn Fn(f64) -> String| {
            value.map_or("—".to_string(), written)
        };
        let share = |share: f64| format!("{:.0}%", share * 100.0);
        let acceptance = stats.fates.acceptance();
        let mut text = format!(
            "{}, {} in {}: MAL {}, {} of the drafts taken, hits in {} of the steps",
            count(n_rows, "run"),
            count(stats.tokens, "token"),
            count(stats.steps, "step"),
            figure(stats.mal(), &|mal| format!("{mal:.2}")),
            figure(acceptance, &share),
            figure(stats.hit_rate(), &share),
        );
        if sums.n_undrafted > 0 {
            let n = sums.n_undrafted;
            text.push_str(&format!("; {n} without drafts left out"));
        }
        self.prose(&text)
    }

    /// A histogram of the figure that the rows are sorted by.
    fn spread(&self, sums: &BoardSums) -> Vec<Line<'static>> {
        let Some((column, spread)) = &sums.spread else {
            return Vec::new();
        };
        let is_roomy = self.width >= ROOMY;
        let merged = spread.buckets.chunks(if is_roomy { 1 } else { 2 });
        let buckets: Vec<usize> = merged.map(|some| some.iter().sum()).collect();
        let most = buckets.iter().copied().max().unwrap_or(1).max(1);
        let levels = buckets.iter();
        let levels: String = levels
            .map(|&n| bars::level(n as f64 / most as f64))
            .collect();
        let written = |figure| column.written(figure);
        let histogram = [
            Span::styled(format!("{} ", written(spread.least)), self.theme.text()),
            Span::styled(levels, self.theme.gauge()),
            Span::styled(format!(" {}", written(spread.most)), self.theme.text()),
        ];
        let label = Span::styled(
            pad(&format!("{} by row", column.head()), LABEL),
            self.theme.dim(),
        );
        let (mean, median) = (written(spread.mean), written(spread.median));
        let means = format!("mean {mean}, median {median}");
        let means = Span::styled(fit(&means, self.width), self.theme.dim());
        match is_roomy {
            true => vec![
                std::iter::once(label).chain(histogram).collect(),
                Line::from(vec![Span::raw(pad("", LABEL)), means]),
            ],
            false => vec![
                Line::from(label),
                histogram.into_iter().collect(),
                Line::from(means),
            ],
        }
    }

    /// Shares of the causes, with bars where there is room.
    fn causes(&self, head: &str, why: &WhyLow) -> Vec<Line<'static>> {
        let mut lines = vec![Line::styled(head.to_string(), self.theme.accent())];
        let room = self.width.saturating_sub(LABEL + FIGURE + 1);
        let room = if room < LEAST_BAR { 0 } else { room };
        let tenths = why.tenths();
        for kind in why.kinds() {
            let share = tenths[kind as usize];
            let figure = percent_of_tenths(share);
            lines.push(Line::from(vec![
                Span::styled(pad(kind.title(), LABEL), self.theme.dim()),
                Span::styled(format!("{figure:>FIGURE$} "), self.theme.text()),
                Span::styled(
                    bars::across(share as f64 / 1000.0, room.min(24)),
                    self.theme.gauge(),
                ),
            ]));
        }
        lines
    }

    fn parts(&self, app: &App, sums: &BoardSums) -> Vec<Line<'static>> {
        let by = app.catalog.board.by;
        let n_figures = if self.width >= ROOMY { PARTS.len() } else { 2 };
        let shown = &PARTS[..n_figures];
        let heads: String = shown
            .iter()
            .map(|column| format!("{:>FIGURE$}", column.head()))
            .collect();
        let label = self.width.saturating_sub(n_figures * FIGURE);
        let label = label.min(LABEL + 14);
        let key = key_of(app, BoardAction::Breakdown);
        let title = pad(&fit(&format!("by {} · {key}", by.name()), label), label);
        let mut lines = vec![Line::from(vec![
            Span::styled(title, self.theme.accent()),
            Span::styled(heads, self.theme.dim()),
        ])];
        let n = sums.parts.len();
        for (name, tally) in sums.parts.iter().take(MOST_PARTS) {
            lines.push(Line::from(vec![
                Span::styled(
                    pad(&fit(name, label.saturating_sub(1)), label),
                    self.theme.dim(),
                ),
                Span::styled(figures(tally, shown), self.theme.text()),
            ]));
        }
        if n > MOST_PARTS {
            let text = format!("{} more", n - MOST_PARTS);
            lines.push(Line::styled(text, self.theme.dim()));
        }
        lines
    }

    /// The row selected: its settings, its causes, and what would help most.
    fn row(&self, app: &App, row: &BoardRow) -> Vec<Line<'static>> {
        let title = fit(&row.subject.title, self.width);
        let mut lines = vec![Line::styled(title, self.theme.title(false))];
        let end = if row.is_whole { "" } else { " · cut off" };
        lines.extend(self.prose(&format!("{}{end}", row.settings)));
        if !row.drafts {
            return lines;
        }
        lines.extend(self.causes("its steps", &row.why));
        if let Some(main) = row.main() {
            let lever = row.why.lever(main);
            let brings = lever.brings.map(|b| format!(": {}", b.in_words()));
            lines.extend(self.prose(&format!(
                "lever: {}{}",
                lever.text,
                brings.unwrap_or_default()
            )));
        }
        if let Some(step) = row.look_at {
            let key = app.key_of(Context::Board, Action::Submit);
            let text = format!("{key} opens it at step {}.", step + 1);
            lines.push(Line::styled(fit(&text, self.width), self.theme.dim()));
        }
        lines
    }
}

fn figures(tally: &StepTally, columns: &[BoardColumn]) -> String {
    let cell = |column: &BoardColumn| {
        let figure = column.of_tally(tally);
        let text = figure.map_or("—".into(), |figure| column.written(figure));
        format!("{text:>FIGURE$}")
    };
    columns.iter().map(cell).collect()
}
