//! The lessons there are, and the one under way.

use crate::present::lesson::{self, Lesson, Task};
use crate::protocol::RunId;
use crate::speculate::params::Params;
use crate::tui::lesson::learned::Learned;
use crate::tui::screens::Screen;
use crate::tui::screens::batch::state::BatchScreen;
use crate::tui::screens::decode::state::DecodeView;

/// The Learn screen's state.
#[derive(Clone, Debug, Default)]
pub struct Learn {
    pub(crate) lessons: Vec<Lesson>,
    /// The lesson chosen on the Learn screen.
    pub(crate) selected: usize,
    /// First line shown of its text.
    pub(crate) scroll: usize,
    /// Which tasks are done.
    pub learned: Learned,
    /// The lesson under way.
    pub course: Option<Course>,
}

/// A lesson under way.
#[derive(Clone, Debug)]
pub struct Course {
    pub(crate) lesson: usize,
    /// The task at hand; as many as there are: all done.
    pub task: usize,
    /// What the last task has shown.
    pub said: Option<String>,
    /// The lesson's runs, by name.
    pub(super) runs: Vec<(String, RunId)>,
    /// What was open before.
    pub(super) before: Box<Before>,
}

#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) screen: Screen,
    pub(super) shown: Option<RunId>,
    pub(super) view: DecodeView,
    pub(super) batch: BatchScreen,
    pub(super) params: Params,
}

impl Learn {
    pub(crate) fn new(learned: Learned) -> Self {
        Learn {
            lessons: lesson::bundled().unwrap_or_default(),
            learned,
            ..Learn::default()
        }
    }

    pub(super) fn choose(&mut self, lesson: usize) {
        self.selected = lesson;
        self.scroll = 0;
    }

    /// The lesson under way and its task; no task: all are done.
    pub fn at(&self) -> Option<(&Lesson, Option<&Task>)> {
        let course = self.course.as_ref()?;
        let lesson = self.lessons.get(course.lesson)?;
        Some((lesson, lesson.tasks.get(course.task)))
    }

    /// The Batch screen as it was before the lesson under way.
    pub(crate) fn batch_before(&mut self) -> Option<&mut BatchScreen> {
        self.course.as_mut().map(|course| &mut course.before.batch)
    }

    /// The run that the lesson under way calls by this name.
    pub(crate) fn run_named(&self, name: &str) -> Option<RunId> {
        let runs = &self.course.as_ref()?.runs;
        runs.iter().find(|r| r.0 == name).map(|r| r.1)
    }
}
