//! The numbers of the batch that a lesson asks for or mentions. What a draft row needs is
//! by this machine's cost profile, where it has one, else by that of the recording.

use crate::speculate::cost::{CostProfile, PassCosts, by_size};
use crate::speculate::passes::{BatchCourse, Factors};
use crate::tui::app::App;
use crate::tui::lesson;
use crate::tui::lesson::figure::BatchFigure;
use crate::tui::screens::batch::{LARGEST_SIZE, PASSES_OF_A_RATE};

/// `None`: nothing shown has such a figure.
pub(super) fn value(figure: BatchFigure, app: &App) -> Option<f64> {
    let (course, pass) = at(app)?;
    let looked_at = course.passes.get(pass)?;
    let factor = |of: fn(&Factors) -> f64| {
        let found = course.throughput(pass, PASSES_OF_A_RATE)?;
        found.factors.as_ref().map(of)
    };
    let lanes = course.n_lanes();
    match figure {
        BatchFigure::Size => Some(lanes as f64),
        BatchFigure::PassRows => Some(looked_at.rows as f64),
        BatchFigure::PassDrafts => Some(looked_at.drafts as f64),
        BatchFigure::PassPrice => looked_at.needed.map(per_cent),
        BatchFigure::Batching => factor(|f| f.batching),
        BatchFigure::Drafts => factor(|f| f.drafts),
        BatchFigure::MostSize => Some(LARGEST_SIZE as f64),
        BatchFigure::NeedsAlone => needs(app, course, pass, 1),
        BatchFigure::NeedsHere => needs(app, course, pass, lanes),
        BatchFigure::NeedsMost => needs(app, course, pass, LARGEST_SIZE),
    }
}

/// The batch of the lesson under way and the pass looked at; before it begins, the batch
/// that ships and its last pass.
fn at(app: &App) -> Option<(&BatchCourse, usize)> {
    if app.learn.course.is_some() {
        return app.batch.at();
    }
    let course = lesson::course()?;
    Some((course, course.passes.len().checked_sub(1)?))
}

fn needs(app: &App, course: &BatchCourse, pass: usize, size: usize) -> Option<f64> {
    let (own, shared) = course.mean_context(pass)?;
    let is_known = |profile: &&CostProfile| !profile.points.is_empty();
    let here = app.engine.profile.as_ref().filter(is_known);
    let here = here.map(PassCosts::new);
    let costs = here.as_ref().unwrap_or(course.costs());
    let found = by_size(costs, own, shared, &[size]);
    found.first().map(|found| per_cent(found.survival.min(1.0)))
}

fn per_cent(share: f32) -> f64 {
    f64::from(share) * 100.0
}
