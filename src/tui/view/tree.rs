//! The draft tree of the step looked at: what was drafted, what became of it, and
//! where it came from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::number::{count, prob};
use super::pane::{placeholder, put};
use crate::speculate::trace::Step;
use crate::tui::state::app::App;
use crate::tui::state::record::{Pick, Record};
use crate::tui::theme::{Emphasis, Mark, Theme};
use crate::tui::token_text::{columns, fit};
use crate::tui::tree_lines::{TreeLine, tree_lines};

/// Columns of probability and rank, and of the origins where there is room.
const FIGURES: usize = 11;
const ORIGINS: usize = 10;
const WIDE_ENOUGH: usize = 44;
/// At least this much of a token is shown, however deep it is.
const TOKEN_ROOM: usize = 12;

pub fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let (Some(step), Some(record)) = (app.step(), app.record()) else {
        return Vec::new();
    };
    let place = format!("step {} of {}", step.index + 1, record.n_steps());
    let drafts = count(step.tree.n_drafts(), "draft");
    let left_out = step.n_offered.saturating_sub(step.tree.n_rows());
    let mut wordings = vec![
        format!("{place} · {drafts}"),
        place,
        format!("{}/{}", step.index + 1, record.n_steps()),
    ];
    if left_out > 0 {
        wordings.insert(
            0,
            format!("{} · {left_out} more not worth a row", wordings[0]),
        );
    }
    let styled = |text| Line::styled(text, theme.dim());
    wordings.into_iter().map(styled).collect()
}

/// Where the lines are drawn: below the root, which stays in sight.
pub fn rows(area: Rect) -> Rect {
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// The first line shown below the root, so that the selected one is in view.
pub fn top_line(app: &App, lines: &[TreeLine], height: usize) -> usize {
    let pick = app.pick();
    let at = lines.iter().position(|l| Some(l.pick) == pick).unwrap_or(0);
    let last = lines.len().saturating_sub(height).max(1);
    (at + 2).saturating_sub(height).clamp(1, last)
}

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some(record), Some(step)) = (app.record(), app.step()) else {
        let text = "Here the draft tree of each step appears: what earlier answers suggest comes next, \
                    and what the model makes of it.";
        return placeholder(text, area, theme, buf);
    };
    let origins = usize::from(area.width) >= WIDE_ENOUGH;
    root(app, record, step, origins, theme, area, buf);
    let lines = tree_lines(step);
    let area = rows(area);
    let height = usize::from(area.height);
    let top = top_line(app, &lines, height);
    for (row, line) in lines.iter().skip(top).take(height).enumerate() {
        let drawn = draw(record, step, line, area.width, origins, theme);
        put(buf, area, row as u16, &drawn);
        if Some(line.pick) == app.pick() {
            select(area, row as u16, theme, buf);
        }
    }
    more_below(lines.len().saturating_sub(top + height), theme, area, buf);
    if step.tree.n_drafts() == 0 && height > lines.len() + 2 {
        let below = Rect {
            y: area.y + lines.len() as u16,
            height: area.height - lines.len() as u16,
            ..area
        };
        placeholder(no_drafts(app, step), below, theme, buf);
    }
}

fn no_drafts(app: &App, step: &Step) -> &'static str {
    if !app.params_in_force().verify.drafts() {
        "Autoregressive: nothing is drafted, every step makes one token."
    } else if step.is_hit() {
        "Drafts were found, but verifying them would have cost more than it saves: a plain step."
    } else {
        "Nothing in the pools continues this text: a plain step, one token."
    }
}

fn more_below(n: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if n > 0 && area.height > 0 {
        let line = Line::styled(format!(" ↓ {n} more "), theme.dim());
        let x = area.x + area.width.saturating_sub(line.width() as u16);
        buf.set_line(x, area.bottom(), &line, area.width);
    }
}

fn select(area: Rect, row: u16, theme: &Theme, buf: &mut Buffer) {
    let place = Rect {
        y: area.y + row,
        height: 1,
        ..area
    };
    buf.set_style(place, theme.emphasis(Emphasis::Selected));
}

