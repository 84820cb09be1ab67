//! How fast the run was, beside the runs it was measured against, with the interval
//! of its speed-up. What is estimated says so, and no relaxed speed-up stands without
//! strict, agreement and repetition beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::describe;
use crate::present::mark::Mark;
use crate::present::number::{NOT_RECORDED, count, percent, three};
use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::speculate::TokenId;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::speed_up::SpeedUp;
use crate::speculate::stats::Stats;
use crate::speculate::verify::Fate;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::runs::reference::{References, Way};
use crate::tui::runs::run::Run;
use crate::tui::screens::decode::panes::{quality, speed_charts};
use crate::tui::shell::header;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::{placeholder, put, split_rows};

const LABEL: usize = 10;
/// Of the details below or beside the table.
const WIDE_LABEL: usize = 11;
const COLUMN: usize = 8;
const TABLE_ROWS: u16 = 6;
const TABLE_WIDTH: u16 = (LABEL + 3 * COLUMN) as u16;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some(run), Some(record)) = (app.run(), app.known().filter(|r| r.stats.steps > 0)) else {
        let text = "The speed-up is measured: against the same prompt decoded without drafts.";
        return placeholder(text, area, theme, buf);
    };
    let table = Table {
        columns: columns(app.measured_run(), &record),
        theme,
    };
    table.render(area, buf);
    if app.measured_run().is_some() {
        progress(app, run, theme, area, buf);
    }
    let columns = Layout::horizontal([Constraint::Length(TABLE_WIDTH), Constraint::Fill(1)]);
    let [_, rest] = match area.width >= TABLE_WIDTH * 2 - 4 {
        true => columns.spacing(3).areas(area),
        false => split_rows(area, TABLE_ROWS),
    };
    speed_charts::render(&record, theme, area, buf);
    let quality = quality::line(app, &record, WIDE_LABEL, theme);
    let speed_up = app.measured_run().and_then(Run::speed_up);
    details(speed_up, &record, quality, theme, rest, buf);
}

/// Whether strict was checked against the autoregressive text, and holds.
pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let (Some(run), Some(record)) = (app.measured_run(), app.record()) else {
        return Vec::new();
    };
    let refs = &run.references;
    let strict = match record.rule_throughout() {
        Some(AcceptanceRule::Strict) => refs.comparison(&record.ids),
        _ => refs
            .of(AcceptanceRule::Strict)
            .and_then(|m| refs.comparison(&m.ids)),
    };
    let line = match strict.map(|c| c.first_difference) {
        None => return Vec::new(),
        Some(None) => Line::styled("✓ strict = AR", theme.good()),
        Some(Some(at)) => Line::styled(format!("✗ strict ≠ AR at {at}"), theme.error()),
    };
    vec![line]
}

/// One run of the table.
struct Column<'a> {
    name: &'static str,
    stats: &'a Stats,
    /// Over all pairs, where there are any.
    tokens_per_s: Option<f64>,
    repetition: f64,
    speed_up: Option<SpeedUp>,
    same: Option<String>,
}

/// The run, and what it was measured against; `None`: a step is walked, before which nothing
/// of this was known.
fn columns<'a>(measured: Option<&'a Run>, record: &'a Record) -> Vec<Column<'a>> {
    let own = record.rule_throughout();
    let mut columns = vec![Column {
        name: own.map_or_else(|| mixed(record), name),
        stats: &record.stats,
        tokens_per_s: record.stats.tokens_per_s(),
        repetition: record.repetition,
        speed_up: None,
        same: None,
    }];
    let Some(run) = measured else { return columns };
    let refs = &run.references;
    let own_way = own.map_or(Way::Own, Way::of);
    columns[0].tokens_per_s = refs.tokens_per_s(own_way).or(columns[0].tokens_per_s);
    columns[0].speed_up = run.speed_up();
    columns[0].same = same(refs, &record.ids, own);
    for verify in [AcceptanceRule::Strict, AcceptanceRule::Autoregressive] {
        if let Some(measured) = refs.of(verify).filter(|_| own != Some(verify)) {
            columns.push(Column {
                name: name(verify),
                stats: &measured.stats,
                tokens_per_s: refs
                    .tokens_per_s(Way::of(verify))
                    .or(measured.stats.tokens_per_s()),
                repetition: measured.repetition,
                speed_up: refs.speed_up(Way::of(verify), &measured.stats),
                same: same(refs, &measured.ids, Some(verify)),
            });
        }
    }
    columns
}

