//! What the screens begin with.

use std::path::PathBuf;

use color_eyre::eyre::{Result, eyre};
use etcetera::BaseStrategy;

use crate::config::Settings;
use crate::recsys::{Catalog, Framework, frameworks};
use crate::speculate::command_line::Setup;
use crate::speculate::params::Params;
use crate::speculate::trace::Trace;
use crate::start::recorded_batch::ReplayedFiles;
use crate::tui::lesson::learned::Learned;
use crate::tui::start::{Length, Shipped, Start, StartEngine};
use crate::tui::{Look, earlier_runs};

/// A recorded run of the default model, shown when there is no model yet.
const DEMO: &str = include_str!("../../assets/traces/demo.jsonl");

/// Without anything that only a session knows.
pub(crate) fn start(catalog: Option<Catalog>, params: Params, look: Look) -> Start {
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
        batch: None,
        points: None,
        engine: StartEngine::Coming,
        traces: None,
        tested: None,
        log: None,
        demo: None,
        shipped: Vec::new(),
        earlier: earlier_runs(&save_dir),
        save_dir,
        learned: Learned::read(&lessons_file()),
        setup: Setup::default(),
    }
}

/// What the screens begin with when they replay what paths name.
pub(crate) fn replayed(found: ReplayedFiles, look: Look) -> Start {
    Start {
        batch: found.batch,
        points: found.points,
        traces: found.folder,
        ..replay_start(found.traces, look)
    }
}

/// What the screens begin with when they only replay.
pub fn replay_start(traces: Vec<Trace>, look: Look) -> Start {
    let params = traces
        .first()
        .map_or_else(Params::default, |t| t.header.params);
    Start {
        replay: traces,
        engine: StartEngine::Absent,
        ..start(Catalog::bundled().ok(), params, look)
    }
}

/// The recording that ships.
pub(crate) fn demo() -> Result<Trace> {
    Trace::load(DEMO.as_bytes()).map_err(|e| eyre!("assets/traces/demo.jsonl: {e}"))
}

/// `laserscope` in the user's data folder, else here: runs are saved in `runs`.
pub(crate) fn data_folder() -> PathBuf {
    let data = etcetera::choose_base_strategy().map(|strategy| strategy.data_dir());
    data.map_or_else(|_| PathBuf::from("."), |dir| dir.join("laserscope"))
}

/// Where progress in the lessons is kept.
pub(crate) fn lessons_file() -> PathBuf {
    data_folder().join("lessons.toml")
}

/// All usable ones, and the index of the chosen one.
pub(crate) fn frameworks(settings: &Settings, chosen: Framework) -> (Vec<Framework>, usize) {
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

/// The documents that the pools begin with.
pub(crate) fn shipped(settings: &Settings) -> Result<Vec<Shipped>> {
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
