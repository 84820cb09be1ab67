//! The whole state of the interface, and the questions views ask of it.

pub(crate) mod apply;
mod configured;
pub(crate) mod copy;
pub(crate) mod dialog;
pub mod model;
pub(crate) mod resize;
pub(crate) mod shared;
pub(crate) mod update;

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::KeyEvent;

use self::dialog::Dialog;
use self::shared::{Appearance, EngineState, NextRun, Session};
use crate::present::format::Format;
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::present::sweep_report::SweepForm;
use crate::protocol::{Command, RunId};
use crate::recsys::knowledge::known_framework;
use crate::speculate::params::Params;
use crate::speculate::trace::Step;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::keys::context::Context;
use crate::tui::remembered::{Mouse, Remembered};
use crate::tui::runs::run::{Recording, Run};
use crate::tui::screens::batch::state::BatchScreen;
use crate::tui::screens::catalog::board::state::{ScoredLog, WatchedFolder};
use crate::tui::screens::catalog::state::Browse;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::screens::compare::state::Compare;
use crate::tui::screens::decode::state::{Cursor, DecodeView, Pace};
use crate::tui::screens::learn::state::Learn;
use crate::tui::screens::pool::state::PoolScreen;
use crate::tui::screens::tune::state::Tune;
use crate::tui::screens::{Screen, Typing};
use crate::tui::start::{Presenting, Shipped, Start, StartEngine};

/// One line for the person, until the next key: over the hints at first, then above
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub(crate) tone: Tone,
    /// One line.
    pub text: String,
    /// How long it has been there.
    pub(crate) age: Duration,
}

impl Notice {
    /// For this long it may cover the hints.
    pub(crate) const OVER_HINTS: Duration = Duration::from_secs(3);

    pub(crate) fn covers_hints(&self) -> bool {
        self.age < Self::OVER_HINTS
    }
}

/// How a notice is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What happens.
    Info,
    /// What succeeded.
    Good,
    /// What failed.
    Problem,
}

/// What only the terminal's owner can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// To the shell, as Ctrl-Z.
    Suspend,
    /// Hand the mouse over.
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
    /// Read what is new in the folder that the board watches.
    ScanBoard,
    /// Score some more of the board's log.
    ScoreLog,
    /// Build this answer of the board's log as a run, and open it.
    OpenLogged(u32),
    /// Write the rows of the board.
    ExportBoard,
    /// Write a report of the sweep.
    ExportSweep(SweepForm),
    /// Score the answers that are marked on the board.
    ScoreMarked,
}

/// The interface: what is in front, the screens' states, and what they share. Actions
/// and events go to the screen or the dialog that they are for.
pub struct App {
    /// The one in front.
    pub screen: Screen,
    /// The Catalog screen.
    pub catalog: Browse,
    /// The Decode screen.
    pub decode: DecodeView,
    /// The Tune screen.
    pub tune: Tune,
    /// The Compare screen.
    pub compare: Compare,
    /// The Pool screen.
    pub pool: PoolScreen,
    /// The Learn screen.
    pub learn: Learn,
    /// The Batch screen.
    pub batch: BatchScreen,
    /// Theme, keys and size.
    pub look: Appearance,
    /// Model, profile and setup.
    pub engine: EngineState,
    /// The runs of this session.
    pub session: Session,
    /// Parameters of the next run.
    pub next: NextRun,
    /// In front of the screen.
    pub dialog: Option<Box<dyn Dialog>>,
    /// In the footer.
    pub notice: Option<Notice>,
    pub(crate) effects: Vec<Effect>,
}

