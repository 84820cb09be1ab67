//! The model's distribution where the selected token was judged: its most
//! probable tokens as bars.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::mark::Mark;
use crate::present::number::prob;
use crate::present::selection::TreeSelection;
use crate::present::story::TokenFacts;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, pad};
use crate::speculate::TokenId;
use crate::speculate::row::{Candidate, TokenScore};
use crate::speculate::rule::{Standing, Test, tests};
use crate::tui::screens::decode::panes::tree::rank_name;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::put;
use crate::tui::widgets::paragraph::wrap;

/// Columns of a token's text, at least and at most.
const TOKEN_WIDTH: (usize, usize) = (11, 20);

/// The model's most probable tokens as bars; what the rule could take is bright,
/// and its bound is a tick on every bar.
pub(crate) fn render(facts: &TokenFacts<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(row) = facts.selected.row else {
        return not_recorded(facts, theme, area, buf);
    };
    let in_list = |id| row.top.iter().any(|c| c.0 == id);
    let room = usize::from(area.height);
    let outside = match (facts.selected.judged, facts.selected.token) {
        (Some(judged), Some(id)) if !in_list(id) => Some((id, judged)),
        _ => None,
    };
    let n = room
        .saturating_sub(usize::from(outside.is_some()))
        .min(row.top.len());
    for (i, candidate) in row.top.iter().take(n).enumerate() {
        let line = candidate_line(facts, theme, i + 1, candidate, usize::from(area.width));
        put(buf, area, i as u16, &line);
    }
    if let Some((id, judged)) = outside {
        let style = facts.mark().map_or(theme.dim(), |m| theme.mark(m));
        let token = pad(
            &facts.record.quoted(id),
            token_width(usize::from(area.width)),
        );
        let text = format!("{:>4} {token} {}", rank_name(judged.rank), prob(judged.p));
        put(buf, area, n as u16, &Line::styled(text, style));
    }
}

/// Where no distribution is recorded: what is known of the token itself.
fn not_recorded(facts: &TokenFacts<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let text = "The model's distribution here is not recorded.";
    let said = wrap(text, usize::from(area.width)).into_iter();
    let mut lines: Vec<Line<'static>> = said.map(|t| Line::styled(t, theme.dim())).collect();
    let score = facts.selected.judged;
    lines.extend(score.map(|score| {
        let text = format!("{} {}", rank_name(score.rank), prob(score.p));
        Line::styled(text, theme.text())
    }));
    Paragraph::new(lines).render(area, buf);
}

fn candidate_line(
    facts: &TokenFacts<'_>,
    theme: &Theme,
    rank: usize,
    candidate: &Candidate,
    width: usize,
) -> Line<'static> {
    let &Candidate(id, p) = candidate;
    let chosen =
        Some(id) == facts.selected.token && facts.selected.selection != TreeSelection::Root;
    let mark = if chosen { facts.mark() } else { None };
    let drawn = facts.selected.row.and_then(|row| row.drawn);
    let within = match (drawn, facts.verify.max_rank()) {
        (Some(drawn), _) => drawn.token == id,
        (None, Some(k)) => rank <= k,
        (None, None) => rank == 1 || could_take(facts, rank, candidate),
    };
    let style = match (mark, within) {
        (Some(mark), _) => theme.mark(mark).add_modifier(Modifier::BOLD),
        (None, true) => theme.text(),
        (None, false) => theme.dim(),
    };
    let glyph = mark.map_or(" ", Mark::glyph);
    let token = pad(&facts.record.quoted(id), token_width(width));
    let head = format!("{rank:>2}{glyph} {token} ");
    let bar_width = width.saturating_sub(columns(&head) + 4);
    let mut line = Line::from(Span::styled(head, style));
    push_bar(&mut line, facts, p, bar_width, (style, theme.line()));
    line.push_span(Span::styled(format!(" {:>3}", prob(p)), style));
    line
}

/// Whether the rule, which sets no limit on ranks, accepts a token of this probability if
/// its branch allows it.
fn could_take(facts: &TokenFacts<'_>, rank: usize, &Candidate(_, p): &Candidate) -> bool {
    let at = unranked(facts).map(|at| Standing {
        score: Some(TokenScore::new(rank as u32, p)),
        ..at
    });
    at.is_some_and(|at| tests(at, facts.verify).all(|test| test.is_some_and(|t| t.holds())))
}

fn token_width(width: usize) -> usize {
    (width / 3).clamp(TOKEN_WIDTH.0, TOKEN_WIDTH.1)
}

fn push_bar(
    line: &mut Line<'static>,
    facts: &TokenFacts<'_>,
    p: f32,
    width: usize,
    (style, tick_style): (Style, Style),
) {
    let bar = bars::across(f64::from(p), width);
    let used = columns(&bar);
    line.push_span(Span::styled(bar, style.remove_modifier(Modifier::BOLD)));
    let tick = bound(facts).map(|bound| (bound * width as f32) as usize);
    let rest: String = (used..width)
        .map(|x| if Some(x) == tick { '╎' } else { ' ' })
        .collect();
    line.push_span(Span::styled(rest, tick_style));
}

/// The probability that the rule asks for here; 1 where only the choice is taken. `None`:
/// what it depends on is not recorded.
fn bound(facts: &TokenFacts<'_>) -> Option<f32> {
    let is_recorded = facts.selected.row?.entropy.is_some();
    let mut tests = tests(unranked(facts)?, facts.verify);
    let Some(first) = tests.next() else {
        return Some(1.0);
    };
    match tests.last().unwrap_or(first)? {
        Test::Typical { .. } if !is_recorded => None,
        // Any probability will do, unless the model is too sure.
        Test::Window { .. } => first.filter(|test| !test.holds()).map(|_| 1.0),
        test => Some(test.bound()),
    }
}

/// A token that satisfies all that does not depend on the place.
fn unranked<'a>(facts: &TokenFacts<'a>) -> Option<Standing<'a>> {
    let row = facts.selected.row?;
    let at = Standing {
        score: Some(TokenScore::new(1, 1.0)),
        ..Standing::within(row, TokenId::MAX)
    };
    Some(at.confirmed())
}
