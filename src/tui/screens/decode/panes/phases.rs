//! A step walked phase by phase: where we are in it, what happens there, and
//! what retrieval found. The tree below is drawn by `tree.rs`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::count;
use crate::present::record::Record;
use crate::present::step_phase::StepPhase;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{fit_left, pad};
use crate::speculate::trace::{SourceHit, Step};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::widgets::pane::{below, put};
use crate::tui::widgets::paragraph::wrap;

const SOURCE: usize = 17;

/// Rows above the tree: none unless a step is walked.
pub(crate) fn height(app: &App, width: u16) -> u16 {
    match (app.decode.phase(), app.step()) {
        (Some(phase), Some(step)) => 1 + explained(app, step, phase, width).len() as u16,
        _ => 0,
    }
}

pub(crate) fn render(app: &App, step: &Step, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(here) = app.decode.phase() else {
        return;
    };
    put(buf, area, 0, &bar(here, theme));
    let text = Text::from_iter(explained(app, step, here, area.width));
    Paragraph::new(text.style(theme.text())).render(below(area, 1), buf);
}

fn bar(here: StepPhase, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    for phase in StepPhase::ALL {
        if phase != StepPhase::Retrieve {
            line.push_span(Span::styled("›", theme.dim()));
        }
        let style = match phase == here {
            true => theme.strong().patch(theme.emphasis(Emphasis::Selected)),
            false => theme.dim(),
        };
        line.push_span(Span::styled(format!(" {} ", phase.name()), style));
    }
    line
}

fn explained(app: &App, step: &Step, phase: StepPhase, width: u16) -> Vec<String> {
    let drafts = count(step.tree.n_drafts(), "draft token");
    let n_rows = step.tree.n_rows();
    let text = match phase {
        StepPhase::Retrieve if !app.params_in_force().verify.drafts() => {
            "Autoregressive: nothing is looked up.".to_string()
        }
        StepPhase::Retrieve => {
            "The last tokens are looked up in earlier answers: where do they occur, and what \
             follows?"
                .into()
        }
        StepPhase::Draft if n_rows == 1 => "No drafts in this step: it commits one token.".into(),
        StepPhase::Draft => format!(
            "What followed there becomes a tree of {drafts}, likeliest first. The model has not \
             seen them yet."
        ),
        StepPhase::Verify => {
            let rows = count(n_rows, "row");
            let key = app.key_of(Context::Decode, Action::InsidePass);
            format!(
                "One forward pass over {rows}: the model's distribution at each node judges \
                the drafts below it. {key} shows the pass from inside."
            )
        }
        StepPhase::Commit => {
            let n = count(step.verdict.n_committed(), "token");
            let path = step.verdict.path.len();
            let bonus = if step.verdict.bonus.is_some() {
                ", then the model's own next token"
            } else {
                ""
            };
            format!("The longest accepted path joins the text ({path}){bonus}: {n} from one pass.")
        }
    };
    wrap(&text, usize::from(width))
}

/// What retrieval found, source by source.
pub(crate) fn hits(record: &Record, step: &Step, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if step.retrieval.is_empty() {
        let text = Line::styled("Nothing found: no drafts in this step.", theme.dim());
        return put(buf, area, 1, &text);
    }
    for (i, hit) in step.retrieval.iter().enumerate() {
        let row = 1 + 2 * i as u16;
        put(buf, area, row, &found(hit, theme));
        let words = record.text_before(step, 0, hit.matched);
        let room = usize::from(area.width).saturating_sub(SOURCE);
        let text = format!("{:SOURCE$}{}", "", fit_left(&words, room));
        put(buf, area, row + 1, &Line::styled(text, theme.strong()));
    }
}

fn found(hit: &SourceHit, theme: &Theme) -> Line<'static> {
    let times = match hit.matched {
        0 => "at the start of answers".to_string(),
        n => format!("last {} found {}×", count(n, "token"), hit.count),
    };
    Line::from(vec![
        Span::styled(
            pad(
                crate::tui::screens::decode::panes::origin::source_name(hit.source),
                SOURCE,
            ),
            theme.accent(),
        ),
        Span::styled(times, theme.text()),
    ])
}
