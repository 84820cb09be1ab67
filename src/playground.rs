//! From settings to the screens: the interface on this thread, the engine on its
//! own, a bundled recording to look at meanwhile.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, eyre};
use etcetera::BaseStrategy;

use crate::config::{self, Config};
use crate::export::{self, Canvas};
use crate::recsys::{Catalog, Framework, frameworks};
use crate::session::Settings;
use crate::speculate::command_line::Setup;
use crate::speculate::params::Params;
use crate::speculate::trace::Trace;
use crate::tui::lesson::learned::Learned;
use crate::tui::start::{Length, Shipped, Start};
use crate::tui::{self, Files, Look, earlier_runs};
use crate::worker::{self, Handle};

/// A run of the default model, recorded with it: plays where no model is yet.
const DEMO: &str = include_str!("../assets/traces/demo.jsonl");

/// How long the engine may take to come to its end once the screens have gone: it
/// looks for commands between two steps. A longer one ends with the program.
const LAST_STEP: Duration = Duration::from_millis(500);

/// Opens the playground.
pub fn open(settings: Settings, config: &Config, look: Look) -> Result<()> {
    let framework = settings.framework()?;
    let params = config.params_with(&framework)?;
    let catalog = settings.load_catalog()?;
    let mut start = start(Some(catalog.clone()), params, look);
    (start.frameworks, start.framework) = frameworks(&settings, framework);
    if config.decode.max_tokens.is_some() {
        start.length = Length::Given;
    }
    start.demo = Some(demo()?);
    start.shipped = shipped(&settings)?;
    start.setup = settings.setup();
    show(start, files(), worker::spawn(settings, catalog)?)
}

/// The screens over an engine's thread, until they are left; then it is waited for,
/// but not for long, whatever it does.
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

/// Opens a recorded run; no model is loaded.
pub fn replay(paths: &[PathBuf], look: Look) -> Result<()> {
    let start = replay_start(load_traces(paths)?, look);
    let (commands, _kept) = std::sync::mpsc::channel();
    let (_quiet, events) = tokio::sync::mpsc::unbounded_channel();
    block_on(tui::run(start, files(), commands, events))
}

/// What the screens begin with when they only replay.
pub fn replay_start(traces: Vec<Trace>, look: Look) -> Start {
    let params = traces
        .first()
        .map_or_else(Params::default, |t| t.header.params);
    Start {
        replay: traces,
        ..start(Catalog::bundled().ok(), params, look)
    }
}

/// Reads traces, as [`load_trace`] does.
pub fn load_traces(paths: &[PathBuf]) -> Result<Vec<Trace>> {
    paths.iter().map(|path| load_trace(path)).collect()
}

/// Reads a trace; errors name the file and the line.
pub fn load_trace(path: &Path) -> Result<Trace> {
    let file = std::fs::File::open(path).wrap_err_with(|| format!("opening {}", path.display()))?;
    Trace::load(std::io::BufReader::new(file)).map_err(|e| eyre!("{}: {e}", path.display()))
}

/// The recording that ships.
pub fn demo() -> Result<Trace> {
    Trace::load(DEMO.as_bytes()).map_err(|e| eyre!("assets/traces/demo.jsonl: {e}"))
}

/// `laserscope` in the user's data folder, else here: runs are saved in `runs`.
fn data_folder() -> PathBuf {
    let data = etcetera::choose_base_strategy().map(|strategy| strategy.data_dir());
    data.map_or_else(|_| PathBuf::from("."), |dir| dir.join("laserscope"))
}

fn files() -> Files {
    Files {
        exporter: |trace, format| export::export(trace, format, &Canvas::default()),
        save_settings: |params| {
            let path = config::default_path().ok_or_else(|| eyre!("no folder for settings"))?;
            config::save_decode(&path, params)?;
            Ok(path.display().to_string())
        },
        learned: data_folder().join("lessons.toml"),
    }
}

/// All that can be used, and where among them the chosen one is.
fn frameworks(settings: &Settings, chosen: Framework) -> (Vec<Framework>, usize) {
    let mut usable = Vec::new();
    for found in frameworks::all(settings.frameworks.as_deref()) {
        match found {
            Ok(found) => usable.push(found.framework),
            Err(error) => note!("left out: {error:#}"),
        }
    }
    let place = usable.iter().position(|known| *known == chosen);
    let place = place.unwrap_or(usable.len());
    if place == usable.len() {
        usable.push(chosen);
    }
    (usable, place)
}

fn start(catalog: Option<Catalog>, params: Params, look: Look) -> Start {
    let save_dir = data_folder().join("runs");
    let shipped = frameworks::all(None).into_iter().flatten();
    Start {
        catalog,
        frameworks: shipped.map(|found| found.framework).collect(),
        framework: 0,
        params,
        length: Length::Frameworks,
        look,
        replay: Vec::new(),
        demo: None,
        shipped: Vec::new(),
        earlier: earlier_runs(&save_dir),
        save_dir,
        learned: Learned::read(&files().learned),
        setup: Setup::default(),
    }
}

fn shipped(settings: &Settings) -> Result<Vec<Shipped>> {
    let docs = settings.load_documents()?.docs;
    Ok(docs
        .into_iter()
        .map(|doc| Shipped {
            kind: doc.kind.to_string(),
            id: doc.id,
            framework: doc.framework,
        })
        .collect())
}

fn block_on(screens: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("starting the interface")?;
    runtime.block_on(screens)
}
