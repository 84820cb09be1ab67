//! Below the compared texts: whether strict decoding was checked to be lossless,
//! where the texts part and why, both runs' figures, and the race.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::bars;
use super::compare::{labelled, name_of};
use super::number::{count, percent, prob, three};
use super::pane::put;
use crate::speculate::compare::{Cause, Divergence, Lossless, Margin, Side, Taken};
use crate::speculate::params::Verify;
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;
use crate::tui::action::{Action, CompareAction};
use crate::tui::keys::Context;
use crate::tui::paragraph::wrap;
use crate::tui::state::app::App;
use crate::tui::state::record::Record;
use crate::tui::theme::Theme;
use crate::tui::token_text::{fit, pad};

const ROOMY_ROWS: u16 = 12;
/// For where the texts part and why.
const PARTING_ROWS: usize = 2;
/// Heads of the figures and their widths.
const HEADS: [(&str, usize); 8] = [
    ("tokens", 7),
    ("steps", 6),
    ("MAL", 6),
    ("tok/s", 7),
    ("speed-up", 9),
    ("repeated", 9),
    ("log p", 7),
    ("in common", 10),
];

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let roomy = area.height >= ROOMY_ROWS;
    let mut lines = vec![badge(app, theme)];
    let width = usize::from(area.width);
    let parts = parting(app);
    let wrapped = wrap(&parts, width);
    let is_cut = wrapped.len() > PARTING_ROWS;
    for (i, text) in wrapped.into_iter().take(PARTING_ROWS).enumerate() {
        let text = match is_cut && i + 1 == PARTING_ROWS {
            true => fit(&format!("{text} …"), width),
            false => text,
        };
        lines.push(Line::styled(text, theme.text()));
    }
    if roomy {
        lines.push(Line::default());
    }
    lines.extend(figures(app, width, theme));
    if roomy {
        lines.push(Line::default());
    }
    lines.extend(race(app, width, theme));
    for (row, line) in lines.iter().enumerate() {
        put(buf, area, row as u16, line);
    }
}

/// Checked, not assumed.
fn badge(app: &App, theme: &Theme) -> Line<'static> {
    let busy = app.compare.left.is_some() && app.runs.iter().any(|r| r.references.is_busy());
    let check = app.key_of(Context::Compare, Action::Reference);
    let (text, style) = match &app.compare.lossless {
        Some(Lossless::Holds { n_tokens }) => (
            format!("✓ strict == autoregressive: both were run, {n_tokens} tokens are equal"),
            theme.good(),
        ),
        Some(Lossless::Broken(at)) => (
            format!(
                "✗ strict ≠ autoregressive after {} equal tokens: {}",
                at.at,
                short_cause(&at.cause)
            ),
            theme.error(),
        ),
        Some(Lossless::NotComparable(why)) => (
            format!("– not checked: {why}; {check} checks"),
            theme.warning(),
        ),
        None if busy => (
            "… the reference runs are being made".to_string(),
            theme.warning(),
        ),
        None => (
            format!("– not checked: {check} runs the prompt strictly and autoregressively"),
            theme.warning(),
        ),
    };
    labelled("lossless", text, style, theme)
}

fn short_cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::Prompt => "other prompts",
        Cause::Model => "other models",
        Cause::Relaxed { .. } => "relaxed",
        Cause::Branched { .. } => "a branch",
        Cause::Parameters(_) => "other parameters",
        Cause::Numeric { .. } => "numeric",
        Cause::Ended { .. } => "one ended",
        Cause::Unexplained => "unexplained",
    }
}

/// Where the texts part and why, in a sentence.
fn parting(app: &App) -> String {
    let (Some(comparison), Some(a), Some(b)) = (
        &app.compare.comparison,
        app.compared(Side::Left),
        app.compared(Side::Right),
    ) else {
        return String::new();
    };
    let Some(divergence) = &comparison.divergence else {
        let is_whole = |r: &Record| r.trace.end.is_some();
        return match is_whole(a) && is_whole(b) {
            true => format!("The texts are equal: {} tokens.", a.ids.len()),
            false => format!("Equal so far: {} tokens.", a.ids.len().min(b.ids.len())),
        };
    };
    let token = |r: &Record, c: Option<Taken>| c.map_or("its end".into(), |c| r.quoted(c.token));
    let (left, right) = (token(a, divergence.left), token(b, divergence.right));
    format!(
        "They part after {}: A {left}, B {right}. {}",
        count(divergence.at, "equal token"),
        why(divergence)
    )
}

