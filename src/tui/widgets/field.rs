//! A line that is typed: editing it, and its look.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;

use super::pane;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::tui::action::Action;

/// A dialog with a field of several rows, and its least width.
const WIDTH: u16 = 80;
const ROWS: u16 = 6;

/// Whether the text changed.
pub(crate) fn edit(input: &mut Input, action: &Action) -> bool {
    match action {
        Action::Edit(request) => input.handle(*request).is_some_and(|c| c.value),
        Action::Paste(text) => {
            paste(input, text);
            true
        }
        _ => false,
    }
}

/// Line breaks in what is pasted become spaces: the fields hold one line.
pub(crate) fn paste(input: &mut Input, text: &str) {
    for c in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        input.handle(InputRequest::InsertChar(c));
    }
}

/// A dialog that asks for a number in one line.
pub(crate) fn number(
    title: &str,
    label: String,
    input: &Input,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let inner = pane::dialog(title, pane::centred(area, 40, 3), theme, buf);
    let mut line = Line::from(Span::styled(label, theme.dim()));
    push_input(&mut line, input.value(), input.visual_cursor(), theme);
    pane::put(buf, inner, 0, &line);
}

/// A text field's content, the character under the cursor reversed.
pub(crate) fn push_input(line: &mut Line<'static>, text: &str, cursor: usize, theme: &Theme) {
    let mut at = 0;
    let mut marked = false;
    let cursor_style = theme.strong().add_modifier(Modifier::REVERSED);
    for grapheme in text.graphemes(true) {
        let here = at == cursor && !marked;
        marked |= here;
        let style = if here { cursor_style } else { theme.strong() };
        line.push_span(Span::styled(grapheme.to_string(), style));
        at += columns(grapheme);
    }
    if !marked {
        line.push_span(Span::styled(" ", cursor_style));
    }
}

/// What is typed, broken at the pane's width, with a block for the cursor.
fn input_lines(input: &Input, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut whole = Line::default();
    push_input(&mut whole, input.value(), input.visual_cursor(), theme);
    let mut lines = vec![Line::default()];
    let mut used = 0;
    for span in whole.spans {
        for grapheme in span.content.graphemes(true) {
            let n = columns(grapheme);
            if used + n > width {
                lines.push(Line::default());
                used = 0;
            }
            used += n;
            if let Some(line) = lines.last_mut() {
                line.push_span(Span::styled(grapheme.to_string(), span.style));
            }
        }
    }
    lines
}

/// A dialog that asks for a text, with a note above it.
pub(crate) fn dialog(
    title: &str,
    note: &str,
    input: &Input,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let rect = pane::centred(area, WIDTH, ROWS + 4);
    let inner = pane::dialog(title, rect, theme, buf);
    let note = fit(note, usize::from(inner.width));
    pane::put(buf, inner, 0, &Line::styled(note, theme.dim()));
    let width = usize::from(inner.width);
    let lines = input_lines(input, width, theme);
    let hidden = (lines.len() as u16).saturating_sub(ROWS);
    Paragraph::new(lines)
        .scroll((hidden, 0))
        .render(pane::below(inner, 2), buf);
}
