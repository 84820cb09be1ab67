//! The bar at the bottom: what the keys do here, or a notice; one that stays moves up
//! a row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Clear, Padding, Paragraph, Widget};

use crate::present::theme::Theme;
use crate::present::token_text::columns;
use crate::tui::action::Action;
use crate::tui::app::{App, Notice, Tone};
use crate::tui::keys::context::Context;
use crate::tui::keys::keymap::Keymap;
use crate::tui::keys::table::Binding;
use crate::tui::start::Presenting;
use crate::tui::widgets::paragraph::wrap;

const GAP: usize = 2;
const MAX_NOTICE_ROWS: usize = 4;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    match &app.notice {
        Some(notice) if notice.covers_hints() => return notice_lines(notice, theme, area, buf),
        Some(notice) => notice_lines(notice, theme, above(area), buf),
        None => {}
    }
    buf.set_style(area, theme.bar());
    let width = usize::from(area.width).saturating_sub(2);
    let line = hints(app, theme, width);
    buf.set_line(area.x + 1, area.y, &line, area.width - 1);
}

/// The row above the hints.
fn above(area: Rect) -> Rect {
    Rect {
        y: area.y.saturating_sub(1),
        ..area
    }
}

/// A long notice takes rows from what is above.
fn notice_lines(notice: &Notice, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (glyph, style) = match notice.tone {
        Tone::Info => ("▸", theme.text()),
        Tone::Good => ("✓", theme.good()),
        Tone::Problem => ("✗", theme.error()),
    };
    let width = usize::from(area.width).saturating_sub(2);
    let mut lines = wrap(&format!("{glyph} {}", notice.text), width);
    lines.truncate(MAX_NOTICE_ROWS);
    let height = lines.len() as u16;
    let area = Rect {
        y: area.bottom() - height,
        height,
        ..area
    };
    Clear.render(area, buf);
    Paragraph::new(Text::from_iter(lines).style(style))
        .style(theme.bar())
        .block(Block::new().padding(Padding::left(1)))
        .render(area, buf);
}

/// A hint of the bar: keys, words, and what a click on them does.
struct Hint {
    key: String,
    text: &'static str,
    action: Action,
}

impl Hint {
    fn width(&self) -> usize {
        columns(&self.key) + 1 + columns(self.text) + GAP
    }
}

/// The hints of the bar.
fn shown(app: &App, width: usize) -> Vec<Hint> {
    match (app.look.presenting, &app.dialog) {
        (Presenting::Yes, None) => for_audience(app, width),
        _ => fitting(&app.look.keys, app.context(), width),
    }
}

/// What moves what an audience looks at.
const PRESENTED: [Action; 6] = [
    Action::PlayPause,
    Action::NextStep,
    Action::Down,
    Action::NextPhase,
    Action::NextPane,
    Action::Zoom,
];

/// While presenting: the answer and the next task of a lesson, what moves the picture, and
/// the way out, which always fits.
fn for_audience(app: &App, width: usize) -> Vec<Hint> {
    let keys = &app.look.keys;
    let named = |context, action: Action, text| {
        let key = keys.first_of(context, &action)?;
        Some(Hint { key, text, action })
    };
    let mut hints = Vec::new();
    if app.learn.course.is_some() {
        hints.extend(named(Context::Lesson, Action::ShowAnswer, "answer"));
        hints.extend(named(Context::Lesson, Action::NextTask, "next"));
    }
    let of_screen = keys.bindings(app.context());
    let moving = of_screen.filter(|b| PRESENTED.contains(&b.action));
    hints.extend(moving.filter_map(|b| {
        let (key, text) = keys.hint(b)?;
        let action = b.action.clone();
        Some(Hint { key, text, action })
    }));
    let leave = named(Context::Anywhere, Action::Present, "leave presenter mode");
    let mut used: usize = leave.iter().map(Hint::width).sum();
    hints.retain(|hint| {
        used += hint.width();
        used <= width + GAP
    });
    hints.into_iter().chain(leave).collect()
}

/// As many hints as fit, the context's own first; help and the way out always.
fn fitting(keys: &Keymap, context: Context, width: usize) -> Vec<Hint> {
    let hints_of = |context| -> Vec<Hint> {
        let hint = |b: &Binding| {
            let (key, text) = keys.hint(b)?;
            let action = b.action.clone();
            Some(Hint { key, text, action })
        };
        keys.bindings(context).filter_map(hint).collect()
    };
    let always = if context.chain().contains(&Context::Anywhere) {
        hints_of(Context::Anywhere)
    } else {
        Vec::new()
    };
    let reserved: usize = always.iter().map(Hint::width).sum();
    let mut used = 0;
    let own = hints_of(context).into_iter().take_while(|hint| {
        used += hint.width();
        used + reserved <= width + GAP
    });
    own.collect::<Vec<_>>().into_iter().chain(always).collect()
}

fn hints(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let mut line = Line::default();
    for hint in shown(app, width) {
        push(&mut line, (hint.key, hint.text), theme);
    }
    line
}

/// What a click at a column of the bar does.
pub(crate) fn action_at(app: &App, area: Rect, x: u16) -> Option<Action> {
    if app.notice.as_ref().is_some_and(Notice::covers_hints) {
        return None;
    }
    let width = usize::from(area.width).saturating_sub(2);
    let mut from = usize::from(area.x) + 1;
    for hint in shown(app, width) {
        let to = from + hint.width();
        if (from..to - GAP).contains(&usize::from(x)) {
            return Some(hint.action);
        }
        from = to;
    }
    None
}

fn push(line: &mut Line<'static>, (key, text): (String, &'static str), theme: &Theme) {
    line.push_span(Span::styled(key, theme.accent()));
    line.push_span(Span::styled(
        format!(" {text}{}", " ".repeat(GAP)),
        theme.dim(),
    ));
}
