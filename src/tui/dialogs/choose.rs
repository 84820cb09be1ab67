//! The runs that can be compared, a line each, named by what they are; with their
//! subject where it is another one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::protocol::Command;
use crate::speculate::compare::Side;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::columns::RunColumn;
use crate::tui::screens::compare::state::Choice;
use crate::tui::widgets::list::{chosen, first_shown, lit, named_row, row_at};
use crate::tui::widgets::pane;
use crate::tui::widgets::sort::{Sorting, order_note};

const WIDTH: u16 = 110;
/// A title is not cut to less.
const LEAST_TITLE: usize = 12;

/// Which run the Compare screen is to have on a side.
#[derive(Debug)]
pub struct ChooseRun {
    pub(crate) side: Side,
    pub(crate) row: usize,
    sorting: Sorting<RunColumn>,
}

impl ChooseRun {
    fn choices(&self, app: &App) -> Vec<Choice> {
        app.sorted_choices(app.offered(self.side), &self.sorting)
    }
}

impl Dialog for ChooseRun {
    fn context(&self) -> Context {
        Context::Runs
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Sort => self.sorting.next(),
            Action::ReverseSort => self.sorting.reverse(),
            _ => {}
        }
        let choices = self.choices(app);
        self.row = chosen(self.row, action, choices.len().saturating_sub(1));
        match action {
            Action::Close => {}
            Action::Submit => {
                if let Some(&choice) = choices.get(self.row) {
                    app.put_on(self.side, choice);
                }
            }
            _ => app.keep(self),
        }
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let title = match self.side {
            Side::Left => "WHICH RUN IS A?",
            Side::Right => "WHICH RUN IS B?",
        };
        let rect = place(app, self.side, area);
        let inner = pane::dialog(title, rect, theme, buf);
        pane::note(&[order_note(&self.sorting, theme)], title.len(), rect, buf);
        let left = app.compare.left.and_then(|c| app.run_of(c.run()));
        let compared = left.map_or("", |r| &r.subject.title);
        let rows = self.choices(app).into_iter().map(|choice| {
            let subject = app.run_of(choice.run()).map_or("", |r| &r.subject.title);
            let settings = app.settings_of(choice);
            let times = app.times_of(choice);
            let room = usize::from(inner.width).saturating_sub(columns(&times) + 2);
            let left = room.saturating_sub(columns(&settings) + 3).max(LEAST_TITLE);
            let name = match subject == compared {
                true => settings,
                false => format!("{} · {settings}", fit(subject, left)),
            };
            named_row(&name, &times, inner.width, theme)
        });
        lit(rows, Some(self.row), theme, inner, buf);
    }

    fn line_at(&self, app: &App, area: Rect, at: Position) -> Option<usize> {
        let rows = pane::inner(place(app, self.side, area));
        let first = first_shown(self.row, usize::from(rows.height));
        row_at(rows, first, app.offered(self.side).len(), at)
    }
}

impl App {
    /// Asks which run is to be on a side.
    pub(crate) fn ask_for_run(&mut self, side: Side) {
        let choices = self.offered(side);
        if choices.is_empty() {
            let text = match side {
                Side::Left => "No runs yet.",
                Side::Right => "No other runs yet.",
            };
            return self.tell(Tone::Info, text);
        }
        let now = self.compare.choice(side);
        let at = choices.iter().position(|c| Some(*c) == now);
        let row = at.unwrap_or(0);
        self.ask(ChooseRun {
            side,
            row,
            sorting: Sorting::default(),
        });
    }
}

fn place(app: &App, side: Side, area: Rect) -> Rect {
    let n = app.offered(side).len() as u16;
    pane::centred(
        area,
        WIDTH.min(area.width.saturating_sub(2)),
        (n + 2).min(area.height.saturating_sub(4)),
    )
}
