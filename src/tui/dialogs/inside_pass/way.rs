//! The selected token's way from its logit to the rule's ruling, and the row's other tokens
//! beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::PassView;
use crate::present::number::{UNKNOWN, prob};
use crate::present::pass_picture::{LogitToken, TokenWay, WayStage};
use crate::present::selection;
use crate::present::step_phase::StepPhase;
use crate::present::token_text::{columns, fit, pad};
use crate::tui::widgets::paragraph::wrap;

/// Columns of a stage's name and of its value.
const NAME: usize = 9;
const VALUE: usize = 14;
/// Columns of a token beside its numbers, and of a number.
const TOKEN: usize = 20;
const NUMBER: usize = 10;
/// With fewer rows than this left there is no table.
const TABLE_ROWS: usize = 4;

pub(super) fn render(view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let way = TokenWay::of(view.record, view.step, view.selection)
        .filter(|_| view.picture.phase >= StepPhase::Verify);
    let Some(way) = way else {
        return Paragraph::new(no_way(view, width)).render(area, buf);
    };
    let mut lines = vec![head(view, &way, width)];
    for stage in &way.stages {
        lines.extend(stage_lines(view, stage, width));
    }
    let left = usize::from(area.height).saturating_sub(lines.len() + 1);
    if left >= TABLE_ROWS && !way.beside.is_empty() {
        lines.push(Line::default());
        lines.extend(table(view, &way, left));
    }
    Paragraph::new(lines).render(area, buf);
}

fn head(view: &PassView<'_>, way: &TokenWay, width: usize) -> Line<'static> {
    let theme = view.theme;
    let mark = selection::mark(view.step, view.selection);
    let fate = mark.map_or(String::new(), |m| format!("  {} {}", m.glyph(), m.name()));
    let title = "token's way  ";
    let room = width.saturating_sub(columns(title) + columns(&fate));
    Line::from(vec![
        Span::styled(title, theme.accent()),
        Span::styled(fit(&way.text, room), theme.strong()),
        Span::styled(fate, mark.map_or(theme.text(), |m| theme.mark(m))),
    ])
}

/// What is said where there is no way to show.
fn no_way(view: &PassView<'_>, width: usize) -> Vec<Line<'static>> {
    let text = match view.picture.phase {
        StepPhase::Retrieve | StepPhase::Draft => "No row is computed yet: there are no logits.",
        _ => {
            "The root was committed by an earlier step; its row predicts what follows. Select a \
             draft or the bonus token to see its way."
        }
    };
    let rows = wrap(text, width).into_iter();
    let rows = rows.map(|text| Line::styled(text, view.theme.dim()));
    let head = Line::styled("token's way", view.theme.accent());
    std::iter::once(head).chain(rows).collect()
}

/// The stage's name, what comes out of it, and how.
fn stage_lines(view: &PassView<'_>, stage: &WayStage, width: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let value = fit(&stage.value, VALUE - 1);
    let told = wrap(&stage.told, width.saturating_sub(NAME + VALUE));
    let line = |(i, text): (usize, String)| {
        let (name, value) = match i {
            0 => (stage.stage.name(), value.as_str()),
            _ => ("", ""),
        };
        Line::from(vec![
            Span::styled(pad(name, NAME), theme.dim()),
            Span::styled(pad(value, VALUE), theme.strong()),
            Span::styled(text, theme.text()),
        ])
    };
    told.into_iter().enumerate().map(line).collect()
}

/// The row's most probable tokens and the selected one, with their numbers.
fn table(view: &PassView<'_>, way: &TokenWay, height: usize) -> Vec<Line<'static>> {
    let heads = ["logit", "penalized", "p", "rank"].map(|head| format!("{head:>NUMBER$}"));
    let heads = format!("{:TOKEN$}{}", "", heads.concat());
    let own = way.beside.iter().position(|token| token.is_selected);
    let room = height.saturating_sub(1);
    let is_shown = |&(i, _): &(usize, &LogitToken)| {
        i + 1 < room || Some(i) == own || own < Some(room) && i < room
    };
    let shown = way.beside.iter().enumerate().filter(is_shown);
    let rows = shown.map(|(_, token)| token_line(view, token));
    std::iter::once(Line::styled(heads, view.theme.dim()))
        .chain(rows)
        .collect()
}

fn token_line(view: &PassView<'_>, token: &LogitToken) -> Line<'static> {
    let number = |value: Option<f32>| value.map_or_else(|| UNKNOWN.into(), |x| format!("{x:.2}"));
    let penalized = match token.is_penalized {
        true => number(token.penalized),
        false => "=".into(),
    };
    let rank = token
        .rank
        .map_or_else(|| UNKNOWN.into(), |rank| rank.to_string());
    let p = token.p.map_or_else(|| UNKNOWN.into(), prob);
    let numbers = [number(token.logit), penalized, p, rank].map(|text| format!("{text:>NUMBER$}"));
    let style = match (token.is_selected, token.is_choice) {
        (true, _) => view.theme.accent(),
        (false, true) => view.theme.strong(),
        _ => view.theme.text(),
    };
    let sign = if token.is_selected { "▸ " } else { "  " };
    let text = format!("{sign}{}{}", pad(&token.text, TOKEN - 2), numbers.concat());
    Line::styled(text, style)
}
