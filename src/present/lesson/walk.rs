//! Where a lesson stands, and where a task leads: the run, step, token or pass at which what
//! it asks for holds. The presenter's answers go there, and so does the page.

use color_eyre::eyre::Result;

use super::Lesson;
use super::check::{Check, StepCheck, TokenCheck};
use super::view::LessonView;
use super::{At, recorded_batch, run};
use crate::present::describe;
use crate::present::record::Record;
use crate::present::selection::{TreeSelection, first_look};
use crate::present::tree_lines::tree_lines;
use crate::speculate::passes::BatchCourse;
use crate::speculate::trace::{Step, Trace};

/// A lesson's runs and its batch, read and played to their ends.
#[derive(Debug)]
pub struct LessonRuns {
    /// By their names in the lesson, in its order; a batch's by their subjects.
    pub runs: Vec<(String, Record)>,
    /// The batch, of a lesson on one.
    pub course: Option<BatchCourse>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LessonPlace {
    /// Index of the run shown.
    pub run: usize,
    /// Index of the step looked at.
    pub step: usize,
    /// `None`: what is worth looking at first.
    pub selection: Option<TreeSelection>,
    /// Index of the batch's pass.
    pub pass: usize,
}

impl LessonRuns {
    /// Reads what ships.
    ///
    /// # Errors
    /// A run that cannot be read, by its name.
    pub fn of(lesson: &Lesson) -> Result<Self> {
        if lesson.batch {
            return Self::of_batch();
        }
        let read = |name: &String| Ok((name.clone(), describe::record(&run(name)?)));
        Ok(LessonRuns {
            runs: lesson.runs.iter().map(read).collect::<Result<_>>()?,
            course: None,
        })
    }

    fn of_batch() -> Result<Self> {
        let batch = recorded_batch()?;
        let named = |trace: &Trace| {
            let subject = &trace.header.subject;
            let name = format!("{}/{}", subject.kind, subject.id);
            (name, describe::record(trace))
        };
        Ok(LessonRuns {
            runs: batch.traces.iter().map(named).collect(),
            course: Some(BatchCourse::of(batch.header, batch.passes)),
        })
    }

    /// Where the lesson begins.
    pub fn start(&self, lesson: &Lesson) -> LessonPlace {
        let n_passes = self.course.as_ref().map_or(0, |course| course.passes.len());
        let place = LessonPlace {
            run: 0,
            step: 0,
            selection: None,
            pass: n_passes.saturating_sub(1),
        };
        match lesson.start {
            At::First => place,
            At::Last => place.at_end_of(0, self.runs.first().map(|run| &run.1)),
        }
    }

    /// The step looked at.
    pub(crate) fn step(&self, place: LessonPlace) -> Option<&Step> {
        self.runs.get(place.run)?.1.step(place.step)
    }

    /// What figures are read from there.
    pub fn view<'a>(&'a self, lesson: &'a Lesson, place: LessonPlace) -> LessonView<'a> {
        let step = self.step(place);
        let named = self.runs.iter().map(|run| (run.0.as_str(), &run.1));
        LessonView {
            lesson: Some(lesson),
            shown: self.runs.get(place.run).map(|run| &run.1),
            step,
            selection: place.selection.or(step.map(first_look)),
            runs: named.collect(),
            batch: self.course.as_ref().map(|course| (course, place.pass)),
            profile: None,
        }
    }

    /// Where what a task asks for holds, as [`after`] finds it.
    pub fn after(&self, lesson: &Lesson, check: &Check, place: LessonPlace) -> LessonPlace {
        after(check, place, &self.view(lesson, place))
    }

    /// The index of the run of this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.runs.iter().position(|run| run.0 == name)
    }
}

impl LessonPlace {
    fn at_end_of(self, run: usize, record: Option<&Record>) -> Self {
        LessonPlace {
            run,
            step: record.map_or(0, Record::n_steps).saturating_sub(1),
            selection: None,
            ..self
        }
    }
}

/// Where what a task asks for holds; the place itself for what is not a matter of runs,
/// steps, tokens and passes. Runs are those of the view, in its order.
pub fn after(check: &Check, place: LessonPlace, view: &LessonView) -> LessonPlace {
    let found = match check {
        Check::Step(wanted) | Check::InsidePass(wanted) => nearest_step(wanted, place, view),
        Check::Token(wanted) => nearest_token(wanted, place, view),
        Check::Run { run } => run_named(run, place, view),
        Check::Pass { min_drafts } => nearest_pass(*min_drafts, place, view),
        _ => None,
    };
    found.unwrap_or(place)
}

