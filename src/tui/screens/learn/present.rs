//! Presenter mode in lessons: the answer of the task at hand on a key, which does what the
//! task asks, and the pane that the task is about in front.

use crate::present::lesson::Task;
use crate::present::lesson::check::{Check, PaneName};
use crate::present::lesson::figure::{BatchFigure, Figure, What};
use crate::present::lesson::walk::{LessonPlace, after};
use crate::protocol::{Command, RunId};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::verify::Fate;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::screens::batch::state::{BatchPane, PassCursor};
use crate::tui::screens::decode::state::{Cursor, Pane, Zoom};
use crate::tui::start::Presenting;

impl App {
    /// Large panes for an audience, or all of them again.
    pub(crate) fn toggle_presenting(&mut self) {
        let key = self.key_of(Context::Anywhere, Action::Present);
        let (presenting, text) = match self.look.presenting {
            Presenting::No => {
                let pane = self.key_of(Context::Decode, Action::NextPane);
                let text = format!("Presenter mode: {pane} goes to the next pane, {key} leaves.");
                (Presenting::Yes, text)
            }
            Presenting::Yes => (Presenting::No, "Presenter mode is off.".to_string()),
        };
        self.look.presenting = presenting;
        self.zoom_for_audience();
        self.face_task();
        self.tell(Tone::Info, text);
    }

    /// One pane at a time while presenting, else all of them.
    pub(crate) fn zoom_for_audience(&mut self) {
        let zoom = match self.look.presenting {
            Presenting::Yes => Zoom::One,
            Presenting::No => Zoom::All,
        };
        self.decode.zoom = zoom;
        self.batch.zoom = zoom;
    }

    /// While presenting, the pane that the task at hand is about gets the focus.
    pub(crate) fn face_task(&mut self) {
        let Some((_, Some(task))) = self.learn.at() else {
            return;
        };
        if self.look.presenting == Presenting::No {
            return;
        }
        let (pane, batch_pane) = (pane_of(task), batch_pane_of(task));
        pane.into_iter().for_each(|pane| self.decode.focus(pane));
        batch_pane
            .into_iter()
            .for_each(|pane| self.batch.focus(pane));
    }

    /// Says the answer of the task at hand and does what it asks; after the last one, the
    /// next lesson begins.
    pub(crate) fn show_answer(&mut self) -> Vec<Command> {
        if self.look.presenting == Presenting::No {
            let key = self.key_of(Context::Anywhere, Action::Present);
            let text = format!("Answers are shown in presenter mode: {key} switches it on.");
            self.tell(Tone::Info, text);
            return Vec::new();
        }
        self.dialog = None;
        let Some((_, Some(task))) = self.learn.at() else {
            self.next_task();
            return Vec::new();
        };
        match task.check.clone() {
            Check::Answer { figure, .. } => {
                self.say_number(&figure);
                Vec::new()
            }
            check => self.do_as_asked(&check),
        }
    }

    fn say_number(&mut self, figure: &Figure) {
        // Where the token selected has no such number, the one to look at first has.
        if figure.value(&self.lesson_view()).is_none() {
            self.decode.selection = None;
        }
        let view = self.lesson_view();
        let (value, told) = (figure.value(&view), figure.told(&view));
        let Some((value, told)) = value.zip(told) else {
            return self.tell(Tone::Problem, "Nothing shown here has this number.");
        };
        if self.tick_off(Some(&value.to_string()))
            && let Some(said) = self.learn.course.as_mut().and_then(|c| c.said.as_mut())
        {
            *said = format!("Answer: {told}. {said}");
        }
    }

