//! The numbers of the batch that a lesson asks for or mentions. What a draft row needs is
//! by this machine's cost profile, where it has one, else by that of the recording.

use super::figure::BatchFigure;
use super::view::LessonView;
use crate::speculate::cost::{CostProfile, PassCosts, by_size};
use crate::speculate::passes::{BatchCourse, Factors};

/// The largest batch size that is drawn.
pub(crate) const LARGEST_SIZE: usize = 32;
/// Passes with steps that a rate is of.
pub(crate) const PASSES_OF_A_RATE: usize = 32;

/// `None`: nothing shown has such a figure.
pub(super) fn value(figure: BatchFigure, view: &LessonView) -> Option<f64> {
    let (course, pass) = view.batch?;
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
        BatchFigure::NeedsAlone => needs(view, course, pass, 1),
        BatchFigure::NeedsHere => needs(view, course, pass, lanes),
        BatchFigure::NeedsMost => needs(view, course, pass, LARGEST_SIZE),
    }
}

fn needs(view: &LessonView, course: &BatchCourse, pass: usize, size: usize) -> Option<f64> {
    let (own, shared) = course.mean_context(pass)?;
    let is_known = |profile: &&CostProfile| !profile.points.is_empty();
    let here = view.profile.filter(is_known);
    let here = here.map(PassCosts::new);
    let costs = here.as_ref().unwrap_or(course.costs());
    let found = by_size(costs, own, shared, &[size]);
    found.first().map(|found| per_cent(found.survival.min(1.0)))
}

fn per_cent(share: f32) -> f64 {
    f64::from(share) * 100.0
}
