//! Earlier runs, this session's first.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::begin::Listed;
use crate::tui::runs::columns::RunColumn;
use crate::tui::runs::run::Run;
use crate::tui::screens::catalog::detail::{earlier_summary, summary};
use crate::tui::widgets::list::{chosen, first_shown, lit, named_row, row_at};
use crate::tui::widgets::pane;
use crate::tui::widgets::sort::{Sorting, order_note};

const WIDTH: u16 = 100;
/// Columns of the title.
const TITLE: usize = 12;

#[derive(Debug)]
pub(crate) struct RunsDialog {
    pub(crate) row: usize,
    sorting: Sorting<RunColumn>,
}

impl Dialog for RunsDialog {
    fn context(&self) -> Context {
        Context::Runs
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => {}
            Action::Submit => app.open_listed(&self.sorting, self.row),
            Action::Sort | Action::ReverseSort => {
                match action {
                    Action::Sort => self.sorting.next(),
                    _ => self.sorting.reverse(),
                }
                self.row = 0;
                app.keep(self);
            }
            other => {
                let last = app.listed_runs().count().saturating_sub(1);
                self.row = chosen(self.row, other, last);
                app.keep(self);
            }
        }
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let rect = place(app, area);
        let inner = pane::dialog("EARLIER RUNS", rect, theme, buf);
        pane::note(&[order_note(&self.sorting, theme)], TITLE, rect, buf);
        let rows = app.sorted_runs(&self.sorting).into_iter().map(|listed| {
            let (name, text) = match listed {
                Listed::Run { run, depth } => (run_name(run, depth), summary(run)),
                Listed::Earlier(earlier) => {
                    (earlier.subject.title.clone(), earlier_summary(earlier))
                }
            };
            named_row(&name, &text, inner.width, theme)
        });
        lit(rows, Some(self.row), theme, inner, buf);
    }

    fn line_at(&self, app: &App, area: Rect, at: Position) -> Option<usize> {
        let rows = pane::inner(place(app, area));
        let first = first_shown(self.row, usize::from(rows.height));
        row_at(rows, first, app.listed_runs().count(), at)
    }
}

impl App {
    pub(crate) fn open_runs_dialog(&mut self) {
        if self.listed_runs().next().is_none() {
            let key = self.key_of(Context::Catalog, Action::Generate);
            self.tell(
                Tone::Info,
                format!("No runs yet: {key} in the catalog starts one."),
            );
        } else {
            self.ask(RunsDialog {
                row: 0,
                sorting: Sorting::default(),
            });
        }
    }
}

fn place(app: &App, area: Rect) -> Rect {
    let n = app.listed_runs().count() as u16;
    pane::centred(
        area,
        WIDTH.min(area.width - 4),
        (n + 2).min(area.height - 4),
    )
}

/// A branch hangs below the run that it left.
fn run_name(run: &Run, depth: usize) -> String {
    match (depth, run.begins()) {
        (0, None) => run.subject.title.clone(),
        (0, Some(from)) => format!("{} from {from}", run.subject.title),
        (_, from) => {
            let from = from.unwrap_or_else(|| run.subject.title.clone());
            format!("{}└─ {from}", "   ".repeat(depth - 1))
        }
    }
}