fn run_named(name: &str, place: LessonPlace, view: &LessonView) -> Option<LessonPlace> {
    let run = view.runs.iter().position(|run| run.0 == name)?;
    Some(match run == place.run {
        true => place,
        false => place.at_end_of(run, Some(view.runs[run].1)),
    })
}

fn nearest_step(wanted: &StepCheck, place: LessonPlace, view: &LessonView) -> Option<LessonPlace> {
    let at = match &wanted.run {
        Some(name) => run_named(name, place, view)?,
        None => place,
    };
    let steps = &view.runs.get(at.run)?.1.trace.steps;
    let step = nearest_fitting(steps, at.step, |step| wanted.fits(step))?;
    Some(LessonPlace {
        step,
        selection: at.selection.filter(|_| step == at.step),
        ..at
    })
}

fn nearest_token(
    wanted: &TokenCheck,
    place: LessonPlace,
    view: &LessonView,
) -> Option<LessonPlace> {
    let steps = &view.runs.get(place.run)?.1.trace.steps;
    let has = |step: &Step| first_of(step, wanted).is_some();
    let step = nearest_fitting(steps, place.step, has)?;
    Some(LessonPlace {
        step,
        selection: first_of(&steps[step], wanted),
        ..place
    })
}

fn nearest_pass(min_drafts: usize, place: LessonPlace, view: &LessonView) -> Option<LessonPlace> {
    let passes = &view.batch?.0.passes;
    let pass = nearest_fitting(passes, place.pass, |pass| pass.drafts >= min_drafts)?;
    Some(LessonPlace { pass, ..place })
}

/// The index nearest to a place whose entry fits; of two, the later one.
fn nearest_fitting<T>(all: &[T], at: usize, fits: impl Fn(&T) -> bool) -> Option<usize> {
    let fitting = (0..all.len()).filter(|&i| fits(&all[i]));
    fitting.min_by_key(|&i| (i.abs_diff(at), i < at))
}

/// The first draft token that is as asked, as the tree is drawn.
fn first_of(step: &Step, wanted: &TokenCheck) -> Option<TreeSelection> {
    let is_it = |selection: &TreeSelection| match selection {
        TreeSelection::Draft(node) => wanted.fits(step, *node),
        TreeSelection::Root | TreeSelection::Bonus => false,
    };
    let lines = tree_lines(step);
    lines.iter().map(|line| line.selection).find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_one_is_taken() {
        let fits = |n: &i32| *n > 1;
        assert_eq!(nearest_fitting(&[2, 0, 0, 2], 1, fits), Some(0));
        assert_eq!(nearest_fitting(&[2, 0, 0, 2], 3, fits), Some(3));
        assert_eq!(nearest_fitting(&[2, 0, 2], 1, fits), Some(2));
        assert_eq!(nearest_fitting(&[0, 0], 1, fits), None);
    }

    /// Every figure that a lesson asks for or mentions has a value where it is said.
    #[test]
    fn every_task_leads_somewhere() {
        for lesson in super::super::bundled().expect("lessons") {
            let runs = LessonRuns::of(&lesson).expect("its runs");
            let mut place = runs.start(&lesson);
            for task in &lesson.tasks {
                let after = runs.after(&lesson, &task.check, place);
                let is_moved = after != place;
                let wants_move = matches!(
                    task.check,
                    Check::Step(_)
                        | Check::InsidePass(_)
                        | Check::Token(_)
                        | Check::Run { .. }
                        | Check::Pass { .. }
                );
                assert_eq!(is_moved, wants_move, "{}: {}", lesson.id, task.ask);
                place = after;
                let view = runs.view(&lesson, place);
                let said = super::super::words::told(&task.learned, &view, |_| "K".into());
                assert!(!said.contains(['{', '?']), "{}: {said}", lesson.id);
                if let Check::Answer { figure, .. } = &task.check {
                    assert!(figure.value(&view).is_some(), "{}: {figure:?}", lesson.id);
                }
            }
        }
    }
}
