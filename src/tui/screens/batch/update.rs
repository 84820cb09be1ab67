//! The Batch screen's actions: playing, moving through the passes, opening a lane.

use std::time::Duration;

use super::state::{BatchPane, BatchStand, PassCursor};
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::screens::decode::state::{Cursor, Pace, Zoom};
use crate::tui::target::Target;
use crate::tui::widgets::sort::Sorting;

/// Passes a page key moves.
const PAGE_PASSES: i64 = 10;

impl App {
    pub(crate) fn update_batch(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::StartBatch => return self.start_batch(),
            Action::PlayPause => return self.play_batch(),
            Action::SingleStep => return self.single_pass(),
            Action::NextStep => return self.next_pass(),
            Action::StopRun => return self.stop_batch(),
            Action::Slower => return self.set_batch_pace(self.decode.pace.slower()),
            Action::Faster => return self.set_batch_pace(self.decode.pace.faster()),
            Action::Fewer => self.resize_batch(false),
            Action::MoreSubjects => self.resize_batch(true),
            Action::Submit => self.open_lane(),
            Action::Close => self.leave_batch(),
            Action::PreviousStep
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::Follow => self.move_in_batch(&action),
            Action::Sort => self.batch.sort(Sorting::next),
            Action::ReverseSort => self.batch.sort(Sorting::reverse),
            Action::Up
            | Action::Down
            | Action::NextPane
            | Action::PreviousPane
            | Action::Zoom
            | Action::Click(_)
            | Action::Wheel(..) => self.look_at_lanes(&action),
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    /// What only changes which pass is looked at; it asks nothing of the engine.
    fn move_in_batch(&mut self, action: &Action) {
        self.batch.playing = None;
        match action {
            Action::PreviousStep => self.batch.move_passes(-1),
            Action::PageUp => self.batch.move_passes(-PAGE_PASSES),
            Action::PageDown => self.batch.move_passes(PAGE_PASSES),
            Action::First => self.batch.cursor = PassCursor::At(0),
            _ => self.batch.cursor = PassCursor::Follow,
        }
    }

    fn look_at_lanes(&mut self, action: &Action) {
        let last = self.batch.n_lanes().saturating_sub(1);
        match action {
            Action::Up | Action::Wheel(_, i32::MIN..0) => self.batch.move_lanes(-1),
            Action::Down | Action::Wheel(..) => self.batch.move_lanes(1),
            Action::NextPane => self.batch.focus(self.batch.pane.neighbour(true)),
            Action::PreviousPane => self.batch.focus(self.batch.pane.neighbour(false)),
            Action::Zoom => self.batch.zoom = self.batch.zoom.other(),
            Action::Click(Target::Lane(lane)) => {
                self.batch.focus(BatchPane::Lanes);
                self.batch.lane = (*lane).min(last);
            }
            Action::Click(Target::BatchPane(pane)) => self.batch.focus(*pane),
            _ => {}
        }
    }

    fn stand(&self) -> Option<&BatchStand> {
        self.batch.batch.as_ref().map(|batch| &batch.stand)
    }

    fn play_batch(&mut self) -> Vec<Command> {
        match self.stand() {
            Some(BatchStand::Preparing { .. } | BatchStand::UnderWay) => vec![Command::Pause],
            Some(BatchStand::Paused) => {
                self.batch.cursor = PassCursor::Follow;
                vec![Command::Resume]
            }
            Some(_) => {
                self.play_passes();
                Vec::new()
            }
            None => self.tell_no_batch(),
        }
    }

    /// Plays what was recorded, from the first pass again at the end.
    fn play_passes(&mut self) {
        if self.batch.playing.take().is_some() {
            return;
        }
        let (Some(at), Some(batch)) = (self.batch.pass_index(), &self.batch.batch) else {
            return;
        };
        let at = match at + 1 < batch.n_passes() {
            true => at,
            false => 0,
        };
        self.batch.cursor = PassCursor::At(at);
        self.batch.playing = Some(Duration::ZERO);
    }

    fn single_pass(&mut self) -> Vec<Command> {
        if self.batch.is_live() {
            self.batch.cursor = PassCursor::Follow;
            return vec![Command::Step];
        }
        self.batch.playing = None;
        self.batch.move_passes(1);
        Vec::new()
    }

    /// The next pass; at the end of a paused batch, one more is made.
    fn next_pass(&mut self) -> Vec<Command> {
        let n_passes = self.batch.batch.as_ref().map_or(0, |b| b.n_passes());
        let is_newest = self.batch.pass_index().is_none_or(|at| at + 1 == n_passes);
        if is_newest && self.stand() == Some(&BatchStand::Paused) {
            return self.single_pass();
        }
        self.batch.playing = None;
        self.batch.move_passes(1);
        Vec::new()
    }

    fn stop_batch(&mut self) -> Vec<Command> {
        match self.batch.is_live() {
            true => vec![Command::CancelBatch],
            false => Vec::new(),
        }
    }

    fn set_batch_pace(&mut self, pace: Pace) -> Vec<Command> {
        self.decode.pace = pace;
        let text = pace.describe().replace("step", "pass");
        self.tell(Tone::Info, format!("Pace: {text}"));
        match self.batch.is_live() {
            true => vec![Command::SetPace(pace.duration())],
            false => Vec::new(),
        }
    }

    fn resize_batch(&mut self, larger: bool) {
        self.batch.resize(larger);
        let size = self.batch.size;
        let key = self.key_of(Context::Batch, Action::StartBatch);
        let text = format!("The next batch has up to {size} subjects in a pass; {key} starts it.");
        self.tell(Tone::Info, text);
    }

    fn tell_no_batch(&mut self) -> Vec<Command> {
        let key = self.key_of(Context::Batch, Action::StartBatch);
        self.tell(Tone::Info, format!("No batch yet: {key} starts one."));
        Vec::new()
    }

    /// The selected lane's run on the Decode screen, at its step in the pass looked at.
    fn open_lane(&mut self) {
        let Some((course, pass)) = self.batch.at() else {
            self.tell_no_batch();
            return;
        };
        let Some(stay) = course.stay_in(self.batch.lane, pass) else {
            return self.tell(Tone::Info, "This lane has no subject in this pass.");
        };
        let n_steps = course.stays[stay].n_steps_by(pass);
        let name = course.stays[stay].subject.clone();
        let batch = self.batch.batch.as_ref();
        let lane = batch.and_then(|batch| batch.run_of_stay(stay));
        let Some(run) = lane.and_then(|lane| lane.run) else {
            let text = format!("The trace of {name} is not there, so Decode cannot show it.");
            return self.tell(Tone::Problem, text);
        };
        self.show_run(run);
        if let Some(step) = n_steps.checked_sub(1)
            && (self.batch.cursor != PassCursor::Follow || !self.batch.is_live())
        {
            self.decode.go_to(Cursor::at(step));
        }
        self.batch.is_in_decode = true;
        let key = self.key_of(Context::Anywhere, Action::Show(Screen::Batch));
        self.tell(Tone::Info, format!("{key} goes back to the batch."));
    }

    /// Whether Decode shows a run of the batch that the engine is at.
    pub(crate) fn shows_live_lane(&self) -> bool {
        let is_lane = |id| {
            let batch = self.batch.batch.as_ref().filter(|batch| batch.is_live());
            batch.is_some_and(|b| b.runs.iter().any(|lane| lane.run == Some(id)))
        };
        self.run()
            .is_some_and(|run| run.is_under_way() && is_lane(run.id))
    }

    /// From when on settings hold that are changed now. The subjects of a batch share their
    /// passes, so all have those that the batch began with.
    pub(crate) fn settings_hold(&self) -> &'static str {
        match self.run() {
            Some(run) if run.is_under_way() && self.shows_live_lane() => "from the next batch on",
            Some(run) if run.is_under_way() => "from the next step on",
            _ => "for the next run",
        }
    }

    /// From Decode to the pass with the step looked at there.
    pub(crate) fn back_to_batch(&mut self) {
        self.batch.is_in_decode = false;
        self.screen = Screen::Batch;
        if self.batch.is_live() && self.batch.cursor == PassCursor::Follow {
            return;
        }
        let batch = self.batch.batch.as_ref();
        let lane = batch.and_then(|b| b.runs.iter().find(|lane| lane.run == self.session.shown));
        let stay = lane.and_then(|lane| lane.stay);
        let course = batch.and_then(|batch| batch.course.as_ref());
        if let (Some(course), Some(stay), Some(step)) = (course, stay, self.step_index())
            && Some(step + 1)
                != self
                    .batch
                    .pass_index()
                    .map(|at| course.stays[stay].n_steps_by(at))
            && let Some(pass) = course.pass_of(stay, step)
        {
            self.batch.cursor = PassCursor::At(pass);
        }
    }

    fn leave_batch(&mut self) {
        match self.batch.zoom {
            Zoom::One => self.batch.zoom = Zoom::All,
            Zoom::All => self.screen = Screen::Catalog,
        }
    }
}
