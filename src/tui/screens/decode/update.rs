//! The Decode screen's actions: playing, moving through time, selecting.

use std::time::Duration;

use crate::present::format::Format;
use crate::present::lines::Ghosts;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::dialogs::export::ExportMenu;
use crate::tui::dialogs::go_to::GoTo;
use crate::tui::dialogs::inside_pass::InsidePass;
use crate::tui::dialogs::settings::SettingsDialog;
use crate::tui::dialogs::why_low::WhyLowDialog;
use crate::tui::dialogs::why_slow::WhySlowDialog;
use crate::tui::keys::context::Context;
use crate::tui::runs::run::{Origin, Phase, Run};
use crate::tui::screens::Screen;
use crate::tui::screens::decode::state::{Cursor, Zoom};

/// Steps a page key moves.
const PAGE_STEPS: i64 = 10;

impl App {
    pub(crate) fn update_decode(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::PlayPause => return self.play_pause(),
            Action::SingleStep => return self.single_step(),
            Action::NextStep => return self.next_step(),
            Action::NextPhase => return self.next_phase(),
            Action::OpenDocument => return self.open_origin(),
            Action::StopRun => return self.stop(),
            Action::Reference => return self.measure(),
            Action::Again => return self.again(),
            Action::Slower => return self.set_pace(self.decode.pace.slower()),
            Action::Faster => return self.set_pace(self.decode.pace.faster()),
            Action::RetryModel | Action::CancelFetch | Action::MeasureCost => {
                return self.update_model(&action);
            }
            Action::Settings => self.ask(SettingsDialog { row: 0 }),
            Action::GoTo => self.ask(GoTo::default()),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::Save => self.save(),
            Action::Export => self.ask_format(),
            Action::Close => self.leave(),
            other => self.look(other),
        }
        Vec::new()
    }

    /// What only changes what is looked at.
    fn look(&mut self, action: Action) {
        match action {
            Action::PreviousStep => self.move_steps(-1),
            Action::PageUp => self.move_steps(-PAGE_STEPS),
            Action::PageDown => self.move_steps(PAGE_STEPS),
            Action::First => self.decode.go_to(Cursor::at(0)),
            Action::Last => self.last_step(),
            Action::Follow => self.decode.go_to(Cursor::Follow),
            Action::PreviousMatch => self.find_match(false),
            Action::NextMatch => self.find_match(true),
            Action::Condition => self.open_condition(),
            Action::ChangeMatch => self.set_step_filter(self.decode.step_filter.next()),
            Action::PreviousPhase => self.previous_phase(),
            Action::Bookmark => self.toggle_bookmark(),
            Action::NextBookmark => self.next_bookmark(),
            Action::Filter => self.open_search(),
            Action::Branch => self.open_branch(),
            Action::WhyLow if self.n_steps() > 0 => self.ask(WhyLowDialog::default()),
            Action::Predict => self.predict(),
            Action::InsidePass if self.n_steps() > 0 => self.ask(InsidePass::default()),
            Action::WhySlow if self.n_steps() > 0 => self.ask(WhySlowDialog::default()),
            Action::NextPane => self.decode.focus(self.decode.pane.neighbour(true)),
            Action::PreviousPane => self.decode.focus(self.decode.pane.neighbour(false)),
            Action::Zoom => self.toggle_zoom(),
            Action::Ghosts => self.toggle_ghosts(),
            Action::Up => self.move_selection(-1),
            Action::Down => self.move_selection(1),
            Action::Click(target) => self.click(target),
            Action::Wheel(target, delta) => self.wheel(target, delta),
            _ => {}
        }
    }

    fn play_pause(&mut self) -> Vec<Command> {
        let Some(run) = self.run_mut() else {
            return Vec::new();
        };
        match (&run.origin, &run.phase) {
            (Origin::Live { .. }, Phase::Running | Phase::Asked | Phase::Prompt { .. }) => {
                vec![Command::Pause]
            }
            (Origin::Live { .. }, Phase::Paused) => {
                self.decode.go_to(Cursor::Follow);
                vec![Command::Resume]
            }
            (Origin::Live { .. }, Phase::Ended | Phase::Failed(_)) => {
                let key = |action| self.key_of(Context::Decode, action);
                let text = format!(
                    "The run has ended: {} {} step through it, {} runs it again.",
                    key(Action::PreviousStep),
                    key(Action::NextStep),
                    key(Action::Again)
                );
                self.tell(Tone::Info, text);
                Vec::new()
            }
            (Origin::Recorded { .. }, _) => {
                self.play_recording();
                Vec::new()
            }
        }
    }

    fn play_recording(&mut self) {
        let Some(run) = self.run_mut() else { return };
        match run.phase {
            Phase::Running => run.phase = Phase::Paused,
            Phase::Ended => {
                run.rewind();
                run.phase = Phase::Running;
                self.decode.go_to(Cursor::Follow);
            }
            _ => {
                run.phase = Phase::Running;
                self.decode.go_to(Cursor::Follow);
            }
        }
    }

    pub(crate) fn single_step(&mut self) -> Vec<Command> {
        self.decode.go_to(Cursor::Follow);
        let Some(run) = self.run_mut() else {
            return Vec::new();
        };
        if run.is_under_way() {
            return vec![Command::Step];
        }
        if run.recording().is_some() {
            run.phase = Phase::Paused;
            run.play_step();
        }
        Vec::new()
    }

    /// One step on; at the end of a paused run this makes one.
    fn next_step(&mut self) -> Vec<Command> {
        let last = self.record().map_or(0, |r| r.n_steps()).saturating_sub(1);
        let at_end = self.step_index().is_none_or(|at| at >= last);
        let paused = self.run().is_some_and(|r| r.phase == Phase::Paused);
        if at_end && paused {
            return self.single_step();
        }
        self.move_steps(1);
        Vec::new()
    }

    pub(crate) fn move_steps(&mut self, delta: i64) {
        let Some(at) = self.step_index() else { return };
        let last = self.record().map_or(0, |r| r.n_steps()).saturating_sub(1) as i64;
        let to = (at as i64 + delta).clamp(0, last) as usize;
        self.decode.go_to(Cursor::at(to));
    }

    fn last_step(&mut self) {
        if let Some(run) = self.run_mut() {
            run.play_all();
        }
        self.decode.go_to(Cursor::Follow);
    }

    pub(crate) fn go_to_number(&mut self, text: &str) {
        let n_steps = self.record().map_or(0, |r| r.n_steps());
        match text.trim().parse::<usize>() {
            Ok(n) if (1..=n_steps).contains(&n) => self.decode.go_to(Cursor::at(n - 1)),
            _ if text.trim().is_empty() => {}
            _ => self.tell(
                Tone::Problem,
                format!("No step `{}`: steps are 1 to {n_steps}.", text.trim()),
            ),
        }
    }

    fn stop(&mut self) -> Vec<Command> {
        if self.shows_live_lane() {
            return vec![Command::CancelBatch];
        }
        match self.run_mut() {
            Some(run) if run.is_under_way() || run.references.is_busy() => {
                run.references.wanted.clear();
                self.session.queue.clear();
                vec![Command::Stop]
            }
            _ => Vec::new(),
        }
    }

    fn set_pace(&mut self, pace: crate::tui::screens::decode::state::Pace) -> Vec<Command> {
        self.decode.pace = pace;
        self.tell(Tone::Info, format!("Pace: {}", pace.describe()));
        if self.run().is_some_and(Run::is_under_way) {
            vec![Command::SetPace(pace.duration())]
        } else {
            Vec::new()
        }
    }

    fn save(&mut self) {
        match self.run() {
            Some(run) if run.recording().is_some() => {
                self.tell(Tone::Info, "This run is already a recording.");
            }
            Some(run) if run.n_steps() > 0 => self.save_run(run.id),
            _ => self.tell(Tone::Info, "Nothing to save yet."),
        }
    }

    fn ask_format(&mut self) {
        match self.run() {
            Some(run) if run.n_steps() > 0 => self.ask(ExportMenu { row: 0 }),
            _ => self.tell(Tone::Info, "Nothing to export yet."),
        }
    }

    pub(crate) fn export(&mut self, format: Format) {
        if let Some(id) = self.session.shown {
            self.effects.push(Effect::Export(id, format));
        }
    }

    fn leave(&mut self) {
        if self.decode.end_search() {
            return;
        }
        match self.decode.zoom {
            Zoom::One => self.decode.zoom = Zoom::All,
            Zoom::All if self.batch.is_in_decode => self.back_to_batch(),
            Zoom::All => self.screen = Screen::Catalog,
        }
    }

    fn toggle_zoom(&mut self) {
        self.decode.zoom = self.decode.zoom.other();
    }

    fn toggle_ghosts(&mut self) {
        let (ghosts, text) = match self.decode.ghosts {
            Ghosts::Hidden => (
                Ghosts::Shown,
                "The text shows the rejected draft at the end of each step.",
            ),
            Ghosts::Shown => (Ghosts::Hidden, "The text shows only what was committed."),
        };
        self.decode.ghosts = ghosts;
        self.tell(Tone::Info, text);
    }

    /// Time went by: recordings play on.
    pub(crate) fn tick(&mut self, elapsed: Duration) -> Vec<Command> {
        self.look.frame = self.look.frame.wrapping_add(1);
        let pace = self.decode.pace.duration();
        if let Some(run) = self.run_mut() {
            run.play_on(elapsed, pace);
        }
        self.batch.play_on(elapsed, pace);
        self.race_on(elapsed);
        self.watch_board(elapsed);
        if let Some(notice) = &mut self.notice {
            notice.age += elapsed;
        }
        Vec::new()
    }
}
