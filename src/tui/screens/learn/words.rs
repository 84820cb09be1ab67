//! A lesson's text with its keys and figures put in, and what its figures are read from.

use crate::present::lesson::view::shipped_batch;
use crate::present::lesson::{LessonView, words};
use crate::tui::app::App;
use crate::tui::lesson::keys::key_name;

/// The text with keys and figures put in; a figure that nothing shown has is `?`.
pub fn told(text: &str, app: &App) -> String {
    words::told(text, &app.lesson_view(), |key| {
        key_name(key, &app.look.keys)
    })
}

impl App {
    /// What the figures of the lesson under way, or chosen, are read from.
    pub fn lesson_view(&self) -> LessonView<'_> {
        let lesson = self.learn.lessons.get(self.learn.selected);
        let view = LessonView {
            lesson,
            step: self.step(),
            selection: self.selection(),
            profile: self.engine.profile.as_ref(),
            ..LessonView::default()
        };
        let Some(course) = &self.learn.course else {
            return LessonView {
                batch: shipped_batch(),
                ..view
            };
        };
        let record = |id| self.run_of(id)?.record.as_ref();
        let runs = course.runs.iter();
        LessonView {
            shown: self.record(),
            runs: runs
                .filter_map(|(name, id)| Some((name.as_str(), record(*id)?)))
                .collect(),
            batch: self.batch.at(),
            ..view
        }
    }
}
