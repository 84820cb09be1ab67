//! A text of several lines that is typed: editing it, and its lines.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;

use crate::present::theme::Theme;
use crate::present::token_text::columns;
use crate::tui::action::Action;

/// Columns of a tab that is pasted.
const TAB: &str = "    ";

/// Types, pastes or moves between lines. Whether the action meant the text.
pub(crate) fn edit(input: &mut Input, action: &Action) -> bool {
    match action {
        Action::NewLine => insert(input, "\n"),
        Action::Paste(text) => insert(input, text),
        Action::Up => move_line(input, -1),
        Action::Down => move_line(input, 1),
        Action::Edit(InputRequest::GoToStart) => go_to(input, place(input).begin),
        Action::Edit(InputRequest::GoToEnd) => go_to(input, place(input).end),
        Action::Edit(request) => {
            input.handle(*request);
        }
        _ => return false,
    }
    true
}

/// Lines stay lines, whatever ends them; other control characters are left out.
fn insert(input: &mut Input, text: &str) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.replace('\t', TAB);
    for c in text.chars().filter(|c| *c == '\n' || !c.is_control()) {
        input.handle(InputRequest::InsertChar(c));
    }
}

fn go_to(input: &mut Input, at: usize) {
    input.handle(InputRequest::SetCursor(at));
}

/// The line that the cursor is in, in characters of the text.
struct LineSpan {
    begin: usize,
    end: usize,
}

fn place(input: &Input) -> LineSpan {
    let cursor = input.cursor();
    let chars: Vec<char> = input.value().chars().collect();
    let before = chars[..cursor].iter().rposition(|&c| c == '\n');
    let after = chars[cursor..].iter().position(|&c| c == '\n');
    LineSpan {
        begin: before.map_or(0, |at| at + 1),
        end: after.map_or(chars.len(), |n| cursor + n),
    }
}

/// To the same column of the line above or below, if there is one.
fn move_line(input: &mut Input, delta: i64) {
    let here = place(input);
    let column = input.cursor() - here.begin;
    let n = input.value().chars().count();
    let beside = match delta {
        0.. if here.end < n => here.end + 1,
        ..0 if here.begin > 0 => here.begin - 1,
        _ => return,
    };
    go_to(input, beside);
    let there = place(input);
    go_to(input, (there.begin + column).min(there.end));
}

/// A text broken at a width, and the line with the cursor, where it has one.
pub(crate) struct Wrapped {
    pub(crate) lines: Vec<Line<'static>>,
    pub(crate) cursor: Option<usize>,
}

/// The text's lines; with the focus, the character under the cursor is reversed.
pub(crate) fn wrapped(input: &Input, has_focus: bool, width: usize, theme: &Theme) -> Wrapped {
    let mut page = TextPage {
        lines: vec![Line::default()],
        used: 0,
        width: width.max(2),
    };
    let (plain, mut at, mut cursor) = (theme.strong(), 0, None);
    let under = plain.add_modifier(Modifier::REVERSED);
    for grapheme in input.value().graphemes(true) {
        let n = grapheme.chars().count();
        let is_here = has_focus && (at..at + n).contains(&input.cursor());
        at += n;
        let style = if is_here { under } else { plain };
        let shown = if grapheme == "\n" { " " } else { grapheme };
        if shown == grapheme || is_here {
            page.push(shown, style);
        }
        if is_here {
            cursor = Some(page.lines.len() - 1);
        }
        if grapheme == "\n" {
            page.end_line();
        }
    }
    if has_focus && cursor.is_none() {
        page.push(" ", under);
        cursor = Some(page.lines.len() - 1);
    }
    let lines = page.lines;
    Wrapped { lines, cursor }
}

struct TextPage {
    lines: Vec<Line<'static>>,
    used: usize,
    width: usize,
}

impl TextPage {
    fn push(&mut self, text: &str, style: ratatui::style::Style) {
        let n = columns(text);
        if self.used + n > self.width {
            self.end_line();
        }
        self.used += n;
        if let Some(line) = self.lines.last_mut() {
            line.push_span(Span::styled(text.to_string(), style));
        }
    }

    fn end_line(&mut self) {
        self.lines.push(Line::default());
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(actions: &[Action]) -> Input {
        let mut input = Input::default();
        actions
            .iter()
            .for_each(|action| assert!(edit(&mut input, action)));
        input
    }

    fn paste(text: &str) -> Action {
        Action::Paste(text.into())
    }

    #[test]
    fn pasted_lines_stay_lines() {
        let input = typed(&[paste("one\r\ntwo\rthree\u{1b}\n\nfour")]);
        assert_eq!(input.value(), "one\ntwo\nthree\n\nfour");
    }

    #[test]
    fn the_cursor_moves_between_lines() {
        let mut input = typed(&[paste("abc\nd\nefg"), Action::Up]);
        assert_eq!(input.cursor(), 5, "at the end of the short line");
        edit(&mut input, &Action::Edit(InputRequest::GoToStart));
        assert_eq!(input.cursor(), 4);
        edit(&mut input, &Action::Up);
        edit(&mut input, &Action::Up);
        assert_eq!(input.cursor(), 0);
        edit(&mut input, &Action::Edit(InputRequest::GoToEnd));
        edit(&mut input, &Action::NewLine);
        assert_eq!(input.value(), "abc\n\nd\nefg");
    }

    proptest! {
        #[test]
        fn every_letter_is_in_a_line_and_the_cursor_in_view(text in "[a-c日\n]{0,40}", width in 2usize..12, back in 0usize..40) {
            let mut input = typed(&[paste(&text)]);
            for _ in 0..back {
                input.handle(InputRequest::GoToPrevChar);
            }
            let theme = crate::tui::Themes::default().theme();
            let Wrapped { lines, cursor } = wrapped(&input, true, width, &theme);
            prop_assert!(lines.iter().all(|line| line.width() <= width));
            prop_assert!(cursor.is_some_and(|row| row < lines.len()));
            let shown: String = lines.iter().flat_map(|l| l.spans.iter().map(|s| s.content.to_string())).collect();
            prop_assert_eq!(shown.replace(' ', ""), text.replace('\n', ""));
        }
    }
}