fn why(divergence: &Divergence) -> String {
    match &divergence.cause {
        Cause::Prompt => "The prompts differ.".into(),
        Cause::Model => "The models differ.".into(),
        Cause::Relaxed {
            side,
            step,
            p,
            argmax_p,
        } => {
            let name = letter(*side);
            let p = p.map_or_else(String::new, |p| format!(" with p {}", prob(p)));
            format!(
                "Relaxed at step {} of {name}: taken{p}, the model's first choice had {}.",
                step + 1,
                prob(*argmax_p)
            )
        }
        Cause::Parameters(names) => format!("Other parameters: {}.", names.join(", ")),
        Cause::Numeric { left, right } => format!(
            "Numeric: near-equal, each its run's first choice. {} {}",
            margin("A", left),
            margin("B", right)
        ),
        Cause::Ended { side, finish } => {
            let why = match finish {
                Some(Finish::Eos) => "by itself",
                Some(Finish::Length) => "at its token limit",
                Some(Finish::Context) => "at the context's end",
                Some(Finish::Cancelled) => "because it was stopped",
                None => "there",
            };
            format!("{} ended {why}; up to there they are equal.", letter(*side))
        }
        Cause::Branched { side, is_forced } => match is_forced {
            true => format!(
                "{} is a branch on which this token was forced.",
                letter(*side)
            ),
            false => format!(
                "{} is a branch that took it over from its run.",
                letter(*side)
            ),
        },
        Cause::Unexplained => "It is neither the rule's doing nor the model's choice.".into(),
    }
}

fn letter(side: Side) -> &'static str {
    match side {
        Side::Left => "A",
        Side::Right => "B",
    }
}

fn margin(name: &str, margin: &Margin) -> String {
    match (margin.other_p, margin.in_logits()) {
        (Some(other), Some(logits)) => format!(
            "{name}: p {:.4} over {other:.4}, logits {logits:.4} apart.",
            margin.p
        ),
        _ => format!(
            "{name}: p {:.4}, the other is not in its top ten.",
            margin.p
        ),
    }
}

/// A row of figures each.
fn figures(app: &App, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let used: usize = HEADS.iter().map(|h| h.1).sum();
    let name = width.saturating_sub(used);
    let mut heads = " ".repeat(name);
    for (head, width) in HEADS {
        heads.push_str(&format!("{head:>width$}"));
    }
    let mut lines = vec![Line::styled(heads, theme.dim())];
    for side in [Side::Left, Side::Right] {
        let (Some(choice), Some(record)) = (app.compare.choice(side), app.compared(side)) else {
            continue;
        };
        let label = format!("{} {}", letter(side), name_of(app, choice));
        let mut line = Line::from(Span::styled(
            pad(&fit(&label, name.saturating_sub(1)), name),
            theme.strong(),
        ));
        let values = values(app, side, record);
        for (value, (_, width)) in values.iter().zip(HEADS) {
            line.push_span(Span::styled(format!("{value:>width$}"), theme.text()));
        }
        lines.push(line);
    }
    lines
}

fn values(app: &App, side: Side, record: &Record) -> [String; 8] {
    let dash = || "—".to_string();
    let comparison = app.compare.comparison.as_ref();
    let log_prob = comparison.and_then(|c| match side {
        Side::Left => c.mean_log_prob[0],
        Side::Right => c.mean_log_prob[1],
    });
    let stats = &record.stats;
    [
        stats.tokens.to_string(),
        stats.steps.to_string(),
        stats.mal().map_or_else(dash, three),
        stats.tokens_per_s().map_or_else(dash, three),
        speed_up(app, record).map_or_else(dash, |s| format!("{s:.2}×")),
        percent(record.repetition),
        log_prob.map_or_else(dash, |p| format!("{p:.2}")),
        comparison.map_or_else(dash, |c| percent(c.in_common)),
    ]
}

/// Against an autoregressive run of the same prompt on the same machine.
fn speed_up(app: &App, record: &Record) -> Option<f64> {
    let alike = |t: &Trace| {
        let (a, b) = (&t.header, &record.trace.header);
        a.prompt_ids == b.prompt_ids
            && a.model == b.model
            && (&a.device, a.threads) == (&b.device, b.threads)
    };
    let choices = app.choices().into_iter();
    let mut plain = choices
        .filter_map(|c| app.record_of(c))
        .filter(|r| r.trace.header.params.verify == Verify::Autoregressive && alike(&r.trace));
    let plain = plain.next()?.stats.tokens_per_s()?;
    Some(record.stats.tokens_per_s()? / plain)
}

/// A bar each, by the clock, and who is ahead.
fn race(app: &App, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(comparison) = &app.compare.comparison else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for side in [Side::Left, Side::Right] {
        let (ms, n) = comparison.whole(side);
        let shown = app.compare.n_shown(side);
        let spent = app.compare.clock().map_or(ms, |clock| clock.min(ms));
        let figures = format!(" {shown:>4} of {n} tokens {:>7.2} s", spent / 1000.0);
        let room = width.saturating_sub(figures.len() + 2);
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
            std::cmp::Ordering::Greater => format!("A is {} tokens ahead", a - b),
            std::cmp::Ordering::Less => format!("B is {} tokens ahead", b - a),
        };
        let restart = app.key_of(Context::Compare, Action::Compare(CompareAction::Restart));
        return format!("{who} · the clock goes {pace}× · {race} pauses, {restart} starts over");
    }
    let (a, b) = (comparison.whole(Side::Left), comparison.whole(Side::Right));
    let lead = (a.0 - b.0).abs() / 1000.0;
    let first = if a.0 <= b.0 { "A" } else { "B" };
    format!("{first} was done {lead:.2} s earlier · {race} races them on one clock at {pace}×")
}
