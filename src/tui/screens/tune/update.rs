//! The Tune screen's actions: moving settings, judging them, running and saving them.

use crate::protocol::Command;
use crate::speculate::command_line::{CommandLine, Files};
use crate::speculate::parameters::Way;
use crate::speculate::params::Params;
use crate::speculate::trace::SubjectInfo;
use crate::speculate::whatif::{Change, what_if};
use crate::tui::action::Action;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::runs::begin::Begin;
use crate::tui::screens::Screen;
use crate::tui::screens::tune::state::{Answered, Side};
use crate::tui::settings::Setting;

impl App {
    /// The screen comes to the front: the sliders stand where the shown run's
    /// parameters are, unless they were moved from there already.
    pub(crate) fn enter_tune(&mut self) {
        self.screen = Screen::Tune;
        if self.tune.begun_with != self.session.shown || self.session.shown.is_none() {
            self.reset_sliders();
        }
        self.judge_again();
    }

    /// The run that the what-if is about, and its parameters.
    pub(crate) fn tuned_run(&self) -> Option<Params> {
        let record = self.record()?;
        Some(record.trace.params_at(record.n_steps()))
    }

    fn reset_sliders(&mut self) {
        self.tune.begun_with = self.session.shown;
        self.tune.params = self.tuned_run().unwrap_or(self.next.params);
        self.judge_again();
    }

    /// Judges the shown run again, if anything was moved and it is not judged yet.
    pub(crate) fn judge_again(&mut self) {
        let (Some(run), Some(before)) = (self.run(), self.tuned_run()) else {
            self.tune.answered = None;
            return;
        };
        let (id, n_steps, after) = (run.id, run.n_steps(), self.tune.params);
        let is_it = |a: &Answered| (a.run, a.n_steps, a.params) == (id, n_steps, after);
        if self.tune.answered.as_ref().is_some_and(is_it) {
            return;
        }
        let (change, rerun) = Change::between(&before, &after);
        let record = self.record().filter(|r| r.n_steps() > 0 && before != after);
        self.tune.answered = record.map(|record| Answered {
            run: id,
            n_steps,
            params: after,
            what_if: what_if(&record.trace, &change),
            rerun,
        });
    }

    pub(crate) fn update_tune(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Close => self.screen = Screen::Catalog,
            Action::NextPane | Action::PreviousPane => self.tune.side = self.tune.side.other(),
            Action::Reset => self.reset_sliders(),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::CopyCommand => self.copy_command(),
            Action::Branch => return self.branch_at_change(),
            Action::SaveSettings => self.effects.push(Effect::SaveSettings(self.tune.params)),
            Action::Click(target) => self.tune.click(&target),
            Action::Submit if self.tune.side == Side::Sliders => return self.rerun(),
            other if self.tune.side == Side::Sweep || other.is_about_sweeps() => {
                return self.update_sweep(other);
            }
            other => return self.update_sliders(&other),
        }
        Vec::new()
    }

    fn update_sliders(&mut self, action: &Action) -> Vec<Command> {
        let sliders = Setting::sliders(&self.tune.params);
        let (row, last) = (self.tune.row.min(sliders.len() - 1), sliders.len() - 1);
        self.tune.row = match action {
            Action::Up => row.saturating_sub(1),
            Action::Down => (row + 1).min(last),
            Action::PageUp => row.saturating_sub(PAGE),
            Action::PageDown => (row + PAGE).min(last),
            Action::Wheel(_, delta) if *delta < 0 => row.saturating_sub(1),
            Action::Wheel(..) => (row + 1).min(last),
            _ => row,
        };
        let setting = sliders[self.tune.row];
        let moved = match action {
            Action::Less => setting.moved(&self.tune.params, Way::Less),
            Action::More => setting.moved(&self.tune.params, Way::More),
            Action::First => setting.moved_to_end(&self.tune.params, Way::Less),
            Action::Last => setting.moved_to_end(&self.tune.params, Way::More),
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => return Vec::new(),
            other => return self.update_model(other),
        };
        self.tune.params = moved;
        self.judge_again();
        Vec::new()
    }

    /// The shown run's subject, or the catalog's selected one, with these settings.
    fn rerun(&mut self) -> Vec<Command> {
        self.next.params = self.tune.params;
        let commands = match self.run() {
            Some(_) => self.again_from_there(),
            None => self.generate_selected(Begin::Running),
        };
        // The new run has these very settings.
        self.tune.begun_with = self.session.shown;
        commands
    }

    /// The command line that decodes like the sliders say.
    pub(crate) fn tuned_command(&self) -> String {
        match self.run() {
            Some(run) => self.command_with(Some(&run.subject), &self.tune.params),
            None => {
                let selected = self.catalog.selected();
                let asked = selected.and_then(|at| self.catalog.question_about(at).ok());
                self.command_with(asked.as_ref().map(|asked| &asked.0), &self.tune.params)
            }
        }
    }

    /// The command line that asks about a subject with these parameters; a custom
    /// prompt is that of the run that is shown.
    pub(crate) fn command_with(&self, subject: Option<&SubjectInfo>, params: &Params) -> String {
        let header = self.record().map(|record| &record.trace.header);
        let header = header.filter(|h| subject.is_some_and(|s| *s == h.subject));
        let setup = subject.map(|s| self.engine.setup.words_for(&s.framework));
        CommandLine {
            subject,
            asked: header.and_then(|h| h.asked.as_deref()),
            params,
            configured: Some(&self.tune.configured),
            setup: &setup.unwrap_or_else(|| self.engine.setup.words.clone()),
            cost: None,
            header: None,
            files: Files {
                own: self.run().and_then(|run| run.file.as_deref()),
                parent: None,
            },
        }
        .text()
    }

    fn copy_command(&mut self) {
        let line = self.tuned_command();
        self.tell(Tone::Good, format!("Copied: {line}"));
        self.effects.push(Effect::Copy(line));
    }

    /// What became of saving the settings.
    pub fn settings_saved(&mut self, params: Params, outcome: Result<String, String>) {
        match outcome {
            Ok(path) => {
                self.tune.configured = params;
                self.next.params = params;
                self.tell(Tone::Good, format!("Settings saved to {path}"));
            }
            Err(why) => self.tell(Tone::Problem, format!("Not saved: {why}")),
        }
    }
}

/// Settings a page key moves over.
const PAGE: usize = 5;
