//! The condition being typed, what is wrong with it, and what may come next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::present::token_text::{fit, pad};
use crate::speculate::condition::Condition;
use crate::tui::app::App;
use crate::tui::dialogs::condition::ConditionEditor;
use crate::tui::dialogs::view::push_input;
use crate::tui::shell::layout;
use crate::tui::widgets::pane;

const WIDTH: u16 = 76;
const ROWS: u16 = 10;
const WORD: usize = 20;

/// At the bottom, so that the tree stays in sight.
fn place(area: Rect) -> Rect {
    let height = (ROWS + 4).min(area.height.saturating_sub(2));
    Rect {
        y: area.bottom().saturating_sub(height + 1),
        width: WIDTH.min(area.width),
        height,
        ..area
    }
}

/// The rows of the suggestions, and the first one shown.
pub fn list(area: Rect, editor: &ConditionEditor) -> (Rect, usize) {
    let inner = layout::inner(place(area));
    let rows = Rect {
        y: inner.y + 2,
        height: inner.height.saturating_sub(2),
        ..inner
    };
    let first = (editor.chosen.unwrap_or(0) + 1).saturating_sub(usize::from(rows.height));
    (rows, first)
}

pub fn render(app: &App, editor: &ConditionEditor, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let inner = pane::dialog("FIND STEPS WITH", place(area), theme, buf);
    let mut line = Line::default();
    push_input(
        &mut line,
        editor.input.value(),
        editor.input.visual_cursor(),
        theme,
    );
    pane::put(buf, inner, 0, &line);
    pane::put(
        buf,
        inner,
        1,
        &said(app, editor, theme, usize::from(inner.width)),
    );
    let (rows, first) = list(area, editor);
    let suggestions = editor.suggestions();
    let shown = suggestions
        .iter()
        .enumerate()
        .skip(first)
        .take(usize::from(rows.height));
    for (i, suggestion) in shown {
        let at = (i - first) as u16;
        let about = fit(
            suggestion.about,
            usize::from(rows.width).saturating_sub(WORD + 1),
        );
        let line = Line::from(vec![
            Span::styled(pad(&suggestion.text, WORD), theme.accent()),
            Span::styled(format!(" {about}"), theme.dim()),
        ]);
        pane::put(buf, rows, at, &line);
        if editor.chosen == Some(i) {
            pane::light(rows, at, theme, buf);
        }
    }
}

/// How many steps match, or what is missing.
fn said(app: &App, editor: &ConditionEditor, theme: &Theme, width: usize) -> Line<'static> {
    let text = editor.input.value();
    if text.trim().is_empty() {
        return Line::styled(
            "↑↓ choose, tab takes a word; and, or, not, first join them",
            theme.dim(),
        );
    }
    match (Condition::parse(text), app.record()) {
        (Ok(condition), Some(record)) => {
            let n = condition.all(&record.trace).count();
            Line::styled(format!("{} match", count(n, "step")), theme.good())
        }
        (Ok(_), None) => Line::default(),
        (Err(_), _) if !editor.suggestions().is_empty() => {
            Line::styled("may go on with", theme.dim())
        }
        (Err(error), _) => Line::styled(fit(&error.to_string(), width), theme.warning()),
    }
}