impl App {
    /// The playground as it opens, on the Catalog screen.
    pub fn new(mut start: Start) -> Self {
        let notices = std::mem::take(&mut start.look.notices);
        let mut app = App {
            screen: Screen::Catalog,
            catalog: Browse::new(start.catalog, start.frameworks, start.framework),
            decode: DecodeView::default(),
            tune: Tune::new(start.params),
            compare: Compare::default(),
            pool: PoolScreen::default(),
            learn: Learn::new(start.learned),
            batch: BatchScreen {
                points: start.points,
                ..BatchScreen::default()
            },
            look: Appearance::new(start.look),
            engine: EngineState::new(start.setup),
            session: Session::new(start.earlier, start.save_dir, start.demo),
            next: NextRun {
                params: start.params,
                length: start.length,
            },
            dialog: None,
            notice: None,
            effects: Vec::new(),
        };
        app.catalog.shipped = start.shipped;
        app.tune.tested = start.tested;
        if let Some(folder) = start.traces {
            app.catalog.board.folder = Some(WatchedFolder::new(folder));
            app.catalog.front = Front::Board;
        }
        if let Some(door) = start.log {
            app.catalog.board.log = Some(ScoredLog::new(door));
            app.catalog.front = Front::Board;
        }
        if start.engine == StartEngine::Absent {
            app.engine.model = ModelState::None;
        }
        // The first one last, so that it is shown.
        for trace in start.replay.into_iter().rev() {
            app.engine.model = ModelState::None;
            app.open(trace);
        }
        if let Some(batch) = start.batch {
            app.engine.model = ModelState::None;
            app.open_batch(batch);
        }
        if app.look.presenting == Presenting::Yes {
            app.zoom_for_audience();
        }
        if !notices.is_empty() {
            app.tell(Tone::Problem, notices.join(". "));
        }
        app
    }

    /// What the next session is to know.
    pub fn memory(&self) -> Remembered {
        Remembered {
            theme: self.look.chosen_theme.clone(),
            mouse: self.look.mouse,
            panes: self.look.panes,
        }
    }

    /// The context that gets a key first.
    pub(crate) fn context(&self) -> Context {
        if let Some(dialog) = &self.dialog {
            return dialog.context();
        }
        match self.screen {
            Screen::Pool if self.pool.typing == Typing::Yes => Context::Filter,
            Screen::Catalog if self.catalog.typing == Typing::Yes => Context::Filter,
            Screen::Catalog if self.catalog.front == Front::Board => {
                match self.catalog.board.typing {
                    Typing::Yes => Context::Filter,
                    Typing::No => Context::Board,
                }
            }
            Screen::Catalog => Context::Catalog,
            Screen::Decode => Context::Decode,
            Screen::Tune => Context::Tune,
            Screen::Compare => Context::Compare,
            Screen::Pool => Context::Pool,
            Screen::Learn => Context::Learn,
            Screen::Batch => Context::Batch,
        }
    }

    /// A key press becomes an action, if it means anything here.
    pub(crate) fn key(&self, event: &KeyEvent) -> Option<Action> {
        let context = self.context();
        let is_in_front = self.dialog.is_none()
            || context == Context::Pass
            || self.look.presenting == Presenting::Yes;
        let taught = self.learn.course.is_some() && is_in_front && !context.takes_text();
        if let Some(action) = self
            .look
            .keys
            .action(event, Context::Lesson)
            .filter(|_| taught)
        {
            return Some(action);
        }
        let bound = self.look.keys.action(event, context);
        if bound.is_some() || !context.takes_text() {
            return bound;
        }
        let event = crossterm::event::Event::Key(*event);
        tui_input::backend::crossterm::to_input_request(&event).map(Action::Edit)
    }

    /// The key of an action, for a text that mentions one.
    pub(crate) fn key_of(&self, context: Context, action: Action) -> String {
        self.look.keys.name_of(context, &action)
    }

