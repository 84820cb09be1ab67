//! The token selected: its fate, the inequality that decided, the model's own
//! standing there, and where the draft came from. The model's distribution beside
//! it is drawn by `candidates.rs`.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::percent;
use crate::present::selection::TreeSelection;
use crate::present::step_phase::StepPhase;
use crate::present::story::{SelectedToken, TokenFacts};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::panes::{candidates, origin};
use crate::tui::widgets::pane::{below, placeholder};
use crate::tui::widgets::paragraph::wrap;

/// Columns of the distribution at the right, at least and at most.
const CANDIDATES: (u16, u16) = (26, 60);

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some(record), Some(step), Some(selection)) = (app.known(), app.step(), app.selection())
    else {
        let text = "Select a token in the text or the tree to see why it was accepted or rejected.";
        return placeholder(text, area, theme, buf);
    };
    let facts = TokenFacts {
        record: &record,
        step,
        selected: SelectedToken::of(step, selection),
        verify: app.params_in_force().verify,
    };
    if !app.decode.knows(StepPhase::Verify) {
        let key = app.key_of(Context::Decode, Action::NextPhase);
        return unjudged(&facts, &key, theme, area, buf);
    }
    let heads = head(&facts, usize::from(area.width), theme);
    let below = below(area, heads.len() as u16);
    Paragraph::new(heads).render(area, buf);
    let candidates = Constraint::Length((area.width / 2).clamp(CANDIDATES.0, CANDIDATES.1));
    let columns = Layout::horizontal([Constraint::Fill(1), candidates]).spacing(2);
    let [left, right] = columns.areas(below);
    let lines = lines(&facts, usize::from(left.width), theme);
    Paragraph::new(lines).render(left, buf);
    candidates::render(&facts, theme, right, buf);
}

/// Before the model has had its say: the estimate, and where the draft came from; the key
/// goes on to the model's verdict.
fn unjudged(facts: &TokenFacts<'_>, key: &str, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let mut lines = vec![Line::styled(facts.name(), theme.strong())];
    let text = match facts.selected.selection {
        TreeSelection::Draft(node) => {
            let chance = percent(f64::from(facts.step.tree.nodes[node].path_prob));
            format!(
                "a draft; the estimated probability that its path is accepted is {chance}. {key} \
                 shows the model's verdict."
            )
        }
        _ => "the last token of the text; what may follow it is looked up".into(),
    };
    let wrapped = wrap(&text, width).into_iter();
    lines.extend(wrapped.map(|t| Line::styled(t, theme.text())));
    lines.push(Line::default());
    lines.extend(origins(facts, width, theme));
    Paragraph::new(lines).render(area, buf);
}

/// The numbers behind the sentence, and where the draft came from.
fn lines(facts: &TokenFacts<'_>, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for text in std::iter::once(facts.reason()).chain(facts.branches()) {
        let wrapped = wrap(&text, width).into_iter();
        lines.extend(wrapped.map(|t| Line::styled(t, theme.text())));
    }
    lines.extend(origins(facts, width, theme));
    lines
}

/// The token, its fate, and why in a sentence, in as many rows as it takes.
fn head(facts: &TokenFacts<'_>, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let fate = facts.fate_name();
    let token = fit(&facts.name(), width.saturating_sub(columns(&fate)));
    let begun = columns(&token) + columns(&fate) + 2;
    // What stands before the sentence is wrapped as if it were one word.
    let text = format!("{} {}", "·".repeat(begun.saturating_sub(1)), facts.story());
    let mut rows = wrap(&text, width).into_iter();
    let first = rows.next().unwrap_or_default();
    let first: String = first.chars().skip(begun).collect();
    let style = facts.mark().map_or(theme.text(), |m| theme.mark(m));
    let head = Line::from(vec![
        Span::styled(token, theme.strong()),
        Span::styled(fate, style.add_modifier(Modifier::BOLD)),
        Span::styled(format!("  {first}"), theme.text()),
    ]);
    let rest = rows.map(|t| Line::styled(t, theme.text()));
    std::iter::once(head).chain(rest).collect()
}

fn origins(facts: &TokenFacts<'_>, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let TreeSelection::Draft(node) = facts.selected.selection else {
        return Vec::new();
    };
    origin::lines(facts.record, facts.step, node, width, theme)
}
