//! The bar at the bottom: what the keys do here, or a notice until the next one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::keys::{self, Binding, Context};
use crate::tui::state::app::{App, Notice, Tone};
use crate::tui::theme::Theme;
use crate::tui::token_text::{columns, fit};

const GAP: usize = 2;

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    buf.set_style(area, theme.bar());
    let width = usize::from(area.width).saturating_sub(2);
    let line = match &app.notice {
        Some(notice) => notice_line(notice, theme, width),
        None => hints(app.context(), theme, width),
    };
    buf.set_line(area.x + 1, area.y, &line, area.width - 1);
}

fn notice_line(notice: &Notice, theme: &Theme, width: usize) -> Line<'static> {
    let (glyph, style) = match notice.tone {
        Tone::Info => ("▸", theme.text()),
        Tone::Good => ("✓", theme.good()),
        Tone::Problem => ("✗", theme.error()),
    };
    Line::styled(fit(&format!("{glyph} {}", notice.text), width), style)
}

/// As many hints as fit, the context's own first; help and the way out always.
fn hints(context: Context, theme: &Theme, width: usize) -> Line<'static> {
    let shown = |b: &&Binding| !b.hint.is_empty();
    let own: Vec<(String, &str)> = keys::bindings(context).filter(shown).map(hint).collect();
    let anywhere = context.chain().contains(&Context::Anywhere);
    let always: Vec<(String, &str)> = keys::bindings(Context::Anywhere)
        .filter(|_| anywhere)
        .filter(shown)
        .map(hint)
        .collect();
    let size = |(key, text): &(String, &str)| columns(key) + 1 + columns(text) + GAP;
    let reserved: usize = always.iter().map(size).sum();
    let mut line = Line::default();
    let mut used = 0;
    for hint in own {
        if used + size(&hint) + reserved > width + GAP {
            break;
        }
        used += size(&hint);
        push(&mut line, hint, theme);
    }
    always
        .into_iter()
        .for_each(|hint| push(&mut line, hint, theme));
    line
}

/// The keys and the words: `←→|step` names its keys itself.
fn hint(binding: &Binding) -> (String, &'static str) {
    match binding.hint.split_once('|') {
        Some((keys, text)) => (keys.to_string(), text),
        None => (binding.keys[0].name(), binding.hint),
    }
}

fn push(line: &mut Line<'static>, (key, text): (String, &'static str), theme: &Theme) {
    line.push_span(Span::styled(key, theme.accent()));
    line.push_span(Span::styled(
        format!(" {text}{}", " ".repeat(GAP)),
        theme.dim(),
    ));
}