    /// Why this cannot be done without a model, and the way to one.
    pub(crate) fn why_no_model(&self, what: &str) -> Option<String> {
        match &self.engine.model {
            ModelState::Ready(_) => None,
            ModelState::None => Some(format!(
                "{what} needs a model, and this is a replay: run `laserscope` to load one."
            )),
            ModelState::Failed { .. } => {
                let key = self.key_of(Context::Anywhere, Action::RetryModel);
                Some(format!(
                    "{what} needs the model; {key} tries to load it again."
                ))
            }
            _ => Some(format!("{what} needs the model, which is not ready yet.")),
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
        self.session.shown.and_then(|id| self.run_of(id))
    }

    pub(crate) fn run_mut(&mut self) -> Option<&mut Run> {
        let shown = self.session.shown?;
        self.session.runs.iter_mut().find(|r| r.id == shown)
    }

    pub(crate) fn run_of(&self, id: RunId) -> Option<&Run> {
        self.session.runs.iter().find(|r| r.id == id)
    }

    /// The run shown, with what is derived from it.
    pub fn record(&self) -> Option<&Record> {
        self.run().and_then(|r| r.record.as_ref())
    }

    /// The step looked at.
    pub fn step_index(&self) -> Option<usize> {
        self.decode.step_index(self.record()?.n_steps())
    }

    /// The step looked at.
    pub fn step(&self) -> Option<&Step> {
        self.record()?.step(self.step_index()?)
    }

    /// The token selected in the step looked at.
    pub fn selection(&self) -> Option<TreeSelection> {
        let step = self.step()?;
        // While the newest step is followed, a selection may be of an earlier one.
        let is_there = |selection: &TreeSelection| match *selection {
            TreeSelection::Draft(node) => (1..step.tree.n_rows()).contains(&node),
            TreeSelection::Root | TreeSelection::Bonus => true,
        };
        let is_seen = |selection: &TreeSelection| is_there(selection) && self.is_shown(*selection);
        let first = [
            self.decode.selection,
            Some(self.first_look(step)),
            Some(TreeSelection::Draft(1)),
        ];
        let found = first.into_iter().flatten().find(is_seen);
        Some(found.unwrap_or(TreeSelection::Root))
    }

    /// The parameters in force at the step looked at, or asked for.
    pub(crate) fn params_in_force(&self) -> Params {
        match (self.run(), self.record(), self.step_index()) {
            (_, Some(record), Some(step)) => record.params_at(step),
            (_, Some(record), None) => record.trace.header.params,
            (Some(run), None, _) => run.params,
            (None, ..) => self.next.params,
        }
    }

    /// Runs of this session about a subject, and recordings of it, of the framework
    /// whose prompts are asked.
    pub fn n_runs_about(&self, kind: &str, id: &str) -> usize {
        let about = |s: &crate::speculate::trace::SubjectInfo| {
            s.kind.as_str() == kind && s.id == id && self.catalog.is_framework(&s.framework)
        };
        let live = self.session.runs.iter().filter(|r| r.recording().is_none());
        live.filter(|r| about(&r.subject)).count()
            + self
                .session
                .earlier
                .iter()
                .filter(|e| about(&e.subject))
                .count()
    }

    /// Whether the pools have an answer about a subject, of the framework whose
    /// prompts are asked, or of one that is not known.
    pub fn is_in_pool(&self, kind: &str, id: &str) -> bool {
        let is_asked = |s: &Shipped| {
            known_framework(&s.framework).is_none_or(|name| self.catalog.is_framework(name))
        };
        let is_it = |s: &Shipped| s.kind == kind && s.id == id && is_asked(s);
        self.catalog.shipped.iter().any(is_it)
    }

    /// Whether frames must be drawn without anyone pressing a key.
    pub fn is_moving(&self) -> bool {
        let busy = |r: &Run| r.is_moving() || r.references.is_busy();
        let sweeps = self.screen == Screen::Tune && self.tune.sweep.is_under_way();
        let races = self.compare.is_racing();
        let batches = self.screen == Screen::Batch && self.batch.is_moving();
        let moves = races || sweeps || batches;
        self.engine.model.is_coming() || self.run().is_some_and(busy) || moves
    }

    /// When something happens by itself though nothing moves.
    pub fn wakes_in(&self) -> Option<Duration> {
        let times = [self.notice_moves_in(), self.board_due_in()];
        times.into_iter().flatten().min()
    }

    /// When the notice uncovers the hints, where it does.
    pub fn notice_moves_in(&self) -> Option<Duration> {
        let notice = self.notice.as_ref().filter(|n| n.covers_hints())?;
        Some(Notice::OVER_HINTS - notice.age)
    }

    /// Hands over what the terminal's owner is to do.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Shows a line in the footer.
    pub fn tell(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice {
            tone,
            text: text.into(),
            age: Duration::ZERO,
        });
    }

    pub(crate) fn next_run_id(&mut self) -> RunId {
        self.session.n_runs += 1;
        self.session.n_runs
    }

    /// The demo plays at an easy pace, which is no wish for what comes after it.
    pub(crate) fn show_run(&mut self, id: RunId) {
        let is_demo = |run: Option<&Run>| run.and_then(Run::recording) == Some(Recording::Demo);
        let left_demo = is_demo(self.run());
        self.set_shown(Some(id));
        self.screen = Screen::Decode;
        self.decode.go_to(Cursor::Follow);
        if is_demo(self.run()) {
            self.decode.pace = Pace::EASY;
        } else if left_demo {
            self.decode.pace = Pace::FULL_SPEED;
        }
    }
}