/// A run whose rule changed on the way; its numbers may have changed only.
fn mixed(record: &Record) -> &'static str {
    let trace = &record.trace;
    let first = trace.header.params.verify;
    let later = trace.steps.iter().filter_map(|s| s.params);
    let alike = later.map(|p| p.verify.name()).all(|n| n == first.name());
    if alike { name(first) } else { "mixed" }
}

fn name(verify: AcceptanceRule) -> &'static str {
    match verify {
        AcceptanceRule::Autoregressive => "AR",
        AcceptanceRule::Strict => "strict",
        lossy => lossy.name(),
    }
}

/// How much of the text is the autoregressive one's.
fn same(refs: &References, ids: &[TokenId], own: Option<AcceptanceRule>) -> Option<String> {
    let comparison = refs.comparison(ids)?;
    Some(match (own, comparison.first_difference) {
        (Some(AcceptanceRule::Autoregressive), _) => "—".into(),
        (_, None) => "✓ 100%".into(),
        (Some(AcceptanceRule::Strict), Some(at)) => format!("✗ at {at}"),
        (_, Some(_)) => percent(refs.in_common(ids)?),
    })
}

/// Not a `Table`: a figure that is too wide pushes the next one, it is not cut.
struct Table<'a> {
    columns: Vec<Column<'a>>,
    theme: &'a Theme,
}

impl Table<'_> {
    fn render(&self, area: Rect, buf: &mut Buffer) {
        let measured = self.columns.iter().any(|c| c.speed_up.is_some());
        let per_s = |c: &Column<'_>| c.tokens_per_s.map(three);
        let mal = |c: &Column<'_>| c.stats.mal().map(|m| format!("{m:.2}"));
        let repeats = |c: &Column<'_>| Some(percent(c.repetition));
        self.row(buf, area, 0, "", &|c| Some(c.name.to_string()));
        self.row(buf, area, 1, "tokens/s", &per_s);
        if measured {
            let speed_up = |c: &Column<'_>| c.speed_up.map(|s| format!("{}×", three(s.median)));
            self.row(buf, area, 2, "speed-up", &speed_up);
        }
        self.row(buf, area, 3, "MAL", &mal);
        self.row(buf, area, 4, "in common", &|c| c.same.clone());
        self.row(buf, area, 5, "repeated", &repeats);
    }

    fn row(
        &self,
        buf: &mut Buffer,
        area: Rect,
        row: u16,
        label: &str,
        value: &dyn Fn(&Column<'_>) -> Option<String>,
    ) {
        let mut line = Line::from(Span::styled(format!("{label:<LABEL$}"), self.theme.dim()));
        for (i, column) in self.columns.iter().enumerate() {
            let text = value(column).unwrap_or_else(|| "—".into());
            let style = match (i, row) {
                (_, 0) => self.theme.dim(),
                (0, _) => self.theme.strong(),
                _ => self.theme.text(),
            };
            line.push_span(Span::styled(format!("{text:>COLUMN$}"), style));
        }
        put(buf, area, row, &line);
    }
}

/// In the place of the speed-up that is not measured yet: how to measure it.
fn progress(app: &App, run: &Run, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let refs = &run.references;
    if run.recording().is_some() {
        let line = Line::styled("speed-up  not part of a recording", theme.dim());
        return put(buf, area, 2, &line);
    }
    let line = match &refs.under_way {
        Some((_, way, measured)) => {
            let way = match way {
                Way::Own => "this run",
                Way::Autoregressive => "AR",
                Way::Strict => "strict",
            };
            let of = format!(
                "pair {}: {way}, {} tokens",
                refs.n_pairs() + 1,
                measured.stats.tokens
            );
            Line::from(vec![
                Span::styled(format!("{:<LABEL$}", "measuring"), theme.dim()),
                Span::styled(format!(" {} ", header::spinner(app)), theme.accent()),
                Span::styled(of, theme.text()),
            ])
        }
        None if !refs.wanted.is_empty() => Line::styled("measured when this run ends", theme.dim()),
        None if refs.of(AcceptanceRule::Autoregressive).is_none() => Line::from(vec![
            Span::styled(format!("{:<LABEL$}", "speed-up"), theme.dim()),
            Span::styled(
                format!(" {}", app.key_of(Context::Decode, Action::Reference)),
                theme.accent(),
            ),
            Span::styled(" measures it", theme.dim()),
        ]),
        None => return,
    };
    put(buf, area, 2, &line);
}