    fn do_as_asked(&mut self, check: &Check) -> Vec<Command> {
        match check {
            Check::Step(_) | Check::Token(_) | Check::Run { .. } | Check::Pass { .. } => {
                self.go_where(check);
            }
            Check::InsidePass(_) => {
                self.go_where(check);
                return self.update_decode(Action::InsidePass);
            }
            Check::Predicted { at_least } => self.predict_in_time(*at_least),
            Check::Screen { screen } => self.show(screen.screen()),
            Check::Zoom { pane } => {
                self.screen = Screen::Decode;
                self.decode.focus(pane.pane());
                self.decode.zoom = Zoom::One;
            }
            Check::Ghosts => {
                self.screen = Screen::Decode;
                self.decode.ghosts = crate::present::lines::Ghosts::Shown;
            }
            Check::WhySlow => {
                self.screen = Screen::Decode;
                return self.update_decode(Action::WhySlow);
            }
            Check::K { k } => {
                let mut params = self.next.params;
                let tau = match params.verify {
                    AcceptanceRule::Relaxed { tau, .. } => tau,
                    _ => AcceptanceRule::DEFAULT_TAU,
                };
                params.verify = AcceptanceRule::Relaxed { k: *k, tau };
                return self.set_next(params);
            }
            Check::Answer { .. } => {}
        }
        Vec::new()
    }

    /// To the run, step, token or pass at which a check holds.
    fn go_where(&mut self, check: &Check) {
        let Some(here) = self.lesson_place() else {
            return;
        };
        let there = after(check, here, &self.lesson_view());
        if let Check::Pass { .. } = check {
            self.screen = Screen::Batch;
            self.batch.cursor = PassCursor::At(there.pass);
            return;
        }
        let course = self.learn.course.as_ref();
        let run = course
            .and_then(|course| course.runs.get(there.run))
            .map(|run| run.1);
        self.set_shown(run);
        self.screen = Screen::Decode;
        self.decode.go_to(Cursor::at(there.step));
        self.decode.selection = there.selection;
    }

    /// Where the lesson under way stands.
    fn lesson_place(&self) -> Option<LessonPlace> {
        let runs = &self.learn.course.as_ref()?.runs;
        let is_shown = |run: &(String, RunId)| Some(run.1) == self.session.shown;
        Some(LessonPlace {
            run: runs.iter().position(is_shown).unwrap_or(0),
            step: self.step_index().unwrap_or(0),
            selection: self.decode.selection,
            pass: self.batch.pass_index().unwrap_or(0),
        })
    }
}

/// The pane of Decode that shows what a task asks for; not the one that it asks for itself.
fn pane_of(task: &Task) -> Option<Pane> {
    match &task.check {
        Check::Step(wanted) if wanted.has == Some(Fate::Relaxed) => Some(Pane::Text),
        Check::Step(_) => Some(Pane::Steps),
        Check::Token(_) | Check::InsidePass(_) | Check::Predicted { .. } => Some(Pane::Tree),
        Check::Run { .. } | Check::Ghosts => Some(Pane::Text),
        Check::Zoom {
            pane: PaneName::Text,
        } => Some(Pane::Tree),
        Check::Zoom { .. } => Some(Pane::Text),
        Check::Answer { figure, .. } => match figure.what {
            What::StepRows
            | What::StepCommitted
            | What::StepDrafted
            | What::StepCached
            | What::StepKept
            | What::TokenAttends
            | What::RunSteps => Some(Pane::Tree),
            What::TokenRank => Some(Pane::Token),
            What::PoolDocs | What::PoolTokens => Some(Pane::Pool),
            What::RunRelaxed
            | What::RunWasted
            | What::RunDrafted
            | What::RunMal
            | What::PassCost
            | What::SpeedByMal => Some(Pane::Speed),
            _ => None,
        },
        _ => None,
    }
}

fn batch_pane_of(task: &Task) -> Option<BatchPane> {
    let figure = match &task.check {
        Check::Pass { .. } => return Some(BatchPane::Pass),
        Check::Answer { figure, .. } => figure,
        _ => return None,
    };
    match figure.what {
        What::Batch(BatchFigure::PassRows | BatchFigure::PassDrafts) => Some(BatchPane::Pass),
        What::Batch(BatchFigure::Batching | BatchFigure::Drafts) => Some(BatchPane::Throughput),
        What::Batch(BatchFigure::PassPrice) => Some(BatchPane::Price),
        What::Batch(_) => Some(BatchPane::Curve),
        _ => None,
    }
}
