//! The runs that can be compared, a line each, named by what they are; with their
//! subject where it is another one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::present::theme::Theme;
use crate::speculate::compare::Side;
use crate::tui::app::App;
use crate::tui::dialogs::view::{first_run, run_line};
use crate::tui::widgets::pane;

const WIDTH: u16 = 110;

pub fn place(app: &App, side: Side, area: Rect) -> Rect {
    let n = app.offered(side).len() as u16;
    pane::centred(
        area,
        WIDTH.min(area.width.saturating_sub(2)),
        (n + 2).min(area.height.saturating_sub(4)),
    )
}

pub fn render(app: &App, side: Side, row: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let title = match side {
        Side::Left => "WHICH RUN IS A?",
        Side::Right => "WHICH RUN IS B?",
    };
    let inner = pane::dialog(title, place(app, side, area), theme, buf);
    let left = app.compare.left.and_then(|c| app.run_of(c.run()));
    let compared = left.map_or("", |r| &r.subject.title);
    let height = usize::from(inner.height);
    let first = first_run(row, height);
    let offered = app.offered(side).into_iter();
    for (i, choice) in offered.enumerate().skip(first).take(height) {
        let subject = app.run_of(choice.run()).map_or("", |r| &r.subject.title);
        let settings = app.settings_of(choice);
        let name = match subject == compared {
            true => settings,
            false => format!("{subject} · {settings}"),
        };
        let times = app.times_of(choice);
        let at = (i - first) as u16;
        pane::put(buf, inner, at, &run_line(&name, &times, inner.width, theme));
        if i == row {
            pane::light(inner, at, theme, buf);
        }
    }
}
