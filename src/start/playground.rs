//! From settings to the screens: the interface on this thread, the engine on its own,
//! with a bundled recording to watch meanwhile.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, eyre};

use super::given::{demo, frameworks, lessons_file, replay_start, replayed, shipped, start};
use super::recorded_batch;
use crate::config::Settings;
use crate::config::{self, Config};
use crate::downstream::rule_findings::read_tested_rules;
use crate::export::{self, Canvas};
use crate::present::board::{LogDoor, Texts};
use crate::speculate::parameters::MAX_TOKENS;
use crate::start::screens;
use crate::tui::start::{Length, Start};
use crate::tui::{self, Files, Look};
use crate::worker::{self, Handle};

/// How long to wait for the engine after the screens are closed: it looks for commands
/// between steps. After that it is ended with the program.
const LAST_STEP: Duration = Duration::from_millis(500);

/// Opens the playground; folders: of traces for the acceptance board, and of a downstream test
/// for the sweeps.
pub fn open(
    settings: Settings,
    config: &Config,
    look: Look,
    [traces, downstream]: [Option<&Path>; 2],
) -> Result<()> {
    let tested = downstream.map(read_tested_rules);
    let tested = tested.transpose().wrap_err("--downstream")?;
    let framework = settings.framework()?;
    let params = config.params_with(&framework)?;
    let catalog = settings.load_catalog()?;
    let mut start = start(Some(catalog.clone()), params, look);
    (start.frameworks, start.framework) = frameworks(&settings, framework);
    if config.decode.given.has(&MAX_TOKENS) {
        start.length = Length::Given;
    }
    start.demo = Some(demo()?);
    start.traces = traces.map(Path::to_path_buf);
    start.tested = tested;
    start.shipped = shipped(&settings)?;
    start.setup = settings.setup();
    show(start, files(), worker::spawn(settings, catalog)?)
}

/// Runs the screens over an engine's thread until they are left, then waits briefly for
/// the thread.
pub fn show(start: Start, files: Files, engine: Handle) -> Result<()> {
    let shown = block_on(tui::run(start, files, engine.commands, engine.events));
    wait_for(&engine.thread);
    shown
}

fn wait_for(thread: &JoinHandle<()>) {
    let begun = Instant::now();
    while !thread.is_finished() && begun.elapsed() < LAST_STEP {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Opens recorded runs, a recorded batch, or the acceptance board over a folder of runs; no
/// model is loaded.
///
/// # Errors
/// A file that is no trace; several folders.
pub fn replay(paths: &[PathBuf], look: Look) -> Result<()> {
    let start = replayed(recorded_batch::read(paths)?, look);
    let (commands, _kept) = std::sync::mpsc::channel();
    let (_quiet, events) = tokio::sync::mpsc::unbounded_channel();
    block_on(tui::run(start, files(), commands, events))
}

/// Opens the acceptance board over a log that is being scored; no model is loaded.
///
/// # Errors
/// What the terminal reports.
pub fn score_board(log: LogDoor, look: Look) -> Result<()> {
    let mut start = replay_start(Vec::new(), look);
    start.log = Some(log);
    let (commands, _kept) = std::sync::mpsc::channel();
    let (_quiet, events) = tokio::sync::mpsc::unbounded_channel();
    block_on(tui::run(start, files(), commands, events))
}

fn files() -> Files {
    Files {
        exporter: |trace, format| {
            screens::export(trace, format, &Canvas::default(), &Look::default())
        },
        board: |rows, form| export::board::board(rows, form, Texts::LeftOut),
        sweep: export::sweep::sweep_report,
        copy: tui::terminal::tty::copy,
        save_settings: |params| {
            let path = config::default_path().ok_or_else(|| {
                eyre!(
                    "no configuration folder was \
                found (set HOME)"
                )
            })?;
            config::save_decode(&path, params)?;
            Ok(path.display().to_string())
        },
        learned: lessons_file(),
    }
}

fn block_on(screens: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("starting the interface")?;
    runtime.block_on(screens)
}
