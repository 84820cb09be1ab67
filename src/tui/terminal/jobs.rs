//! What takes the disk's time. Saving, exporting and loading run one after another on a
//! thread of their own; each ends with what the interface is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::files::{self, Files};
use crate::present::board::{BoardRow, LogDoor, MoreRows};
use crate::present::number::count;
use crate::protocol::RunId;
use crate::shutdown;
use crate::speculate::params::Params;
use crate::speculate::trace::Trace;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::screens::catalog::board::watch::{Scanned, scan};
use crate::tui::screens::compare::state::Choice;
use crate::tui::view;

/// How long keys wait for files, so that what is typed next finds them written.
const KEYS_WAIT: Duration = Duration::from_secs(2);

/// How long the end of the screens waits for files.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same where something went wrong.
const LITTLE_PATIENCE: Duration = Duration::from_millis(500);

/// Where something was written, or why it was not.
type Written = Result<String, String>;

/// How a job ended.
pub(crate) enum Done {
    Saved(RunId, Written),
    SavedToCopy(RunId, Written),
    Wrote(Written),
    SavedSettings(Params, Written),
    KeptLearned(Result<(), String>),
    Read(PathBuf, Result<Box<Trace>, String>),
    /// What is new in the folder that the board watches.
    Scanned(Result<Scanned, String>),
    /// What was scored of the board's log.
    LogScored(Result<MoreRows, String>),
    /// An answer of it as a run.
    OpenedLogged(u32, Result<Box<Trace>, String>),
    /// It panicked; the report has been kept.
    Panicked,
}

type Job = Box<dyn FnOnce() -> Done + Send>;

/// Whether what is typed next waits for a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    KeysWait,
    Quiet,
}

/// A job to be asked for.
pub(crate) struct Asking {
    job: Job,
    patience: Patience,
}

/// The thread's two ends.
pub(crate) struct Jobs {
    asked: Sender<Asking>,
    done: UnboundedReceiver<(Patience, Done)>,
    n_waiting: usize,
    /// Those that nobody waits for; keys go on meanwhile.
    n_quiet: usize,
    /// When the first of those that are waiting was asked for.
    since: Option<Instant>,
}

impl Jobs {
    /// # Errors
    /// No thread could be made.
    pub(crate) fn start() -> Result<Self> {
        let (asked, jobs) = channel::<Asking>();
        let (sender, done) = unbounded_channel();
        let work = move || {
            shutdown::alternate_stack();
            for Asking { job, patience } in jobs {
                let done = catch_unwind(AssertUnwindSafe(job));
                // Nobody listens any more: the rest is done all the same.
                let _ = sender.send((patience, done.unwrap_or(Done::Panicked)));
            }
        };
        let thread = std::thread::Builder::new().name("files".into());
        thread.spawn(work).wrap_err("starting to write files")?;
        Ok(Jobs {
            asked,
            done,
            n_waiting: 0,
            n_quiet: 0,
            since: None,
        })
    }

    pub(crate) fn ask(&mut self, asking: Asking) {
        let patience = asking.patience;
        let is_asked = self.asked.send(asking).is_ok();
        if is_asked && patience == Patience::Quiet {
            self.n_quiet += 1;
        } else if is_asked {
            self.n_waiting += 1;
            self.since.get_or_insert_with(Instant::now);
        }
    }

    pub(crate) fn are_waiting(&self) -> bool {
        self.n_waiting + self.n_quiet > 0
    }

    /// Until when keys wait for them.
    pub(crate) fn keys_wait(&self) -> Option<Instant> {
        let until = self.since? + KEYS_WAIT;
        (until > Instant::now()).then_some(until)
    }

    /// The next that ends; `None`: their thread is gone.
    pub(crate) async fn next(&mut self) -> Option<Done> {
        let done = self.done.recv().await;
        match &done {
            Some((Patience::Quiet, _)) => self.n_quiet -= 1,
            Some((Patience::KeysWait, _)) => self.n_waiting -= 1,
            None => (self.n_waiting, self.n_quiet) = (0, 0),
        }
        if self.n_waiting == 0 {
            self.since = None;
        }
        done.map(|(_, done)| done)
    }

    /// Waits for all but the quiet ones, but neither for a disk that does not answer nor after a
    /// signal. What could not be done, a line each.
    pub(crate) async fn finish(&mut self, asked_for: bool) -> Vec<String> {
        let patience = if asked_for { PATIENCE } else { LITTLE_PATIENCE };
        let until = tokio::time::Instant::now() + patience;
        let mut told = Vec::new();
        while self.n_waiting > 0 {
            let done = tokio::select! {
                done = self.next() => done,
                () = tokio::time::sleep_until(until) => break,
                _ = shutdown::arrived(), if asked_for => break,
            };
            told.extend(done.and_then(Done::problem));
        }
        if self.n_waiting > 0 {
            let n = count(self.n_waiting, "file");
            told.push(format!("{n} could not be written or read in time"));
        }
        told
    }
}

impl Done {
    /// Why it could not be done.
    fn problem(self) -> Option<String> {
        let (what, why) = match self {
            Done::Saved(_, outcome)
            | Done::SavedToCopy(_, outcome)
            | Done::Wrote(outcome)
            | Done::SavedSettings(_, outcome) => ("not saved", outcome.err()?),
            Done::KeptLearned(outcome) => ("progress is not saved", outcome.err()?),
            Done::Read(_, outcome) | Done::OpenedLogged(_, outcome) => {
                ("not opened", outcome.err()?)
            }
            Done::Scanned(_) | Done::LogScored(_) | Done::Panicked => return None,
        };
        Some(format!("{what}: {why}"))
    }
}