/// The penalty behind the repetition, time saved, milliseconds by part, drafts by
/// fate, acceptance by depth.
fn details(
    speed_up: Option<SpeedUp>,
    record: &Record,
    quality: Line<'static>,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let stats = &record.stats;
    let penalty = describe::penalty(&record.trace.header);
    let saved = speed_up.map(|s| 1.0 - 1.0 / s.median);
    let saved = saved.map_or("—".into(), percent);
    let lines = [
        interval(record, speed_up, theme),
        plain("time saved", format!("{saved} · penalty {penalty}"), theme),
        times(stats, theme),
        fates(stats, theme),
        depths(stats, theme, area.width),
        quality,
    ];
    Paragraph::new(Text::from_iter(lines)).render(area, buf);
}

/// Between what the speed-up lies, and what the cost profile says of these steps.
fn interval(record: &Record, measured: Option<SpeedUp>, theme: &Theme) -> Line<'static> {
    let by_profile = record.why.by_profile().map(|by| format!("est. {by:.2}×"));
    let Some(SpeedUp {
        low, high, pairs, ..
    }) = measured
    else {
        let text = by_profile.unwrap_or_else(|| "— (no cost profile)".into());
        return plain("by profile", text, theme);
    };
    let by_profile = by_profile.map(|by| format!(" · {by}"));
    let between = match pairs {
        1 => "no interval".to_string(),
        _ => format!("{low:.2}–{high:.2}×"),
    };
    let between = between + &by_profile.unwrap_or_default();
    plain(&count(pairs, "pair"), between, theme)
}

fn plain(label: &str, value: String, theme: &Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{label:<WIDE_LABEL$}"), theme.dim()),
        Span::styled(value, theme.text()),
    ])
}

fn times(stats: &Stats, theme: &Theme) -> Line<'static> {
    let Some(mean) = stats.mean_timing() else {
        return plain("ms/step", NOT_RECORDED.into(), theme);
    };
    let other = mean.total() - mean.forward;
    Line::from(vec![
        Span::styled(format!("{:<WIDE_LABEL$}", "ms/step"), theme.dim()),
        Span::styled(three(mean.total()), theme.strong()),
        Span::styled(
            format!("  model {} + {other:.1}", three(mean.forward)),
            theme.text(),
        ),
    ])
}

fn fates(stats: &Stats, theme: &Theme) -> Line<'static> {
    let f = &stats.fates;
    let mut line = Line::from(vec![
        Span::styled(format!("{:<WIDE_LABEL$}", "drafted"), theme.dim()),
        Span::styled(format!("{}", f.drafted()), theme.strong()),
    ]);
    let counts = [
        (Fate::Accepted, f.accepted),
        (Fate::Relaxed, f.relaxed),
        (Fate::Rejected, f.rejected),
        (Fate::Lost, f.lost),
        (Fate::Unreached, f.unreached),
    ];
    for (fate, n) in counts {
        let mark = Mark::Fate(fate);
        line.push_span(Span::styled(
            format!(" {}{n}", mark.glyph()),
            theme.mark(mark),
        ));
    }
    line
}

/// Accepted at a depth, given that everything before was.
fn depths(stats: &Stats, theme: &Theme, width: u16) -> Line<'static> {
    let share = |&(taken, tried): &(usize, usize)| taken as f64 / tried.max(1) as f64;
    let room = usize::from(width).saturating_sub(WIDE_LABEL + 10);
    let shares: Vec<f64> = stats.by_depth.iter().take(room).map(share).collect();
    let curve: String = shares.iter().map(|&s| bars::level(s)).collect();
    let mut line = Line::from(Span::styled(
        format!("{:<WIDE_LABEL$}", "by depth"),
        theme.dim(),
    ));
    if let (Some(&first), Some(&last)) = (shares.first(), shares.last()) {
        line.push_span(Span::styled(format!("{} ", percent(first)), theme.text()));
        line.push_span(Span::styled(curve, theme.good()));
        line.push_span(Span::styled(format!(" {}", percent(last)), theme.text()));
    }
    line
}
