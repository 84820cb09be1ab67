//! The box above every screen while a lesson is under way: what the last task
//! has shown, and what is to be done now.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::lesson::Lesson;
use crate::present::theme::Theme;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::screens::learn::words;
use crate::tui::shell::air::is_airy;
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

/// Most lines of text in the box, and with air around them.
const MAX_LINES: usize = 5;
const MAX_AIRY_LINES: usize = 14;
/// Longer lines are hard to read.
const MAX_COLUMNS: u16 = 108;

/// Rows of the box with its border; 0: no lesson is under way.
pub fn height(app: &App, width: u16) -> u16 {
    if app.learn.course.is_none() {
        return 0;
    }
    let whole = Rect::new(0, 0, width, u16::MAX);
    let lines = lines(app, usize::from(text_area(app, whole).width));
    lines.len() as u16 + 2 + 2 * u16::from(is_airy(app))
}

/// Where the text goes in the box.
fn text_area(app: &App, area: Rect) -> Rect {
    let inner = pane::inner(area);
    if !is_airy(app) {
        return inner;
    }
    let inner = inner.inner(Margin::new(3, 1));
    Rect {
        width: inner.width.min(MAX_COLUMNS),
        ..inner
    }
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some((lesson, _)), true) = (app.learn.at(), area.height > 2) else {
        return;
    };
    pane::frame(area, true, theme, buf);
    let title = format!("LESSON · {}", lesson.title);
    pane::title(&title, area, true, theme, buf);
    pane::note(&progress(app, theme), title.len(), area, buf);
    let inner = text_area(app, area);
    let lines = lines(app, usize::from(inner.width)).into_iter();
    let style = |role: Role| match (role, is_airy(app)) {
        (Role::Asked, true) => theme.strong(),
        _ => role.style(theme),
    };
    let lines = lines.map(|(role, text)| Line::styled(text, style(role)));
    Paragraph::new(Text::from_iter(lines)).render(inner, buf);
}

/// What a line of the box is.
#[derive(Clone, Copy)]
enum Role {
    Learned,
    Asked,
    Done,
}

impl Role {
    fn style(self, theme: &Theme) -> Style {
        match self {
            Role::Learned => theme.good(),
            Role::Asked => theme.text(),
            Role::Done => theme.accent(),
        }
    }
}

fn lines(app: &App, width: usize) -> Vec<(Role, String)> {
    let Some((lesson, task)) = app.learn.at() else {
        return Vec::new();
    };
    let said = app.learn.course.as_ref().and_then(|c| c.said.as_ref());
    let said = said.map(|text| (Role::Learned, format!("✓ {text}")));
    let now = match task {
        Some(task) => (Role::Asked, format!("▸ {}", words::told(&task.ask, app))),
        None => (Role::Done, behind(app, lesson)),
    };
    let (is_airy, mut out) = (is_airy(app), Vec::new());
    for (role, text) in said.into_iter().chain([now]) {
        if is_airy && !out.is_empty() {
            out.push((role, String::new()));
        }
        let wrapped = wrap(&text, width.saturating_sub(2)).into_iter().enumerate();
        out.extend(
            wrapped.map(|(i, line)| (role, if i == 0 { line } else { format!("  {line}") })),
        );
    }
    out.truncate(if is_airy { MAX_AIRY_LINES } else { MAX_LINES });
    out
}

/// What is said behind the last task. Tasks that were passed over are not done.
fn behind(app: &App, lesson: &Lesson) -> String {
    let key = app.key_of(Context::Lesson, Action::NextTask);
    let leave = app.key_of(Context::Learn, Action::Close);
    let is_last = app.learn.lessons.last().is_some_and(|l| l.id == lesson.id);
    let n = lesson.tasks.len();
    let next = match is_last {
        true => format!("{key} or {leave} leaves it; until then, explore."),
        false => format!("{key} starts the next one, {leave} goes back to what was open."),
    };
    match n - app.learn.learned.n_done(lesson) {
        0 if is_last => format!("▸ That was the last lesson. {next}"),
        0 => format!("▸ The lesson is done. {next}"),
        left => {
            let learn = app.key_of(Context::Anywhere, Action::Show(Screen::Learn));
            let begin = app.key_of(Context::Learn, Action::Submit);
            format!(
                "▸ {left} of {n} tasks are still open: {learn}, then {begin}, restarts the \
                 lesson. {next}"
            )
        }
    }
}

/// A sign per task, and which one is at hand.
fn progress(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let (Some((lesson, _)), Some(course)) = (app.learn.at(), &app.learn.course) else {
        return Vec::new();
    };
    let sign = |task: usize| match app.learn.learned.done(lesson, task) {
        _ if task == course.task => Span::styled("▸", theme.accent()),
        true => Span::styled("✓", theme.good()),
        false => Span::styled("·", theme.dim()),
    };
    let n = lesson.tasks.len();
    let signs: Vec<Span> = (0..n).map(sign).collect();
    let told = match course.task < n {
        true => format!("task {} of {n} ", course.task + 1),
        false => format!("{} of {n} done ", app.learn.learned.n_done(lesson)),
    };
    let mut spans = vec![Span::styled(told, theme.dim())];
    spans.extend(signs.clone());
    vec![Line::from(spans), Line::from(signs)]
}
