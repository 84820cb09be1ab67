//! What the screens share: how they look, what is known of the engine, the session's
//! runs, and the settings of the next one.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::protocol::{Request, RunId};
use crate::recsys::SubjectRef;
use crate::speculate::command_line::Setup;
use crate::speculate::cost::CostProfile;
use crate::speculate::params::Params;
use crate::speculate::trace::Trace;
use crate::tui::app::model::ModelState;
use crate::tui::keys::keymap::Keymap;
use crate::tui::look::themes::Themes;
use crate::tui::remembered::{Mouse, Shift};
use crate::tui::runs::drifting::Drifting;
use crate::tui::runs::parked::IN_MEMORY_MB;
use crate::tui::runs::run::Run;
use crate::tui::runs::spill::Spill;
use crate::tui::start::{EarlierRun, Glyphs, Length, Look, Presenting};
use crate::tui::widgets::border::Splitter;

/// How the screens look here and now, and whose the keys and the mouse are.
pub struct Appearance {
    /// Colours and the themes to choose from.
    pub theme: Themes,
    /// The keys, with the user's changes.
    pub keys: Keymap,
    /// Unicode, or ASCII only.
    pub glyphs: Glyphs,
    /// Whether an audience looks on.
    pub presenting: Presenting,
    /// How far panes were moved.
    pub panes: Shift,
    /// The border that the mouse holds.
    pub(crate) dragged: Option<Splitter>,
    /// By `t`, in this session or an earlier one.
    pub(crate) chosen_theme: Option<String>,
    pub(crate) mouse: Mouse,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Frames drawn while something moved; turns the spinner.
    pub(crate) frame: usize,
    /// What the screen in front takes, as it is laid out.
    pub(crate) measured: Measured,
}

/// What a screen takes as it is laid out: measured by its view, for what moves in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Of what can be scrolled: the first line shown.
    pub(crate) top: usize,
    /// The last line that can be first.
    pub(crate) last: usize,
    /// Columns that the running text is wrapped to.
    pub(crate) text_width: usize,
}

/// What is known of the engine.
pub struct EngineState {
    /// Where the model is.
    pub model: ModelState,
    /// The options that chose catalog, pools and model.
    pub(crate) setup: Setup,
    /// What a step costs here, as a plain command line goes by it; `None`: not known.
    pub(crate) profile: Option<CostProfile>,
    /// Whether this machine still fits it.
    pub(crate) drift: Drifting,
    /// Waits for the model.
    pub(crate) queued: Option<Request>,
}

/// The runs of this session and the recordings that it knows.
pub struct Session {
    /// Oldest first.
    pub runs: Vec<Run>,
    /// Which of them Decode shows.
    pub shown: Option<RunId>,
    pub(crate) n_runs: RunId,
    /// Subjects to generate for, one after another.
    pub(crate) queue: VecDeque<SubjectRef>,
    /// The records of runs that may be in memory at once, in bytes.
    pub in_memory_bytes: usize,
    /// Where the others are.
    pub(crate) spill: Spill,
    pub(crate) earlier: Vec<EarlierRun>,
    pub(crate) save_dir: PathBuf,
    pub(crate) demo: Option<Trace>,
    /// Whether a person has touched anything yet.
    pub(crate) touched: Touched,
    /// Runs to be saved before the screens are left.
    pub(crate) to_save: Vec<RunId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    No,
    Yes,
}

/// For the next run, and for the next step of the one under way.
pub struct NextRun {
    /// The parameters.
    pub params: Params,
    pub(crate) length: Length,
}

impl Appearance {
    pub(super) fn new(look: Look) -> Self {
        Appearance {
            theme: look.themes,
            keys: look.keys,
            glyphs: look.glyphs,
            presenting: look.presenting,
            panes: look.memory.panes,
            dragged: None,
            chosen_theme: look.memory.theme,
            mouse: look.memory.mouse,
            size: (120, 40),
            frame: 0,
            measured: Measured::default(),
        }
    }
}

impl EngineState {
    pub(super) fn new(setup: Setup) -> Self {
        EngineState {
            model: ModelState::Starting,
            setup,
            profile: None,
            drift: Drifting::default(),
            queued: None,
        }
    }
}

impl Session {
    pub(super) fn new(earlier: Vec<EarlierRun>, save_dir: PathBuf, demo: Option<Trace>) -> Self {
        Session {
            runs: Vec::new(),
            shown: None,
            n_runs: 0,
            queue: VecDeque::new(),
            in_memory_bytes: IN_MEMORY_MB << 20,
            spill: Spill::default(),
            earlier,
            save_dir,
            demo,
            touched: Touched::No,
            to_save: Vec::new(),
        }
    }
}