/// What the drafts continue, and the heads of the columns.
fn root(
    app: &App,
    record: &Record,
    step: &Step,
    origins: bool,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let figures = if origins {
        format!(
            "{:>5}{:>6} {:<width$}",
            "p",
            "rank",
            "seen in",
            width = ORIGINS - 1
        )
    } else {
        format!("{:>5}{:>6}", "p", "rank")
    };
    let room = usize::from(area.width).saturating_sub(columns(&figures) + 6);
    let token = fit(&record.quoted(step.tree.nodes[0].token), room);
    let gap = " ".repeat(room - columns(&token));
    let line = Line::from(vec![
        Span::styled("after ", theme.dim()),
        Span::styled(token, theme.strong()),
        Span::styled(format!("{gap}{figures}"), theme.dim()),
    ]);
    put(buf, area, 0, &line);
    if app.pick() == Some(Pick::Root) {
        select(area, 0, theme, buf);
    }
}

fn draw(
    record: &Record,
    step: &Step,
    line: &TreeLine,
    width: u16,
    origins: bool,
    theme: &Theme,
) -> Line<'static> {
    let right = FIGURES + if origins { ORIGINS } else { 0 };
    let room = usize::from(width).saturating_sub(right + 1);
    let stem = short_stem(&line.stem, room.saturating_sub(TOKEN_ROOM + 2));
    let mut drawn = Line::from(Span::styled(stem, theme.line()));
    push_token(&mut drawn, record, step, line.pick, room, theme);
    let gap = (room + 1).saturating_sub(drawn.width());
    drawn.push_span(" ".repeat(gap));
    let figures = figures(step, line.pick);
    let style = if line.on_path {
        theme.text()
    } else {
        theme.dim()
    };
    drawn.push_span(Span::styled(figures, style));
    if origins {
        drawn.push_span(Span::styled(
            format!(" {}", fit(&seen_in(step, line.pick), ORIGINS - 1)),
            theme.dim(),
        ));
    }
    drawn
}

/// A stem too deep for the pane keeps its end.
fn short_stem(stem: &str, room: usize) -> String {
    let n = columns(stem);
    if n <= room {
        return stem.to_string();
    }
    let cut: String = stem.chars().skip(n + 1 - room.max(1)).collect();
    format!("…{cut}")
}

fn push_token(
    drawn: &mut Line<'static>,
    record: &Record,
    step: &Step,
    pick: Pick,
    room: usize,
    theme: &Theme,
) {
    let (mark, token) = match pick {
        Pick::Root => (None, Some(step.tree.nodes[0].token)),
        Pick::Draft(node) => (
            step.verdict.fate(node).map(Mark::Fate),
            Some(step.tree.nodes[node].token),
        ),
        Pick::Bonus => (Some(Mark::Bonus), step.verdict.bonus),
    };
    let style = mark.map_or(theme.text(), |m| theme.token(m));
    if let Some(mark) = mark {
        drawn.push_span(Span::styled(format!("{} ", mark.glyph()), theme.mark(mark)));
    }
    let text = token.map_or_else(String::new, |id| record.quoted(id));
    let text = fit(&text, room.saturating_sub(drawn.width()));
    drawn.push_span(Span::styled(text, style));
}

/// Probability and rank, in [`FIGURES`] columns.
fn figures(step: &Step, pick: Pick) -> String {
    let standing = match pick {
        Pick::Root => return " ".repeat(FIGURES),
        Pick::Draft(node) => step.judged[node - 1],
        Pick::Bonus => bonus_row(step).choice_standing(),
    };
    format!("{:>5}{:>6}", prob(standing.p), rank_name(standing.rank))
}

pub fn rank_name(rank: u32) -> String {
    if rank > 999 {
        "r>999".into()
    } else {
        format!("r{rank}")
    }
}

/// The distribution that the bonus token was taken from.
pub fn bonus_row(step: &Step) -> &crate::speculate::row::NodeRow {
    let last = step.verdict.path.last().copied().unwrap_or(0);
    &step.rows[last]
}

/// A letter a source, and how often it was seen there: `g12 l1`.
fn seen_in(step: &Step, pick: Pick) -> String {
    match pick {
        Pick::Root => String::new(),
        Pick::Bonus => "model".into(),
        Pick::Draft(node) => {
            let origins = step.tree.nodes[node].origins.iter();
            let names: Vec<String> = origins
                .map(|o| format!("{}{}", o.source.letter(), o.count))
                .collect();
            names.join(" ")
        }
    }
}
