//! Below the compared texts: whether strict decoding was checked to be lossless,
//! where the texts diverge and why, which run is slower and why, both runs' figures, and
//! the race.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::{NOT_RECORDED, UNKNOWN, count};
use crate::present::parting;
use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::present::token_text::columns;
use crate::speculate::compare::{Lossless, Names, Side, Slower, first_words, machine, profile};
use crate::tui::action::{Action, CompareAction};
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::runs::reference::Way;
use crate::tui::screens::compare::state::{Choice, Comparison};
use crate::tui::screens::compare::table::{self, letter};
use crate::tui::widgets::bars;
use crate::tui::widgets::paragraph::wrap;

/// How the table of figures lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableForm {
    /// A run a row.
    Across,
    /// A run a column.
    Upright,
}

/// How many rows there are to say, in so much room.
pub(crate) fn n_rows(app: &App, width: u16, room: u16) -> u16 {
    let lines = lines(
        app,
        TableForm::Across,
        &app.look.theme.theme(),
        (usize::from(width), usize::from(room)),
    );
    lines.len() as u16
}

pub(crate) fn render(app: &App, form: TableForm, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let size = (usize::from(area.width), usize::from(area.height));
    Paragraph::new(lines(app, form, theme, size)).render(area, buf);
}

/// Causes first, then figures; where room is short, without air and without what the
/// sentences have said.
fn lines(
    app: &App,
    form: TableForm,
    theme: &Theme,
    (width, room): (usize, usize),
) -> Vec<Line<'static>> {
    let said = |text: String| -> Vec<Line<'static>> {
        let rows = wrap(&text, width).into_iter().filter(|t| !t.is_empty());
        rows.map(|t| Line::styled(t, theme.text())).collect()
    };
    let badge = match form {
        TableForm::Across => vec![badge(app, theme)],
        TableForm::Upright => said(badge(app, theme).to_string()),
    };
    let causes = [badge, said(parted(app))].concat();
    let headers = headers(app, width, theme);
    let slower = said(slower(app));
    let paces = timed(app).map(|(slower, _)| slower.paces);
    let figures = match form {
        TableForm::Across => table::across(app, width, paces, theme),
        TableForm::Upright => table::upright(app, width, paces, theme),
    };
    let figures = [figures, machines(app, width, theme)].concat();
    let race = race(app, width, theme);
    let sizes = [&causes, &headers, &slower, &figures, &race].map(Vec::len);
    let n = sizes.iter().sum::<usize>();
    let air = match n + 2 <= room {
        true => vec![Line::default()],
        false => Vec::new(),
    };
    let headers_left_out = headers.len();
    let headers = if n > room { Vec::new() } else { headers };
    // Two full bars say less than the reasons.
    let is_over = app.compare.clock().is_none();
    let missing = if is_over { n.saturating_sub(room) } else { 0 };
    let race = match missing {
        0 => race,
        few if few <= 2 + headers_left_out => race[race.len().saturating_sub(1)..].to_vec(),
        _ => Vec::new(),
    };
    let said = [causes, headers, slower].concat();
    let n_said = room
        .saturating_sub(figures.len() + race.len())
        .min(said.len());
    let said = said[..n_said].to_vec();
    [said, air.clone(), figures, air, race].concat()
}

/// Checked, not assumed.
fn badge(app: &App, theme: &Theme) -> Line<'static> {
    let busy =
        app.compare.left.is_some() && app.session.runs.iter().any(|r| r.references.is_busy());
    let check = app.key_of(Context::Compare, Action::Reference);
    let (text, style) = match &app.compare.lossless {
        Some(Lossless::Holds { n_tokens }) => (
            format!("✓ strict == autoregressive: both were run, all {n_tokens} tokens are equal"),
            theme.good(),
        ),
        Some(Lossless::Broken(at)) => (
            format!(
                "✗ strict ≠ autoregressive after {} equal tokens: {}",
                at.at,
                first_words(&at.cause)
            ),
            theme.error(),
        ),
        Some(Lossless::NotComparable(why)) => (
            format!("– not checked: {why}; {check} runs the check"),
            theme.warning(),
        ),
        None if busy => (
            "… running strict and autoregressive decoding".to_string(),
            theme.warning(),
        ),
        None => (
            format!("– not checked: {check} runs the prompt strictly and autoregressively"),
            theme.warning(),
        ),
    };
    labelled("lossless", text, style, theme)
}

/// Both runs, and what was worked out of them.
fn compared(app: &App) -> Option<(&Comparison, [&Record; 2])> {
    let runs = [app.compared(Side::Left)?, app.compared(Side::Right)?];
    Some((app.compare.comparison.as_ref()?, runs))
}

/// Where the texts diverge and why, in a sentence.
fn parted(app: &App) -> String {
    let Some((comparison, runs)) = compared(app) else {
        return String::new();
    };
    parting::parting(runs, comparison.divergence.as_ref())
}

