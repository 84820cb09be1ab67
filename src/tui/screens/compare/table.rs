//! Both runs' figures: a row a run, or a column a run where the pane is upright.

use ratatui::text::{Line, Span};

use crate::present::number::{UNKNOWN, percent, three};
use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::present::token_text::pad;
use crate::speculate::compare::{Pace, Side};
use crate::tui::app::App;
use crate::tui::runs::reference::Way;
use crate::tui::screens::compare::state::Choice;
use crate::tui::widgets::paragraph::wrap;

/// Heads of the figures, their widths, and whether they stay where room is short.
const HEADS: [(&str, usize, bool); 11] = [
    ("tokens", 7, false),
    ("steps", 6, false),
    ("MAL", 6, true),
    ("rows", 6, true),
    ("ms/step", 8, true),
    ("tok/s", 7, true),
    ("speed-up", 9, true),
    ("hit steps", 10, true),
    ("repeated", 9, false),
    ("log p", 7, true),
    ("in common", 10, false),
];
/// For the runs' names beside all of the figures.
const NAME_WIDTH: usize = 24;

/// Columns of a head and of a run where a run is a column.
const UPRIGHT: (usize, usize) = (12, 12);

pub(super) fn letter(side: Side) -> &'static str {
    side.of(["A", "B"])
}

/// A row of figures each: lines, not a `Table`, since all that is said is counted first.
pub(super) fn across(
    app: &App,
    width: usize,
    timed: Option<[Pace; 2]>,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let all: usize = HEADS.iter().map(|h| h.1).sum();
    let is_wide = width >= all + NAME_WIDTH;
    let shown = |i: &usize| is_wide || HEADS[*i].2;
    let columns: Vec<usize> = (0..HEADS.len()).filter(shown).collect();
    let used: usize = columns.iter().map(|&i| HEADS[i].1).sum();
    let name = width.saturating_sub(used);
    let mut heads = " ".repeat(name);
    for &i in &columns {
        let (head, width, _) = HEADS[i];
        heads.push_str(&format!("{head:>width$}"));
    }
    let mut lines = vec![Line::styled(heads, theme.dim())];
    for side in [Side::Left, Side::Right] {
        let (Some(choice), Some(record)) = (app.compare.choice(side), app.compared(side)) else {
            continue;
        };
        let label = app.name_beside(side, choice, name.saturating_sub(3));
        let label = format!("{} {label}", letter(side));
        let mut line = Line::from(Span::styled(pad(&label, name), theme.strong()));
        let timed = timed.map(|paces| side.of(paces));
        let values = values(app, (side, choice), record, timed);
        for &i in &columns {
            let (value, width) = (&values[i], HEADS[i].1);
            line.push_span(Span::styled(format!("{value:>width$}"), theme.text()));
        }
        lines.push(line);
    }
    lines
}

/// A column of figures each, below the runs' whole names.
pub(super) fn upright(
    app: &App,
    width: usize,
    timed: Option<[Pace; 2]>,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let (head, column) = UPRIGHT;
    let (mut lines, mut runs) = (Vec::new(), Vec::new());
    for side in [Side::Left, Side::Right] {
        let (Some(choice), Some(record)) = (app.compare.choice(side), app.compared(side)) else {
            continue;
        };
        let name = format!("{} {}", letter(side), app.name_of_choice(choice));
        let rows = wrap(&name, width).into_iter();
        lines.extend(rows.map(|row| Line::styled(row, theme.strong())));
        let timed = timed.map(|paces| side.of(paces));
        runs.push((letter(side), values(app, (side, choice), record, timed)));
    }
    let letters = runs.iter().map(|(letter, _)| format!("{letter:>column$}"));
    let letters = letters.collect::<String>();
    lines.push(Line::default());
    lines.push(Line::styled(format!("{:head$}{letters}", ""), theme.dim()));
    for (i, (name, ..)) in HEADS.iter().enumerate() {
        let values = runs
            .iter()
            .map(|(_, values)| format!("{:>column$}", values[i]));
        lines.push(Line::from(vec![
            Span::styled(format!("{name:<head$}"), theme.dim()),
            Span::styled(values.collect::<String>(), theme.text()),
        ]));
    }
    lines.push(Line::default());
    lines
}

/// `timed`: the pace in pairs, where it was measured so.
fn values(
    app: &App,
    (side, choice): (Side, Choice),
    record: &Record,
    timed: Option<Pace>,
) -> [String; HEADS.len()] {
    let dash = || UNKNOWN.to_string();
    let comparison = app.compare.comparison.as_ref();
    let log_prob = comparison.and_then(|c| side.of(c.mean_log_prob));
    let stats = &record.stats;
    let pace = timed.or_else(|| Pace::of(stats));
    [
        stats.tokens.to_string(),
        stats.steps.to_string(),
        stats.mal().map_or_else(dash, three),
        stats.rows_per_step().map_or_else(dash, three),
        pace.map_or_else(dash, |p| three(p.ms_per_step)),
        pace.map_or_else(dash, |p| three(1000.0 / p.ms_per_token)),
        speed_up(app, choice, record).map_or_else(dash, |s| format!("{s:.2}×")),
        stats.hit_rate().map_or_else(dash, percent),
        percent(record.repetition),
        log_prob.map_or_else(dash, |p| format!("{p:.2}")),
        comparison.map_or_else(dash, |c| percent(c.in_common)),
    ]
}

/// Over autoregressive runs of the prompt, in pairs; as Decode shows it.
fn speed_up(app: &App, choice: Choice, record: &Record) -> Option<f64> {
    let run = app.run_of(choice.run())?;
    let measured = match choice {
        Choice::Run(_) => run.speed_up(),
        Choice::Reference { verify, .. } => run.references.speed_up(Way::of(verify), &record.stats),
    };
    measured.map(|s| s.median)
}
