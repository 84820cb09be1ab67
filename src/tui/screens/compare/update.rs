//! The Compare screen's actions: choosing the two runs, racing them, going to
//! where they diverge.

use crate::present::selection::TreeSelection;
use crate::protocol::Command;
use crate::speculate::compare::{Cause, Side};
use crate::tui::action::{Action, CompareAction};
use crate::tui::app::shared::Measured;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::screens::compare::state::{Choice, Race};
use crate::tui::screens::decode::state::Cursor;
use crate::tui::target::{CompareTarget, Target};

const PAGE: i64 = 10;
const WHEEL_ROWS: i64 = 3;

impl App {
    pub(crate) fn update_compare(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::PlayPause => self.race(),
            Action::Compare(asked) => self.compare_action(asked),
            Action::Reference => return self.check_lossless(),
            Action::Slower => self.set_clock(self.compare.pace.slower()),
            Action::Faster => self.set_clock(self.compare.pace.faster()),
            Action::Up => self.scroll_texts(-1),
            Action::Down => self.scroll_texts(1),
            Action::PageUp => self.scroll_texts(-PAGE),
            Action::PageDown => self.scroll_texts(PAGE),
            Action::First => self.compare.top = Some(0),
            Action::Last => {
                self.compare.race = Race::Over;
                self.scroll_texts(i64::MAX / 2);
            }
            Action::Wheel(_, delta) => self.scroll_texts(i64::from(delta) * WHEEL_ROWS),
            Action::Click(Target::Compare(target)) => self.compare_click(target),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::Close => self.screen = Screen::Catalog,
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    /// The pair stays while the shown run is of it; else another is found.
    pub(crate) fn enter_compare(&mut self) {
        let sides = [self.compare.left, self.compare.right];
        if !sides
            .iter()
            .flatten()
            .any(|c| Some(c.run()) == self.session.shown)
        {
            (self.compare.left, self.compare.right) = (None, None);
            self.compare.begin_pair();
        }
    }

    fn compare_action(&mut self, asked: CompareAction) {
        match asked {
            CompareAction::Left => self.ask_for_run(Side::Left),
            CompareAction::Right => self.ask_for_run(Side::Right),
            CompareAction::Swap => self.compare.swap(),
            CompareAction::Divergence => {
                self.compare.race = Race::Over;
                self.compare.top = None;
            }
            CompareAction::Inspect => self.inspect(),
            CompareAction::Restart => self.compare.race = Race::Running(0.0),
        }
    }

    /// A run was chosen for a side. The other side's stays if it is of the same prompt,
    /// and is another run.
    pub(crate) fn put_on(&mut self, side: Side, chosen: Choice) {
        match side {
            Side::Left => {
                let beside = self.choices_beside(chosen);
                self.compare.right = self.compare.right.filter(|r| beside.contains(r));
                self.compare.left = Some(chosen);
            }
            Side::Right => self.compare.right = Some(chosen),
        }
        self.compare.begin_pair();
    }

    fn race(&mut self) {
        let Some(comparison) = &self.compare.comparison else {
            let key = self.key_of(Context::Compare, Action::Reference);
            let text = format!(
                "A race needs two runs of the prompt: {key} runs it autoregressively and strictly."
            );
            return self.tell(Tone::Info, text);
        };
        if !comparison.is_timed() {
            let text = "No race: the times of a run are not recorded.";
            return self.tell(Tone::Info, text);
        }
        self.compare.play_pause();
    }

    fn set_clock(&mut self, pace: crate::tui::screens::compare::state::ClockPace) {
        self.compare.pace = pace;
        self.tell(Tone::Info, format!("Clock: {}×", pace.factor()));
    }

    fn scroll_texts(&mut self, delta: i64) {
        let Measured { top, last, .. } = self.look.measured;
        let to = (top as i64).saturating_add(delta).clamp(0, last as i64);
        self.compare.top = Some(to as usize);
    }

    /// Makes the missing reference runs of the left run.
    fn check_lossless(&mut self) -> Vec<Command> {
        let id = match self.compare.left {
            Some(Choice::Run(id) | Choice::Reference { of: id, .. }) => id,
            None => {
                let key = self.key_of(Context::Anywhere, Action::Show(Screen::Catalog));
                let text = format!("No run yet: {key} shows the catalog to generate from.");
                self.tell(Tone::Info, text);
                return Vec::new();
            }
        };
        if self.run_of(id).is_some_and(|r| r.recording().is_some()) {
            let text = format!(
                "A recording cannot be checked: {} on Decode runs its subject again, {} opens \
                 another run of it.",
                self.key_of(Context::Decode, Action::Again),
                self.key_of(Context::Compare, Action::EarlierRuns)
            );
            self.tell(Tone::Info, text);
            return Vec::new();
        }
        if !self.engine.model.is_ready() {
            self.tell(Tone::Info, "Running the prompt needs a model.");
            return Vec::new();
        }
        self.set_shown(Some(id));
        self.measure()
    }

    fn compare_click(&mut self, target: CompareTarget) {
        match target {
            CompareTarget::Side(Side::Left) => self.compare_action(CompareAction::Left),
            CompareTarget::Side(Side::Right) => self.compare_action(CompareAction::Right),
            CompareTarget::Token(side, cell) => self.show_token(side, cell),
            CompareTarget::Figures => {}
        }
    }

    /// Where the texts diverge, on the Decode screen: in the run whose rule made
    /// the difference, if it is not a reference run.
    fn inspect(&mut self) {
        let comparison = self.compare.comparison.as_ref();
        let Some(divergence) = comparison.and_then(|c| c.divergence.as_ref()) else {
            return self.tell(Tone::Info, "The texts do not diverge.");
        };
        let first = match divergence.cause {
            Cause::Relaxed { side, .. } => side,
            _ => Side::Left,
        };
        let place = |side| match side {
            Side::Left => (self.compare.left, divergence.left),
            Side::Right => (self.compare.right, divergence.right),
        };
        let sides = [first, first.other()].map(place);
        let found = sides.into_iter().find_map(|(choice, token)| match choice {
            Some(Choice::Run(id)) => Some((id, token?.by?)),
            _ => None,
        });
        match found {
            Some((id, token)) => {
                let selection = token
                    .node
                    .map_or(TreeSelection::Bonus, TreeSelection::Draft);
                self.look_at(id, token.step, selection);
            }
            None => {
                let key = self.key_of(Context::Decode, Action::Again);
                let text = format!(
                    "A reference run cannot be stepped through: {key} on Decode runs the subject again."
                );
                self.tell(Tone::Info, text);
            }
        }
    }

    fn show_token(&mut self, side: Side, cell: usize) {
        let place = self.compared(side).map(|r| r.cells[cell].place);
        if let (
            Some(Choice::Run(id)),
            Some(crate::present::record::TokenPlace::Step {
                step, selection, ..
            }),
        ) = (self.compare.choice(side), place)
        {
            self.look_at(id, step, selection);
        }
    }

    fn look_at(&mut self, id: crate::protocol::RunId, step: usize, selection: TreeSelection) {
        self.show_run(id);
        self.decode.go_to(Cursor::at(step));
        self.decode.selection = Some(selection);
    }
}
