//! The program without its screens: siblings of the terminal interface over the same
//! engine. Data goes to standard output, everything else to standard error.

mod again;
mod arrangement;
pub mod batch;
pub mod bench;
pub mod catalog;
mod cells;
pub mod cost;
mod decoding;
pub mod downstream;
pub mod engine_settings;
mod fetching;
pub mod framework;
pub mod generate;
pub mod groups;
pub mod knowledge;
pub mod lesson;
pub mod manual;
pub mod models;
pub(crate) mod one_run;
pub(crate) mod outputs;
pub mod picture;
pub mod pool;
pub(crate) mod report;
pub mod score;
pub mod sweep;
pub mod trace;
mod verify;

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::config::Settings;
use crate::console::progress::Line;
use crate::console::{self, interrupt};
use crate::engine::{Engine, Loading};
use crate::model::fetch::{self, FetchOptions};
use crate::recsys::Catalog;
use crate::speculate::cost::PassCosts;

/// Catalog and engine, fetched and loaded with progress on standard error.
pub fn open(settings: &Settings) -> Result<(Catalog, Engine)> {
    let catalog = settings.load_catalog()?;
    let engine = open_engine(settings, &catalog)?;
    Ok((catalog, engine))
}

/// The engine for a loaded catalog.
pub(crate) fn open_engine(settings: &Settings, catalog: &Catalog) -> Result<Engine> {
    let path = fetch_model(settings, settings.model())?;
    let mut line = Line::new();
    let engine =
        settings.open_engine(&path, catalog, |loading| show_loading(&mut line, &loading))?;
    drop(line);
    note!("{} on {}", engine.model.info.name, engine.model.device);
    let notes = engine.note.iter().flat_map(|note| note.lines());
    notes.for_each(|line| note!("{line}"));
    Ok(engine)
}

/// The same without a cost profile: for measuring.
pub(crate) fn open_unmeasured(settings: &Settings) -> Result<(Catalog, Engine)> {
    let catalog = settings.load_catalog()?;
    let path = fetch_model(settings, settings.model())?;
    let mut line = Line::new();
    let on = |loading| show_loading(&mut line, &loading);
    let engine = settings.open_unmeasured(&path, &catalog, on)?;
    Ok((catalog, engine))
}

/// Shows where loading is.
fn show_loading(line: &mut Line, loading: &Loading) {
    match loading.part() {
        Some((done, of)) => line.timed_part(done, of, &loading.describe()),
        None => line.show(&loading.describe()),
    }
}

/// The model's file, fetched if need be.
pub(crate) fn fetch_model(settings: &Settings, name: &str) -> Result<std::path::PathBuf> {
    let mut line = Line::new();
    let confirm = |bytes: u64| settings.yes || fetching::ask_large(bytes);
    let options = FetchOptions {
        cancel: interrupt::flag(),
        confirm_large: &confirm,
        offline: settings.offline,
    };
    fetch::resolve(name, &options, &mut |event| {
        fetching::show(&mut line, &event)
    })
}

/// Measures what passes over several sequences cost, where the profile in use does not say;
/// says what is assumed where a given one does not.
pub(crate) fn settle_passes(engine: &mut Engine, settings: &Settings) -> Result<()> {
    if settings.cost.is_none() {
        let mut line = Line::new();
        let note = crate::session::cost::settle_passes(engine, &mut |done, of| {
            show_loading(&mut line, &Loading::Measuring { done, of });
            !interrupt::is_set()
        })?;
        note.iter().for_each(|note| line.say(note));
    }
    let is_measured = !engine.start.cost.is_empty();
    if let Some(assumed) = PassCosts::new(&engine.start.cost)
        .assumed()
        .filter(|_| is_measured)
    {
        note!("{assumed}");
    }
    Ok(())
}

/// One JSON object, on a line of its own, at once.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    console::json(value)
}