/// What decides a run and is not the same in both.
fn headers(app: &App, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(comparison) = &app.compare.comparison else {
        return Vec::new();
    };
    let text = match comparison.headers.as_str() {
        "" => "nothing that affects a run",
        some => some,
    };
    let mut lines = wrap(&format!("differ in {text}"), width).into_iter();
    let first = lines.next().unwrap_or_default();
    let first = first.trim_start_matches("differ in ").to_string();
    let mut told = vec![labelled("differ in", first, theme.text(), theme)];
    told.extend(lines.map(|text| Line::styled(text, theme.text())));
    told
}

/// Which one is slower and why, in a sentence.
fn slower(app: &App) -> String {
    let Some((comparison, [a, b])) = compared(app) else {
        return String::new();
    };
    let names = Names {
        runs: ["A", "B"],
        token: &|_, _| String::new(),
    };
    let headers = [&a.trace.header, &b.trace.header];
    let Some(slower) = &comparison.slower else {
        return String::new();
    };
    match timed(app) {
        Some((slower, pairs)) => format!(
            "{} Measured over {}.",
            slower.in_words(headers, &names),
            count(pairs, "pair")
        ),
        None => slower.in_words(headers, &names),
    }
}

/// Where both were measured in pairs, their times there, and how many pairs there were:
/// the same that the speed-up is of.
fn timed(app: &App) -> Option<(Slower, usize)> {
    let choices = [
        app.compare.choice(Side::Left)?,
        app.compare.choice(Side::Right)?,
    ];
    let run = app.run_of(choices[0].run())?;
    if choices[1].run() != run.id {
        return None;
    }
    let way = |choice: Choice| match choice {
        Choice::Run(_) => run.own_way(),
        Choice::Reference { verify, .. } => Way::of(verify),
    };
    let [left, right] = choices.map(|choice| run.references.tokens_per_s(way(choice)));
    let slower = app.compare.comparison.as_ref()?.slower.as_ref()?;
    let slower = slower.timed([1000.0 / left?, 1000.0 / right?]);
    Some((slower, run.references.n_pairs()))
}

/// What both ran on, and the profiles that their budgets went by.
fn machines(app: &App, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (Some(a), Some(b)) = (app.compared(Side::Left), app.compared(Side::Right)) else {
        return Vec::new();
    };
    let headers = [&a.trace.header, &b.trace.header];
    let both = |label: &str, [a, b]: [String; 2]| match a == b {
        true => format!("{label} both {a}"),
        false => format!("{label} A {a} | B {b}"),
    };
    let machine = both("machine", headers.map(machine));
    let profile = both("profile", headers.map(profile));
    let line = format!("{machine} · {profile}");
    let texts = match columns(&line) <= width {
        true => vec![line],
        false => vec![machine, profile],
    };
    let lines = texts.iter().flat_map(|text| wrap(text, width));
    lines.map(|text| Line::styled(text, theme.dim())).collect()
}

/// A bar each, by the clock, and who is ahead.
fn race(app: &App, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(comparison) = &app.compare.comparison else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for side in [Side::Left, Side::Right] {
        let (ms, n) = (comparison.ms(side), side.of(comparison.n_tokens));
        let shown = app.compare.n_shown(side);
        let spent = ms.map(|ms| app.compare.clock().map_or(ms, |clock| clock.min(ms)));
        let spent = spent.map_or(UNKNOWN.into(), |ms| format!("{:.2}", ms / 1000.0));
        let figures = format!(" {shown:>4} of {n} tokens {spent:>7} s");
        let room = width.saturating_sub(columns(&figures) + 2);
        let (full, rest) = bars::progress(shown as f64 / n.max(1) as f64, room);
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", letter(side)), theme.strong()),
            Span::styled(full, theme.gauge()),
            Span::styled(rest, theme.track()),
            Span::styled(figures, theme.text()),
        ]));
    }
    lines.push(Line::styled(ahead(app), theme.dim()));
    lines
}

fn ahead(app: &App) -> String {
    let Some(comparison) = &app.compare.comparison else {
        return String::new();
    };
    let pace = app.compare.pace.factor();
    let race = app.key_of(Context::Compare, Action::PlayPause);
    if app.compare.clock().is_some() {
        let (a, b) = (
            app.compare.n_shown(Side::Left),
            app.compare.n_shown(Side::Right),
        );
        let who = match a.cmp(&b) {
            std::cmp::Ordering::Equal => "level".to_string(),
            std::cmp::Ordering::Greater => format!("A is {} ahead", count(a - b, "token")),
            std::cmp::Ordering::Less => format!("B is {} ahead", count(b - a, "token")),
        };
        let restart = app.key_of(Context::Compare, Action::Compare(CompareAction::Restart));
        return format!("{who} · clock at {pace}× · {race} pauses, {restart} starts over");
    }
    let (Some(a), Some(b)) = (comparison.ms(Side::Left), comparison.ms(Side::Right)) else {
        return format!("no race: the times of a run are {NOT_RECORDED}");
    };
    let lead = (a - b).abs() / 1000.0;
    let (first, other) = if a <= b { ("A", "B") } else { ("B", "A") };
    format!(
        "{first} finished {lead:.2} s before {other} · {race} races both on one clock at {pace}×"
    )
}

/// A label in front of a text, for the lower pane.
pub(crate) fn labelled(label: &str, text: String, style: Style, theme: &Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{label} "), theme.dim()),
        Span::styled(text, style),
    ])
}
