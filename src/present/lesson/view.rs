//! What a lesson's figures are read from: the runs and the place in them that are looked
//! at, on a screen or on a page.

use super::Lesson;
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::speculate::cost::CostProfile;
use crate::speculate::passes::BatchCourse;
use crate::speculate::trace::Step;

/// What is shown while a lesson is taught, or before it begins.
#[derive(Clone, Debug, Default)]
pub struct LessonView<'a> {
    /// Its first run's header is read as it ships where no run is shown.
    pub lesson: Option<&'a Lesson>,
    /// The run shown.
    pub shown: Option<&'a Record>,
    /// The step looked at.
    pub step: Option<&'a Step>,
    /// The token selected in it.
    pub selection: Option<TreeSelection>,
    /// The lesson's runs, by their names.
    pub runs: Vec<(&'a str, &'a Record)>,
    /// The batch, and the index of the pass looked at.
    pub batch: Option<(&'a BatchCourse, usize)>,
    /// Costs measured on this machine, which go before a batch's own.
    pub profile: Option<&'a CostProfile>,
}

impl<'a> LessonView<'a> {
    /// Before the lesson begins: what its first run's header says, and the batch that
    /// ships, at its last pass.
    pub fn before(lesson: &'a Lesson) -> Self {
        LessonView {
            lesson: Some(lesson),
            batch: shipped_batch(),
            ..LessonView::default()
        }
    }

    /// The run of this name; without a name, the one that is shown.
    pub(crate) fn record(&self, name: Option<&str>) -> Option<&'a Record> {
        match name {
            None => self.shown,
            Some(name) => self.runs.iter().find(|run| run.0 == name).map(|run| run.1),
        }
    }
}

/// The batch that ships, at its last pass.
pub(crate) fn shipped_batch() -> Option<(&'static BatchCourse, usize)> {
    let course = super::course()?;
    Some((course, course.passes.len().checked_sub(1)?))
}
