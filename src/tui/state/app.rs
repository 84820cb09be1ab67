//! The whole state of the interface, and the questions views ask of it.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use tui_input::Input;

use super::browse::{Browse, Typing};
use super::compare::Compare;
use super::decode::{Cursor, DecodeView, Pace};
use super::lab::Lab;
use super::learn::Learn;
use super::model::ModelState;
use super::record::{Pick, Record, first_look};
use super::run::{Recording, Run};
use super::tune::Tune;
use crate::speculate::params::Params;
use crate::speculate::trace::Step;
use crate::tui::action::Action;
use crate::tui::keys::{self, Context};
use crate::tui::start::{EarlierRun, Start};
use crate::tui::theme::ThemeName;
use crate::worker::message::{Command, Request, RunId};

/// The screens there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Catalog,
    Decode,
    Tune,
    Compare,
    Pool,
    Learn,
}

/// What lies over the screen and takes the keys.
#[derive(Clone, Debug)]
pub enum Dialog {
    Help {
        scroll: usize,
    },
    Settings {
        row: usize,
    },
    /// Earlier runs, this session's first.
    Runs {
        row: usize,
    },
    /// The model's file is large: fetch it?
    Download {
        bytes: u64,
    },
    /// No model can be had.
    Failure {
        why: String,
    },
    /// A prompt of one's own.
    Prompt(Input),
    /// The number of a step.
    GoTo(Input),
}

/// One line for the person, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Info,
    Good,
    Problem,
}

/// Who gets the mouse: the program, or the terminal for selecting text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    Ours,
    Terminals,
}

/// What only the terminal's owner can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    Quit,
    Suspend,
    Mouse(Mouse),
    /// Save this run's trace.
    Save(RunId),
    /// To the clipboard.
    Copy(String),
    /// These settings to the configuration file.
    SaveSettings(Params),
    /// Read a recording and hand it to [`App::open`].
    Open(PathBuf),
}

pub struct App {
    pub screen: Screen,
    pub theme: ThemeName,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub model: ModelState,
    pub browse: Browse,
    /// Runs of this session, oldest first.
    pub runs: Vec<Run>,
    /// Which of them Decode shows.
    pub shown: Option<RunId>,
    pub view: DecodeView,
    pub tune: Tune,
    pub compare: Compare,
    pub lab: Lab,
    pub learn: Learn,
    /// For the next run, and for the next step of the one under way.
    pub params: Params,
    pub dialog: Option<Dialog>,
    pub notice: Option<Notice>,
    pub mouse: Mouse,
    pub earlier: Vec<EarlierRun>,
    pub shipped: Vec<(String, String)>,
    pub save_dir: PathBuf,
    /// Waits for the model.
    pub queued: Option<Request>,
    /// Frames drawn while something moved; turns the spinner.
    pub frame: usize,
    /// Whether a person has touched anything yet.
    pub(super) touched: Touched,
    pub(super) demo: Option<crate::speculate::trace::Trace>,
    pub(super) n_runs: RunId,
    pub(super) errands: Vec<Errand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    No,
    Yes,
}

impl App {
    pub fn new(start: Start) -> Self {
        let mut app = App {
            screen: Screen::Catalog,
            theme: start.theme,
            size: (120, 40),
            model: ModelState::Starting,
            browse: Browse::new(start.catalog),
            runs: Vec::new(),
            shown: None,
            view: DecodeView::default(),
            tune: Tune::new(start.params),
            compare: Compare::default(),
            lab: Lab::default(),
            learn: Learn::default(),
            params: start.params,
            dialog: None,
            notice: None,
            mouse: Mouse::Ours,
            earlier: start.earlier,
            shipped: start.shipped,
            save_dir: start.save_dir,
            queued: None,
            frame: 0,
            touched: Touched::No,
            demo: start.demo,
            n_runs: 0,
            errands: Vec::new(),
        };
        if let Some(trace) = start.replay {
            app.model = ModelState::None;
            app.open(trace);
        }
        app
    }

