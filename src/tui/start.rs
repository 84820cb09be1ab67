//! What the interface is given when it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::config_watch::ConfigWatch;
use super::lesson::learned::Learned;
use super::remembered::Remembered;
use crate::present::board::LogDoor;
use crate::recsys::{Catalog, Framework};
use crate::speculate::command_line::Setup;
use crate::speculate::params::Params;
use crate::speculate::passes::{BenchPoints, RecordedBatch};
use crate::speculate::sweep::TestedRules;
use crate::speculate::trace::{End, SubjectInfo, Trace};
use crate::tui::keys::keymap::Keymap;
use crate::tui::look::themes::Themes;

/// Most recordings listed; older ones stay on disk.
const MAX_LISTED: usize = 200;

/// Which signs the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Symbols and lines.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

/// Whether an audience looks on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presenting {
    /// All panes, all keys.
    #[default]
    No,
    /// One large pane at a time, and of the bars what an audience needs.
    Yes,
}

/// How the screens look and what the keys do.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub(crate) themes: Themes,
    pub(crate) keys: Keymap,
    pub(crate) glyphs: Glyphs,
    pub(crate) presenting: Presenting,
    /// Of earlier sessions.
    pub(crate) memory: Remembered,
    /// Where it is kept; `None`: nowhere.
    pub(crate) memory_file: Option<PathBuf>,
    /// The configuration file, to be read again when it changes.
    pub(crate) config: Option<ConfigWatch>,
    /// What is to be said once at the start.
    pub(crate) notices: Vec<String>,
}

/// Whether there is an engine behind the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartEngine {
    /// Its model is being loaded.
    Coming,
    /// None: recorded runs only.
    Absent,
}

/// Everything the interface knows at its start.
pub struct Start {
    /// `None`: recordings and custom prompts only.
    pub catalog: Option<Catalog>,
    /// How prompts can be written.
    pub frameworks: Vec<Framework>,
    /// Index of the one to begin with.
    pub framework: usize,
    /// Its answers' length is in force, unless it was given.
    pub params: Params,
    /// Where the answers' length comes from.
    pub length: Length,
    /// Theme, keys and glyphs.
    pub look: Look,
    /// Open these recordings, with no model (`laserscope replay`); the first is shown.
    pub replay: Vec<Trace>,
    /// Open this recorded batch, with no model.
    pub batch: Option<RecordedBatch>,
    /// What `bench batch` has measured, for the Batch screen.
    pub points: Option<BenchPoints>,
    /// Whether a model is to be expected.
    pub engine: StartEngine,
    /// A folder of traces for the acceptance board, which is then in front.
    pub traces: Option<PathBuf>,
    /// What a downstream test has found about rules, for the Tune screen.
    pub tested: Option<TestedRules>,
    /// A log for the acceptance board, which is then in front.
    pub log: Option<LogDoor>,
    /// Plays while the model is fetched.
    pub demo: Option<Trace>,
    /// The answers that the pools begin with.
    pub shipped: Vec<Shipped>,
    /// Runs recorded before, newest first.
    pub earlier: Vec<EarlierRun>,
    /// Where `s` saves traces.
    pub save_dir: PathBuf,
    /// Tasks of the lessons that were done before.
    pub learned: Learned,
    /// The options that chose catalog, pools and model: for command lines that make a
    /// run again.
    pub setup: Setup,
}

/// Who set the length of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The user: it stays.
    Given,
    /// Nobody: each framework has its own.
    Frameworks,
}

/// A knowledge document's subject, and what asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Item or user.
    pub kind: String,
    /// In its catalog.
    pub id: String,
    /// How the prompt was written.
    pub framework: String,
}

/// A recording on disk, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierRun {
    pub(crate) path: PathBuf,
    /// Whom it is about.
    pub subject: SubjectInfo,
    pub(crate) params: Params,
    /// `None`: the run was cut off.
    pub end: Option<End>,
}

/// The recordings in a folder, newest first. Files that are none are passed
/// over, and so is a folder that is not there.
pub fn earlier_runs(folder: &Path) -> Vec<EarlierRun> {
    let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "jsonl"))
        .filter_map(|entry| {
            let about = fs::metadata(entry.path())
                .ok()
                .filter(fs::Metadata::is_file)?;
            Some((about.modified().ok()?, entry.path()))
        })
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    let newest = files.into_iter().take(MAX_LISTED);
    newest.filter_map(|(_, path)| read_entry(path)).collect()
}

fn read_entry(path: PathBuf) -> Option<EarlierRun> {
    let (header, end) = Trace::peek(fs::File::open(&path).ok()?).ok()?;
    Some(EarlierRun {
        path,
        subject: header.subject,
        params: header.params,
        end,
    })
}
