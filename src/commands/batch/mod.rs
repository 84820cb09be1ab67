//! `laserscope generate --all`: knowledge for everyone. A finished answer is stored at once
//! and joins its group's pool. A kill at any moment loses only the answers in progress, and
//! a resumed run continues as if it had not been interrupted.
//!
//! `plan` lists the subjects, `manifest` records how the batch was started, `start` finds
//! where to continue, `lanes` decides how many subjects are decoded together; `one_by_one`
//! and `together` do the work on the same `books`; `measured` has the figures.

mod books;
pub mod journal;
mod lanes;
pub mod manifest;
mod measured;
mod one_by_one;
mod plan;
pub(crate) mod recorded;
mod start;
mod together;

use books::Books;
use color_eyre::eyre::Result;
pub(crate) use measured::duration;
pub(crate) use plan::Batch;
use recorded::Recorder;
use start::{Start, start};

use crate::cli::{GenerateArgs, Lanes};
use crate::commands::{open, settle_passes};
use crate::config::Settings;
use crate::engine::Engine;
use crate::recsys::{Catalog, Framework};
use crate::speculate::params::Params;
use crate::speculate::passes::PassesHeader;

pub(crate) use manifest::Conditions;
pub(crate) use manifest::Listing;
pub use manifest::Manifest;
pub use manifest::manifest_path;
pub use plan::Plan;

/// Runs the command. `Ok(false)`: cancelled, or a check failed.
pub(crate) fn run(
    args: &GenerateArgs,
    settings: &Settings,
    params: Params,
    framework: &Framework,
) -> Result<bool> {
    let is_alone = args.batch.lanes == Lanes::Exactly(1);
    let (catalog, mut engine) = open(settings)?;
    if !is_alone {
        settle_passes(&mut engine, settings)?;
    }
    run_on(&mut engine, &catalog, framework, params, args)
}

/// Runs the batch on a loaded engine.
pub fn run_on(
    engine: &mut Engine,
    catalog: &Catalog,
    framework: &Framework,
    params: Params,
    args: &GenerateArgs,
) -> Result<bool> {
    run_for(
        engine,
        Batch {
            args,
            catalog,
            framework,
            params,
            only: None,
        },
    )
}

/// Runs a batch whose subjects may be chosen.
pub(crate) fn run_for(engine: &mut Engine, batch: Batch<'_>) -> Result<bool> {
    let args = batch.args;
    let Start { plan, kept, room } = start(&batch, engine)?;
    if plan.n_without_history > 0 {
        note!(
            "{} users skipped: too little history for a prompt",
            plan.n_without_history
        );
    }
    let mut books = Books::new(batch, engine, plan, kept);
    let is_done = match room {
        Some(room) => together::go_on(engine, &mut books, &room)?,
        None => {
            let mut recorder = recorder(engine, args)?;
            one_by_one::go_on(engine, &mut books, &mut recorder)?
        }
    };
    books.conclude(engine, is_done)
}

/// The recorder of a batch whose runs are decoded one by one.
fn recorder(engine: &Engine, args: &GenerateArgs) -> Result<Option<Recorder>> {
    let Some(folder) = &args.batch.traces else {
        return Ok(None);
    };
    let model = &engine.model;
    let header = PassesHeader {
        device: model.device.clone(),
        threads: model.threads(),
        ..PassesHeader::new(model.info.clone(), engine.start.cost.clone())
    };
    Recorder::open(folder, &header).map(Some)
}
