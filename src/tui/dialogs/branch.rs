//! Where a branch may leave the run, and with what.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::present::number::prob;
use crate::present::record::Record;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, fit_left, pad};
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::branches::Fork;
use crate::tui::widgets::list::chosen;
use crate::tui::widgets::{bars, pane};

const WIDTH: u16 = 72;
const TOKEN: usize = 20;
/// Above the alternatives: the step itself, and what they stand after.
const HEAD: u16 = 3;

/// Row 0 branches from the step, the others with another token.
#[derive(Debug)]
pub(crate) struct BranchDialog {
    pub(crate) row: usize,
}

impl Dialog for BranchDialog {
    fn context(&self) -> Context {
        Context::Branch
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => Vec::new(),
            Action::Submit => app.branch(self.row),
            other => {
                let last = app.fork().map_or(0, |fork| fork.top.len());
                self.row = chosen(self.row, other, last);
                app.keep(self);
                Vec::new()
            }
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let (Some(record), Some(fork)) = (app.record(), app.fork()) else {
            return;
        };
        let title = format!("BRANCH FROM STEP {}", fork.step + 1);
        let inner = pane::dialog(&title, place(app, area), theme, buf);
        let width = usize::from(inner.width);
        let settings = format!("from its start, with {}", app.next.params.verify.describe());
        pane::put(
            buf,
            inner,
            0,
            &Line::styled(fit(&settings, width), theme.text()),
        );
        pane::put(buf, inner, 2, &heading(app, record, &fork, theme, width));
        for i in 0..fork.top.len() {
            let line = alternative(record, &fork, i, theme, width);
            pane::put(buf, inner, HEAD + i as u16, &line);
        }
        let selected = if self.row == 0 {
            0
        } else {
            HEAD + self.row as u16 - 1
        };
        if selected < inner.height {
            pane::light(inner, selected, theme, buf);
        }
    }

    fn line_at(&self, app: &App, area: Rect, at: Position) -> Option<usize> {
        let inner = pane::inner(place(app, area));
        let line = usize::from(at.y.checked_sub(inner.y)?);
        let row = match line {
            0 => Some(0),
            line => line
                .checked_sub(usize::from(HEAD) - 1)
                .filter(|&row| row > 0),
        };
        row.filter(|_| inner.contains(at))
    }
}

impl App {
    pub(crate) fn open_branch(&mut self) {
        match self.why_no_branch() {
            Some(why) => self.tell(Tone::Info, why),
            None => self.ask(BranchDialog { row: 0 }),
        }
    }
}

fn place(app: &App, area: Rect) -> Rect {
    let n = app.fork().map_or(0, |fork| fork.top.len()) as u16;
    pane::centred(area, WIDTH.min(area.width), (n + HEAD + 2).min(area.height))
}

fn heading(
    app: &App,
    record: &Record,
    fork: &Fork<'_>,
    theme: &Theme,
    width: usize,
) -> Line<'static> {
    let said = "or force another token after ";
    let before = app
        .step()
        .map_or_else(String::new, |s| record.text_before(s, fork.node, 8));
    let before = fit_left(&before, width.saturating_sub(columns(said)));
    Line::from(vec![
        Span::styled(said, theme.text()),
        Span::styled(before, theme.strong()),
    ])
}

fn alternative(
    record: &Record,
    fork: &Fork<'_>,
    i: usize,
    theme: &Theme,
    width: usize,
) -> Line<'static> {
    let candidate = fork.top[i];
    let note = match candidate.0 {
        id if Some(id) == fork.taken => "as in this run",
        id if record.trace.header.eos.contains(&id) => "ends the text",
        _ => "",
    };
    let head = format!("{:>2} {} ", i + 1, pad(&record.quoted(candidate.0), TOKEN));
    let room = width.saturating_sub(columns(&head) + 20);
    let bar = bars::across(f64::from(candidate.1), room);
    let gap = " ".repeat(room - columns(&bar));
    Line::from(vec![
        Span::styled(head, theme.strong()),
        Span::styled(bar, theme.gauge()),
        Span::styled(format!("{gap} {:>3} ", prob(candidate.1)), theme.text()),
        Span::styled(note, theme.dim()),
    ])
}
