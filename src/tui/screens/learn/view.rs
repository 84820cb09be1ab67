//! The Learn screen: the lessons with what is done of each, and the text of the
//! one chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::lesson::Lesson;
use crate::present::theme::Theme;
use crate::present::token_text::pad;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::panes::cost_plot;
use crate::tui::screens::learn::words;
use crate::tui::shell::layout;
use crate::tui::widgets::list::{lit, row_at};
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

/// Columns of the list.
const LIST_WIDTH: u16 = 44;
const PLOT_ROWS: u16 = 9;

pub(crate) fn render(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let (list_rect, text_rect) = places(body);
    pane::frame(text_rect, false, theme, buf);
    pane::frame(list_rect, true, theme, buf);
    pane::title("LESSONS", list_rect, true, theme, buf);
    list(app, theme, pane::inner(list_rect), buf);
    let Some(lesson) = app.learn.lessons.get(app.learn.selected) else {
        return pane::placeholder("No lessons.", pane::inner(text_rect), theme, buf);
    };
    pane::title(&lesson.title, text_rect, false, theme, buf);
    let [area, plot] = divide(lesson, pane::inner(text_rect));
    text(app, lesson, theme, area, buf);
    if lesson.plot.is_some() {
        cost_plot::render(app, lesson, theme, plot, buf);
    }
}

/// Where the list and the text go.
pub fn places(body: Rect) -> (Rect, Rect) {
    pane::beside(body, LIST_WIDTH.min(body.width * 2 / 5))
}

/// The text's place and the plot's below it.
fn divide(lesson: &Lesson, area: Rect) -> [Rect; 2] {
    let rows = match lesson.plot {
        Some(_) => PLOT_ROWS.min(area.height / 2 + 1),
        None => 0,
    };
    pane::split_rows(area, area.height - rows)
}

/// Which lesson is at a position.
pub(crate) fn lesson_at(app: &App, body: Rect, at: Position) -> Option<usize> {
    let inner = pane::inner(places(body).0);
    row_at(inner, 0, app.learn.lessons.len(), at)
}

fn list(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let rows = app.learn.lessons.iter().enumerate().map(|(row, lesson)| {
        let (done, n) = (app.learn.learned.n_done(lesson), lesson.tasks.len());
        let (sign, style) = match done {
            0 => ("·", theme.dim()),
            d if d == n => ("✓", theme.good()),
            _ => ("▸", theme.accent()),
        };
        let count = format!("{done}/{n}");
        let room = usize::from(area.width).saturating_sub(count.len() + 5);
        Line::from(vec![
            Span::styled(format!("{sign} "), style),
            Span::styled(format!("{} ", row + 1), theme.dim()),
            Span::styled(pad(&lesson.title, room), theme.text()),
            Span::styled(format!(" {count}"), style),
        ])
    });
    lit(rows, Some(app.learn.selected), theme, area, buf);
}

/// The lesson's text, then its tasks, then how to begin.
fn lines(app: &App, lesson: &Lesson, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut out: Vec<Line> = Vec::new();
    for paragraph in lesson.text.trim().split("\n\n") {
        let paragraph = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let wrapped = wrap(&words::told(&paragraph, app), width);
        out.extend(wrapped.into_iter().map(|l| Line::styled(l, theme.text())));
        out.push(Line::default());
    }
    let key = app.look.keys.name_of(Context::Learn, &Action::Submit);
    let (done, n) = (app.learn.learned.n_done(lesson), lesson.tasks.len());
    out.push(Line::from(vec![
        Span::styled(key, theme.accent()),
        Span::styled(" begins, on the real screens: ", theme.text()),
        Span::styled(format!("{n} tasks, {done} done"), theme.dim()),
    ]));
    out
}

fn text(app: &App, lesson: &Lesson, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let lines = lines(app, lesson, usize::from(area.width), theme);
    let rows = usize::from(area.height);
    let top = app.learn.scroll.min(lines.len().saturating_sub(rows));
    if lines.len() > top + rows {
        pane::more_beside(area, theme, buf);
    }
    Paragraph::new(lines)
        .scroll((top as u16, 0))
        .render(area, buf);
}

/// The farthest the text can be scrolled.
pub(crate) fn last_scroll(app: &App) -> usize {
    let Some(lesson) = app.learn.lessons.get(app.learn.selected) else {
        return 0;
    };
    let body = layout::shell(app, layout::whole(app)).body;
    let [area, _] = divide(lesson, pane::inner(places(body).1));
    let n = lines(
        app,
        lesson,
        usize::from(area.width),
        &app.look.theme.theme(),
    )
    .len();
    n.saturating_sub(usize::from(area.height))
}
