//! What `laserscope score` says of the answers that were marked on the acceptance board.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::page::Page;
use crate::present::number::count;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::catalog::board::scoring::{MarkedScore, MarkedScoring};
use crate::tui::widgets::paragraph::wrap;

const PAGE: Page = Page {
    title: "SCORES",
    width: 104,
    lines,
};

/// The page; it waits for the scores where they are not there yet.
#[derive(Debug, Default)]
pub struct ScoreDialog {
    scroll: usize,
}

impl Dialog for ScoreDialog {
    fn context(&self) -> Context {
        Context::Score
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => {
                app.cancel_scoring();
                return Vec::new();
            }
            Action::Submit => {
                if let Some(score) = score(app) {
                    app.effects.push(Effect::Copy(score.command));
                }
            }
            other => self.scroll = PAGE.scrolled(app, self.scroll, other),
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        PAGE.render(app, self.scroll, theme, area, buf);
    }
}

fn score(app: &App) -> Option<MarkedScore> {
    app.catalog.board.scoring.as_ref()?.score()
}

fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let Some(score) = score(app) else {
        let scoring = app.catalog.board.scoring.as_ref();
        let n = scoring.map_or(0, |scoring| scoring.n);
        let stop = app.key_of(Context::Score, Action::Close);
        let text = format!("Scoring {}; {stop} stops it.", count(n, "answer"));
        return vec![Line::styled(text, theme.dim())];
    };
    let styled = |style| move |text: String| Line::styled(text, style);
    let command = wrap(&score.command, width).into_iter();
    let mut lines: Vec<Line<'static>> = command.map(styled(theme.dim())).collect();
    lines.push(Line::default());
    let (printed, style) = match score.printed {
        Ok(printed) => (printed, theme.text()),
        Err(why) => (why, theme.error()),
    };
    for line in printed.lines() {
        lines.extend(wrap(line, width).into_iter().map(styled(style)));
    }
    lines
}

impl App {
    /// Begins to score the marked answers, in the background.
    pub(crate) fn score_marked(&mut self) {
        let tab = &mut self.catalog.board;
        let n = tab.chosen().len();
        if n == 0 {
            return self.tell(Tone::Info, "The board is empty: there is nothing to score.");
        }
        self.cancel_scoring();
        self.catalog.board.scoring = Some(MarkedScoring::new(n));
        self.effects.push(Effect::ScoreMarked);
        self.ask(ScoreDialog::default());
    }

    /// Scoring that is under way ends.
    pub(crate) fn cancel_scoring(&mut self) {
        if let Some(scoring) = &self.catalog.board.scoring
            && scoring.is_under_way()
        {
            scoring.cancel();
            self.tell(Tone::Info, "Scoring was stopped.");
        }
    }
}
