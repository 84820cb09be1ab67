//! `laserscope cost measure --shape`: the step costs of a model that has not been fetched.

use color_eyre::eyre::{Result, ensure, eyre};
use serde::Serialize;

use crate::commands::show_loading;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::{Engine, Loading};
use crate::model::device;
use crate::model::shape::{DTYPE, Shape};

/// Share of the free memory that random weights may take.
const SHARE: u64 = 2;

/// Which shape was measured, and how much of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    shape: String,
    /// Blocks of the model ..
    blocks: usize,
    /// .. and how many were measured; the others are assumed to cost the same.
    blocks_measured: usize,
    weights: String,
}

impl Measured {
    pub(crate) fn describe(&self) -> String {
        let all = match self.blocks_measured == self.blocks {
            true => format!("all {} blocks", self.blocks),
            false => format!(
                "{} of {} blocks fit into half of the free memory; the others are extrapolated",
                self.blocks_measured, self.blocks
            ),
        };
        format!(
            "random {} weights in the shape of {}: {all}; the profile is not saved",
            self.weights, self.shape
        )
    }
}

/// Measures the shape; the engine has its profile.
///
/// # Errors
/// An unknown shape; one that does not fit with a single block; Ctrl-C.
pub(crate) fn measure(name: &str, settings: &Settings) -> Result<(Engine, Measured)> {
    let shape = Shape::named(name)?;
    let blocks = shape.config.layers;
    let fitting = fitting(&shape)?;
    let shown = shape.name.clone();
    let mut line = Line::new();
    let options = settings.load_options();
    let mut engine = Engine::of_shape(shape, fitting, &options, |loading| {
        show_loading(&mut line, &loading);
    })?;
    let profile = engine.measure_profile(&mut |done, of| {
        show_loading(&mut line, &Loading::Measuring { done, of });
        !interrupt::is_set()
    })?;
    engine.start.cost = profile.ok_or_else(|| eyre!("cancelled"))?;
    let passes = engine.measure_passes(&mut |done, of| {
        show_loading(&mut line, &Loading::Measuring { done, of });
        !interrupt::is_set()
    })?;
    engine.start.cost.passes = passes.ok_or_else(|| eyre!("cancelled"))?;
    let measured = Measured {
        shape: shown,
        blocks,
        blocks_measured: fitting,
        weights: format!("{DTYPE:?}"),
    };
    Ok((engine, measured))
}

/// Blocks that fit into half of the free memory.
fn fitting(shape: &Shape) -> Result<usize> {
    let Some(available) = device::available_memory() else {
        return Ok(shape.config.layers);
    };
    let room = (available / SHARE).saturating_sub(shape.end_bytes());
    let fitting = (room / shape.block_bytes().max(1)).min(shape.config.layers as u64);
    ensure!(
        fitting > 0,
        "--shape {}: not even one of its {} blocks fits into half of the {:.1} GB of free memory",
        shape.name,
        shape.config.layers,
        available as f64 / 1e9
    );
    Ok(fitting as usize)
}