    /// The context that gets a key first.
    pub fn context(&self) -> Context {
        match (&self.dialog, self.screen) {
            (Some(Dialog::Help { .. }), _) => Context::Help,
            (Some(Dialog::Settings { .. }), _) => Context::Settings,
            (Some(Dialog::Runs { .. }), _) => Context::Runs,
            (Some(Dialog::Download { .. }), _) => Context::Question,
            (Some(Dialog::Failure { .. }), _) => Context::Message,
            (Some(Dialog::Prompt(_) | Dialog::GoTo(_)), _) => Context::Typing,
            (None, Screen::Catalog) if self.browse.typing == Typing::Yes => Context::Filter,
            (None, Screen::Catalog) => Context::Catalog,
            (None, Screen::Decode) => Context::Decode,
            (None, Screen::Tune) => Context::Tune,
            (None, Screen::Compare) => Context::Compare,
            (None, Screen::Pool) => Context::Pool,
            (None, Screen::Learn) => Context::Learn,
        }
    }

    /// A key press becomes an action, if it means anything here.
    pub fn key(&self, event: &KeyEvent) -> Option<Action> {
        let context = self.context();
        let bound = keys::action(event, context);
        if bound.is_some() || !context.takes_text() {
            return bound;
        }
        let event = crossterm::event::Event::Key(*event);
        tui_input::backend::crossterm::to_input_request(&event).map(Action::Edit)
    }

    /// A key press, handled.
    pub fn press(&mut self, event: &KeyEvent) -> Vec<Command> {
        match self.key(event) {
            Some(action) => self.update(action),
            None => Vec::new(),
        }
    }

    /// The run that Decode shows.
    pub fn run(&self) -> Option<&Run> {
        self.shown.and_then(|id| self.run_of(id))
    }

    pub(super) fn run_mut(&mut self) -> Option<&mut Run> {
        let shown = self.shown?;
        self.runs.iter_mut().find(|r| r.id == shown)
    }

    pub fn run_of(&self, id: RunId) -> Option<&Run> {
        self.runs.iter().find(|r| r.id == id)
    }

    pub fn record(&self) -> Option<&Record> {
        self.run().and_then(|r| r.record.as_ref())
    }

    /// The step looked at.
    pub fn step_index(&self) -> Option<usize> {
        self.view.step_index(self.record()?.n_steps())
    }

    pub fn step(&self) -> Option<&Step> {
        self.record()?.step(self.step_index()?)
    }

    /// The token selected in the step looked at.
    pub fn pick(&self) -> Option<Pick> {
        let step = self.step()?;
        // While the newest step is followed, a pick may be of an earlier one.
        let is_there = |pick: &Pick| match *pick {
            Pick::Draft(node) => (1..step.tree.n_rows()).contains(&node),
            Pick::Root | Pick::Bonus => true,
        };
        let picked = self.view.pick.filter(is_there);
        Some(picked.unwrap_or_else(|| first_look(step)))
    }

    /// The parameters in force at the step looked at, or asked for.
    pub fn params_in_force(&self) -> Params {
        match (self.run(), self.record(), self.step_index()) {
            (_, Some(record), Some(step)) => record.trace.params_at(step),
            (_, Some(record), None) => record.trace.header.params,
            (Some(run), None, _) => run.params,
            (None, ..) => self.params,
        }
    }

    /// Runs of this session about a subject, and recordings of it.
    pub fn n_runs_about(&self, kind: &str, id: &str) -> usize {
        let about = |s: &crate::speculate::trace::SubjectInfo| s.kind == kind && s.id == id;
        let live = self.runs.iter().filter(|r| r.recording().is_none());
        live.filter(|r| about(&r.subject)).count()
            + self.earlier.iter().filter(|e| about(&e.subject)).count()
    }

    /// Whether frames must be drawn without anyone pressing a key.
    pub fn is_moving(&self) -> bool {
        let busy = |r: &Run| r.is_moving() || r.references.is_busy();
        let sweeps = self.screen == Screen::Tune && self.tune.sweep.is_under_way();
        self.model.is_coming() || self.run().is_some_and(busy) || sweeps
    }

    /// Hands over what the terminal's owner is to do.
    pub fn take_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }

    pub fn tell(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice {
            tone,
            text: text.into(),
        });
    }

    pub(super) fn next_run_id(&mut self) -> RunId {
        self.n_runs += 1;
        self.n_runs
    }

    /// The demo plays at an easy pace, which is no wish for what comes after it.
    pub(super) fn show_run(&mut self, id: RunId) {
        let is_demo = |run: Option<&Run>| run.and_then(Run::recording) == Some(Recording::Demo);
        let left_demo = is_demo(self.run());
        self.shown = Some(id);
        self.screen = Screen::Decode;
        self.view.go_to(Cursor::Follow);
        if is_demo(self.run()) {
            self.view.pace = Pace::EASY;
        } else if left_demo {
            self.view.pace = Pace::FULL_SPEED;
        }
    }
}
