//! The whole state of the interface, and the questions views ask of it.

pub mod apply;
pub mod copy;
pub mod dialog;
pub mod model;
pub mod resize;
pub mod update;

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::KeyEvent;

use self::dialog::Dialog;
use crate::present::format::Format;
use crate::present::pick::{Pick, first_look};
use crate::present::record::Record;
use crate::recsys::knowledge::known_framework;
use crate::speculate::command_line::Setup;
use crate::speculate::cost::CostProfile;
use crate::speculate::params::Params;
use crate::speculate::trace::Step;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::keys::keymap::Keymap;
use crate::tui::keys::table::Context;
use crate::tui::look::themes::Themes;
use crate::tui::remembered::{Mouse, Remembered, Shift};
use crate::tui::runs::drifting::Drifting;
use crate::tui::runs::parked::IN_MEMORY_MB;
use crate::tui::runs::run::{Recording, Run};
use crate::tui::runs::spill::Spill;
use crate::tui::screens::Screen;
use crate::tui::screens::catalog::state::{Browse, Typing};
use crate::tui::screens::compare::state::Compare;
use crate::tui::screens::decode::state::{Cursor, DecodeView, Pace};
use crate::tui::screens::learn::state::Learn;
use crate::tui::screens::pool::state::Lab;
use crate::tui::screens::tune::state::Tune;
use crate::tui::start::{EarlierRun, Glyphs, Length, Shipped, Start};
use crate::worker::message::{Command, Request, RunId};

/// One line for the person, until the next key: over the hints at first, then above
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    /// How long it has been there.
    pub age: Duration,
}

impl Notice {
    /// For this long it may cover the hints.
    pub const OVER_HINTS: Duration = Duration::from_secs(3);

    pub fn covers_hints(&self) -> bool {
        self.age < Self::OVER_HINTS
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Info,
    Good,
    Problem,
}

/// What only the terminal's owner can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    Quit,
    Suspend,
    Mouse(Mouse),
    /// To the clipboard of the terminal.
    Copy(String),
    /// Save this run's trace, which a command line names, then copy that.
    SaveToCopy(RunId),
    /// Save this run's trace.
    Save(RunId),
    /// Write this run in another form.
    Export(RunId, Format),
    /// Write the screen as it is drawn, as a picture and as text.
    Picture,
    /// Remember which tasks of the lessons are done.
    KeepLearned,
    /// These settings to the configuration file.
    SaveSettings(Params),
    /// Read a recording and hand it to [`App::open`].
    Open(PathBuf),
}

pub struct App {
    pub screen: Screen,
    pub theme: Themes,
    pub keys: Keymap,
    pub glyphs: Glyphs,
    pub panes: Shift,
    /// By `t`, in this session or an earlier one.
    pub(crate) chosen_theme: Option<String>,
    /// The options that chose catalog, pools and model.
    pub(crate) setup: Setup,
    /// What a step costs here, as a plain command line goes by it; `None`: not known.
    pub(crate) profile: Option<CostProfile>,
    /// Whether this machine still fits it.
    pub(crate) drift: Drifting,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub model: ModelState,
    pub browse: Browse,
    /// Runs of this session, oldest first.
    pub runs: Vec<Run>,
    /// The records of runs that may be in memory at once, in bytes.
    pub in_memory_bytes: usize,
    /// Where the others are.
    pub(crate) spill: Spill,
    /// Which of them Decode shows.
    pub shown: Option<RunId>,
    pub view: DecodeView,
    pub tune: Tune,
    pub compare: Compare,
    pub lab: Lab,
    pub learn: Learn,
    /// For the next run, and for the next step of the one under way.
    pub params: Params,
    pub(crate) length: Length,
    pub dialog: Option<Box<dyn Dialog>>,
    pub notice: Option<Notice>,
    pub mouse: Mouse,
    pub earlier: Vec<EarlierRun>,
    pub shipped: Vec<Shipped>,
    pub save_dir: PathBuf,
    /// Waits for the model.
    pub queued: Option<Request>,
    /// Frames drawn while something moved; turns the spinner.
    pub frame: usize,
    /// Whether a person has touched anything yet.
    pub(crate) touched: Touched,
    pub(crate) demo: Option<crate::speculate::trace::Trace>,
    pub(crate) n_runs: RunId,
    pub(crate) errands: Vec<Errand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    No,
    Yes,
}

