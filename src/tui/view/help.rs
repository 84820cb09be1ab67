//! The help: what the colours mean, and every key, from the one table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::pane;
use crate::speculate::verify::Fate;
use crate::tui::keys::{self, Context};
use crate::tui::theme::{Mark, Theme};
use crate::tui::token_text::{columns, fit};

const WIDTH: u16 = 84;
const KEYS: usize = 12;

/// What each fate means, in the order of the legend.
fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Fate(Fate::Accepted) => "drafted, and the model's own choice: committed",
        Mark::Fate(Fate::Relaxed) => "drafted, and committed only thanks to the relaxed rule",
        Mark::Bonus => "the model's own next token, at the end of each step",
        Mark::Fate(Fate::Rejected) => "drafted, but the rule refuses it",
        Mark::Fate(Fate::Lost) => "the rule would take it, but another branch went further",
        Mark::Fate(Fate::Unreached) => "never decided: what it follows was not taken",
    }
}

fn lines(theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let about = "A step looks up what followed the last words in earlier answers, drafts a tree of \
                 tokens from it, and verifies the whole tree in one pass of the model. The longest \
                 path that the rule accepts is committed, then the model's own next token.";
    for text in crate::tui::paragraph::wrap(about, width) {
        lines.push(Line::styled(text, theme.text()));
    }
    lines.push(Line::default());
    for mark in Mark::ALL {
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", mark.glyph()), theme.mark(mark)),
            Span::styled(format!("{:<10}", mark.name()), theme.token(mark)),
            Span::styled(meaning(mark), theme.text()),
        ]));
    }
    for context in Context::ALL {
        lines.push(Line::default());
        lines.push(Line::styled(context.title(), theme.title(true)));
        lines.extend(keys::bindings(context).map(|b| key_line(b, theme, width)));
    }
    lines
}

fn key_line(binding: &keys::Binding, theme: &Theme, width: usize) -> Line<'static> {
    let names: Vec<String> = binding.keys.iter().map(|k| k.name()).collect();
    let names = names.join(" ");
    let gap = KEYS.saturating_sub(columns(&names)).max(1);
    let text = fit(
        binding.help,
        width.saturating_sub(KEYS.max(columns(&names) + 1)),
    );
    Line::from(vec![
        Span::styled(names, theme.accent()),
        Span::raw(" ".repeat(gap)),
        Span::styled(text, theme.text()),
    ])
}

fn place(area: Rect) -> Rect {
    pane::centred(area, WIDTH, area.height.saturating_sub(2))
}

/// How far the help can be scrolled on a terminal of this size.
pub fn last_scroll((width, height): (u16, u16)) -> usize {
    let area = crate::tui::layout::inner(place(Rect::new(0, 0, width, height)));
    let theme = crate::tui::theme::ThemeName::Plain.theme();
    let n = lines(&theme, usize::from(area.width)).len();
    n.saturating_sub(usize::from(area.height))
}

pub fn render(scroll: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let area = pane::dialog("HELP", place(area), theme, buf);
    let lines = lines(theme, usize::from(area.width));
    for (row, line) in lines.iter().skip(scroll).enumerate() {
        pane::put(buf, area, row as u16, line);
    }
    let hidden = lines
        .len()
        .saturating_sub(scroll + usize::from(area.height));
    if hidden > 0 {
        let more = Line::styled(format!(" ↓ {hidden} more lines "), theme.dim());
        let x = area.right().saturating_sub(more.width() as u16);
        buf.set_line(x, area.bottom(), &more, area.width);
    }
}
