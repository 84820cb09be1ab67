//! The program without its screens: siblings of the terminal face over the same
//! engine. Data go to standard output, everything else to standard error.

mod again;
pub mod batch;
pub mod bench;
pub mod catalog;
pub mod cost;
mod decoding;
mod fetching;
pub mod framework;
pub mod generate;
pub mod groups;
pub mod knowledge;
pub mod manual;
pub mod models;
pub(crate) mod one_run;
pub(crate) mod outputs;
pub mod picture;
pub mod pool;
pub(crate) mod report;
pub mod sweep;
pub mod trace;
mod verify;

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::config::Settings;
use crate::console::{self, interrupt, progress};
use crate::engine::{Engine, Loading};
use crate::model::fetch::{self, FetchOptions};
use crate::recsys::Catalog;

/// Catalog and engine, fetched and loaded with progress on standard error.
pub fn open(settings: &Settings) -> Result<(Catalog, Engine)> {
    let catalog = settings.load_catalog()?;
    let engine = open_engine(settings, &catalog)?;
    Ok((catalog, engine))
}

/// The engine over a catalog that is loaded already.
pub(crate) fn open_engine(settings: &Settings, catalog: &Catalog) -> Result<Engine> {
    let path = fetch_model(settings, settings.model())?;
    let mut bar = progress::Line::new();
    let engine = settings.open_engine(&path, catalog, |loading| bar.show(&loading.describe()))?;
    note!("{} on {}", engine.model.info.name, engine.model.device);
    let notes = engine.note.iter().flat_map(|note| note.lines());
    notes.for_each(|line| note!("{line}"));
    Ok(engine)
}

/// The same without a cost profile: for measuring.
pub(crate) fn open_unmeasured(settings: &Settings) -> Result<(Catalog, Engine)> {
    let catalog = settings.load_catalog()?;
    let path = fetch_model(settings, settings.model())?;
    let mut bar = progress::Line::new();
    let show = |loading: Loading| bar.show(&loading.describe());
    let engine = settings.open_unmeasured(&path, &catalog, show)?;
    Ok((catalog, engine))
}

/// The model's file, fetched if need be.
pub(crate) fn fetch_model(settings: &Settings, name: &str) -> Result<std::path::PathBuf> {
    let mut bar = progress::Line::new();
    let confirm = |bytes: u64| settings.yes || fetching::ask_large(bytes);
    let options = FetchOptions {
        cancel: interrupt::flag(),
        confirm_large: &confirm,
        offline: settings.offline,
    };
    fetch::resolve(name, &options, &mut |event| {
        fetching::show(&mut bar, &event)
    })
}

/// One JSON object, on a line of its own, at once.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    console::json(value)
}