/// What there is to do for an effect; `None`: nothing with files.
pub(crate) fn of(app: &App, files: &Files, effect: Effect) -> Option<Asking> {
    let patience = match effect {
        Effect::ScanBoard | Effect::ScoreLog => Patience::Quiet,
        _ => Patience::KeysWait,
    };
    job_of(app, files, effect).map(|job| Asking { job, patience })
}

fn job_of(app: &App, files: &Files, effect: Effect) -> Option<Job> {
    let folder = app.session.save_dir.clone();
    let trace = |id| trace_of(app, id);
    Some(match effect {
        Effect::Save(id) => {
            let trace = trace(id);
            Box::new(move || Done::Saved(id, save(&folder, trace)))
        }
        Effect::SaveToCopy(id) => {
            let trace = trace(id);
            Box::new(move || Done::SavedToCopy(id, save(&folder, trace)))
        }
        Effect::Export(id, format) => {
            let (trace, exporter) = (trace(id), files.exporter);
            let write = move |trace| files::export(&folder, &trace, format, exporter);
            Box::new(move || Done::Wrote(trace.and_then(write).map_err(words)))
        }
        Effect::Picture => {
            let mut drawn = Buffer::empty(Rect::new(0, 0, app.look.size.0, app.look.size.1));
            view::render(app, drawn.area, &mut drawn);
            Box::new(move || Done::Wrote(files::picture(&folder, &drawn).map_err(words)))
        }
        Effect::SaveSettings(params) => {
            let write = files.save_settings;
            Box::new(move || Done::SavedSettings(params, write(&params).map_err(words)))
        }
        Effect::KeepLearned => {
            let (learned, path) = (app.learn.learned.clone(), files.learned.clone());
            Box::new(move || Done::KeptLearned(learned.write(&path).map_err(words)))
        }
        Effect::Open(path) => Box::new(move || {
            let trace = files::load(&path).map(Box::new).map_err(words);
            Done::Read(path, trace)
        }),
        Effect::ScanBoard => scan_board(app)?,
        Effect::ScoreLog => {
            let door = door(app)?;
            Box::new(move || Done::LogScored(door.more()))
        }
        Effect::OpenLogged(number) => {
            let door = door(app)?;
            Box::new(move || Done::OpenedLogged(number, door.open(number)))
        }
        Effect::ExportBoard => export_board(app, files),
        Effect::ExportSweep(form) => {
            let (report, writer) = (app.sweep_report()?, files.sweep);
            let write = move || files::sweep(&folder, &report, form, writer);
            Box::new(move || Done::Wrote(write().map_err(words)))
        }
        Effect::Quit
        | Effect::Suspend
        | Effect::Mouse(_)
        | Effect::Copy(_)
        | Effect::ScoreMarked => return None,
    })
}

/// Writes the rows that the board shows.
fn export_board(app: &App, files: &Files) -> Job {
    let (folder, write) = (app.session.save_dir.clone(), files.board);
    let rows: Vec<BoardRow> = app.catalog.board.shown().cloned().collect();
    Box::new(move || Done::Wrote(files::board(&folder, &rows, write).map_err(words)))
}

/// The thread that scores the board's log.
fn door(app: &App) -> Option<LogDoor> {
    let log = app.catalog.board.log.as_ref();
    log.map(|log| log.door.clone())
}

/// Reads what is new in the folder that the board watches.
fn scan_board(app: &App) -> Option<Job> {
    let watched = app.catalog.board.folder.as_ref()?;
    let (path, seen) = (watched.path.clone(), watched.seen.clone());
    Some(Box::new(move || {
        let scanned = catch_unwind(AssertUnwindSafe(|| scan(&path, seen)));
        let failed = || Err(format!("{}: reading it failed", path.display()));
        Done::Scanned(scanned.unwrap_or_else(|_| failed()))
    }))
}

/// A run's trace as it is now, wherever it is.
fn trace_of(app: &App, id: RunId) -> Result<Trace> {
    Ok(app.trace_of(Choice::Run(id))?.into_owned())
}

fn save(folder: &std::path::Path, trace: Result<Trace>) -> Written {
    trace
        .and_then(|trace| files::save(folder, &trace))
        .map_err(words)
}

fn words(why: color_eyre::eyre::Report) -> String {
    format!("{why:#}")
}

/// Tells the interface how a job ended.
pub(crate) fn tell(app: &mut App, done: Option<Done>) {
    match done {
        Some(Done::Saved(id, outcome)) => app.saved_run(id, outcome),
        Some(Done::SavedToCopy(id, outcome)) => app.saved_to_copy(id, outcome),
        Some(Done::Wrote(outcome)) => app.saved(outcome),
        Some(Done::SavedSettings(params, outcome)) => app.settings_saved(params, outcome),
        Some(Done::KeptLearned(Err(why))) => {
            app.tell(Tone::Problem, format!("Progress is not saved: {why}"));
        }
        Some(Done::KeptLearned(Ok(()))) | None => {}
        Some(Done::Read(path, Ok(trace))) => app.open_file(*trace, &path),
        Some(Done::Read(_, Err(why))) => app.open_failed(why),
        Some(Done::Scanned(scanned)) => app.board_scanned(scanned),
        Some(Done::LogScored(scored)) => app.log_scored(scored),
        Some(Done::OpenedLogged(number, opened)) => app.opened_logged(number, opened),
        Some(Done::Panicked) => {
            let what = "Writing or reading a file failed; the report is printed on exit.";
            app.tell(Tone::Problem, what);
        }
    }
}