impl App {
    pub fn new(start: Start) -> Self {
        let mut app = App {
            screen: Screen::Catalog,
            theme: start.look.themes,
            keys: start.look.keys,
            glyphs: start.look.glyphs,
            panes: start.look.memory.panes,
            chosen_theme: start.look.memory.theme,
            setup: start.setup,
            profile: None,
            drift: Drifting::default(),
            size: (120, 40),
            model: ModelState::Starting,
            browse: Browse::new(start.catalog, start.frameworks, start.framework),
            runs: Vec::new(),
            in_memory_bytes: IN_MEMORY_MB << 20,
            spill: Spill::default(),
            shown: None,
            view: DecodeView::default(),
            tune: Tune::new(start.params),
            compare: Compare::default(),
            lab: Lab::default(),
            learn: Learn::new(start.learned),
            params: start.params,
            length: start.length,
            dialog: None,
            notice: None,
            mouse: start.look.memory.mouse,
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
        // The first one last, so that it is shown.
        for trace in start.replay.into_iter().rev() {
            app.model = ModelState::None;
            app.open(trace);
        }
        if !start.look.notices.is_empty() {
            app.tell(Tone::Problem, start.look.notices.join(". "));
        }
        app
    }

    /// What the next session is to know.
    pub fn memory(&self) -> Remembered {
        Remembered {
            theme: self.chosen_theme.clone(),
            mouse: self.mouse,
            panes: self.panes,
        }
    }

    /// The context that gets a key first.
    pub fn context(&self) -> Context {
        if let Some(dialog) = &self.dialog {
            return dialog.context();
        }
        match self.screen {
            Screen::Pool if self.lab.typing == Typing::Yes => Context::Filter,
            Screen::Catalog if self.browse.typing == Typing::Yes => Context::Filter,
            Screen::Catalog => Context::Catalog,
            Screen::Decode => Context::Decode,
            Screen::Tune => Context::Tune,
            Screen::Compare => Context::Compare,
            Screen::Pool => Context::Pool,
            Screen::Learn => Context::Learn,
        }
    }

    /// A key press becomes an action, if it means anything here.
    pub fn key(&self, event: &KeyEvent) -> Option<Action> {
        let context = self.context();
        let taught = self.learn.course.is_some() && self.dialog.is_none() && !context.takes_text();
        if let Some(action) = self.keys.action(event, Context::Lesson).filter(|_| taught) {
            return Some(action);
        }
        let bound = self.keys.action(event, context);
        if bound.is_some() || !context.takes_text() {
            return bound;
        }
        let event = crossterm::event::Event::Key(*event);
        tui_input::backend::crossterm::to_input_request(&event).map(Action::Edit)
    }

    /// The key of an action, for a text that mentions one.
    pub fn key_of(&self, context: Context, action: Action) -> String {
        self.keys.name_of(context, &action)
    }

    /// Why this cannot be done without a model, and the way to one.
    pub(crate) fn why_no_model(&self, what: &str) -> Option<String> {
        match &self.model {
            ModelState::Ready(_) => None,
            ModelState::None => Some(format!(
                "{what} needs the model, and this is a replay: start `laserscope` for one."
            )),
            ModelState::Failed { .. } => {
                let key = self.key_of(Context::Anywhere, Action::RetryModel);
                Some(format!(
                    "{what} needs the model; {key} tries again to get it."
                ))
            }
            _ => Some(format!("{what} needs the model, which is on its way.")),
        }
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

    pub(crate) fn run_mut(&mut self) -> Option<&mut Run> {
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
        let is_seen = |pick: &Pick| is_there(pick) && self.is_shown(*pick);
        let first = [self.view.pick, Some(first_look(step)), Some(Pick::Draft(1))];
        let found = first.into_iter().flatten().find(is_seen);
        Some(found.unwrap_or(Pick::Root))
    }

    /// The parameters in force at the step looked at, or asked for.
    pub fn params_in_force(&self) -> Params {
        match (self.run(), self.record(), self.step_index()) {
            (_, Some(record), Some(step)) => record.params_at(step),
            (_, Some(record), None) => record.trace.header.params,
            (Some(run), None, _) => run.params,
            (None, ..) => self.params,
        }
    }

    /// Runs of this session about a subject, and recordings of it, of the framework
    /// whose prompts are asked.
    pub fn n_runs_about(&self, kind: &str, id: &str) -> usize {
        let about = |s: &crate::speculate::trace::SubjectInfo| {
            s.kind == kind && s.id == id && self.browse.is_framework(&s.framework)
        };
        let live = self.runs.iter().filter(|r| r.recording().is_none());
        live.filter(|r| about(&r.subject)).count()
            + self.earlier.iter().filter(|e| about(&e.subject)).count()
    }

    /// Whether the pools have an answer about a subject, of the framework whose
    /// prompts are asked, or of one that is not known.
    pub fn is_in_pool(&self, kind: &str, id: &str) -> bool {
        let is_asked = |s: &Shipped| {
            known_framework(&s.framework).is_none_or(|name| self.browse.is_framework(name))
        };
        let is_it = |s: &Shipped| s.kind == kind && s.id == id && is_asked(s);
        self.shipped.iter().any(is_it)
    }

    /// Whether frames must be drawn without anyone pressing a key.
    pub fn is_moving(&self) -> bool {
        let busy = |r: &Run| r.is_moving() || r.references.is_busy();
        let sweeps = self.screen == Screen::Tune && self.tune.sweep.is_under_way();
        let races = self.compare.is_racing();
        self.model.is_coming() || self.run().is_some_and(busy) || races || sweeps
    }

    /// When the notice uncovers the hints, where it does.
    pub fn notice_moves_in(&self) -> Option<Duration> {
        let notice = self.notice.as_ref().filter(|n| n.covers_hints())?;
        Some(Notice::OVER_HINTS - notice.age)
    }

    /// Hands over what the terminal's owner is to do.
    pub fn take_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }

    pub fn tell(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice {
            tone,
            text: text.into(),
            age: Duration::ZERO,
        });
    }

    pub(crate) fn next_run_id(&mut self) -> RunId {
        self.n_runs += 1;
        self.n_runs
    }

    /// The demo plays at an easy pace, which is no wish for what comes after it.
    pub(crate) fn show_run(&mut self, id: RunId) {
        let is_demo = |run: Option<&Run>| run.and_then(Run::recording) == Some(Recording::Demo);
        let left_demo = is_demo(self.run());
        self.set_shown(Some(id));
        self.screen = Screen::Decode;
        self.view.go_to(Cursor::Follow);
        if is_demo(self.run()) {
            self.view.pace = Pace::EASY;
        } else if left_demo {
            self.view.pace = Pace::FULL_SPEED;
        }
    }
}
