//! Asks before runs that are in no file are lost.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::present::number::count;
use crate::present::theme::Theme;
use crate::protocol::{Command, RunId};
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Effect};
use crate::tui::keys::context::Context;
use crate::tui::runs::run::Run;
use crate::tui::widgets::message;

/// Titles that the question names.
const NAMED: usize = 3;

/// The question whether to quit.
#[derive(Debug)]
pub struct Leave {
    /// The dialog in which it came up, which comes back.
    under: Option<Box<dyn Dialog>>,
}

impl Dialog for Leave {
    fn context(&self) -> Context {
        Context::Leave
    }

    fn update(self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Save if !app.runs_in_no_file().is_empty() => app.save_and_quit(),
            Action::Close => app.dialog = self.under,
            _ => app.keep(self),
        }
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let key = |action| app.key_of(Context::Leave, action);
        let lost = [app.lost_runs_named(), app.lost_edits_named()];
        let lost: Vec<String> = lost.into_iter().flatten().collect();
        let saves = match app.runs_in_no_file().is_empty() {
            true => String::new(),
            false => format!("{} saves the runs and quits.  ", key(Action::Save)),
        };
        let text = format!(
            "\n{}\n\n{saves}{} quits without saving.  {} stays.\n",
            lost.join("\n\n"),
            key(Action::Quit),
            key(Action::Close)
        );
        message::render("QUIT?", &text, theme, area, buf);
    }
}

impl App {
    /// Quits; asks first, once, where something would be lost.
    pub(crate) fn quit(&mut self) {
        let is_asked = self.dialog_of::<Leave>().is_some();
        let is_lost = !self.runs_in_no_file().is_empty() || self.n_edits_to_lose() > 0;
        match is_lost && !is_asked {
            true => {
                let under = self.dialog.take();
                self.ask(Leave { under });
            }
            false => self.effects.push(Effect::Quit),
        }
    }

    /// Runs made in this session whose steps are in no file, oldest first.
    pub(crate) fn runs_in_no_file(&self) -> Vec<RunId> {
        let runs = self.session.runs.iter();
        runs.filter(|r| r.is_in_no_file()).map(|r| r.id).collect()
    }

    /// Saves what would be lost; the last file that is written ends the screens.
    fn save_and_quit(&mut self) {
        let lost = self.runs_in_no_file();
        lost.iter().for_each(|&id| self.save_run(id));
        self.session.to_save = lost;
    }

    /// One of the files before the end is written, or is not: then the screens stay.
    pub(crate) fn saved_before_leaving(&mut self, id: RunId, is_saved: bool) {
        if !is_saved {
            self.session.to_save.clear();
        }
        let Some(place) = self.session.to_save.iter().position(|&run| run == id) else {
            return;
        };
        self.session.to_save.remove(place);
        if self.session.to_save.is_empty() {
            self.effects.push(Effect::Quit);
        }
    }

    fn lost_runs_named(&self) -> Option<String> {
        let lost = self.runs_in_no_file();
        let runs = lost.iter().rev().filter_map(|&id| self.run_of(id));
        let titles: Vec<&str> = runs.map(|r| r.subject.title.as_str()).collect();
        let mut named = titles[..titles.len().min(NAMED)].join(", ");
        if titles.len() > NAMED {
            named.push_str(&format!(" and {} more", titles.len() - NAMED));
        }
        let verb = if lost.len() == 1 { "is" } else { "are" };
        let n = count(lost.len(), "run");
        (!lost.is_empty()).then(|| format!("{n} {verb} not saved: {named}."))
    }

    fn lost_edits_named(&self) -> Option<String> {
        let n = self.n_edits_to_lose();
        let key = self.key_of(
            Context::Pool,
            Action::Pool(crate::tui::action::PoolAction::Save),
        );
        let text = || {
            format!(
                "{} to the pool on disk not saved: {key} on the Pool screen saves.",
                count(n, "change")
            )
        };
        (n > 0).then(text)
    }

    /// Changes to a pool on disk that are in memory only.
    fn n_edits_to_lose(&self) -> usize {
        let overview = self.pool.overview.as_ref();
        let on_disk = overview.filter(|o| o.pool_on_disk.is_some());
        on_disk.map_or(0, |o| o.n_unsaved)
    }
}

impl Run {
    /// Steps that were made here, and that no file has.
    fn is_in_no_file(&self) -> bool {
        self.recording().is_none() && self.n_steps() > 0 && self.saved != Some(self.extent())
    }
}
