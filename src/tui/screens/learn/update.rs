//! The lessons: which is chosen, which is under way, and how far the learner has come.
//! A lesson opens its runs on the real screens and puts everything back when it is left.

use crate::present::lesson::{self, At};
use crate::protocol::{Command, RunId};
use crate::tui::action::Action;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::dialogs::answer::AnswerDialog;
use crate::tui::runs::run::{Recording, Run};
use crate::tui::screens::Screen;
use crate::tui::screens::batch::state::BatchScreen;
use crate::tui::screens::decode::state::{Cursor, DecodeView};
use crate::tui::screens::learn::state::{Before, Course};
use crate::tui::screens::learn::words;
use crate::tui::start::Presenting;
use crate::tui::target::Target;

impl App {
    pub(crate) fn update_learn(&mut self, action: Action) -> Vec<Command> {
        let last = self.learn.lessons.len().saturating_sub(1);
        match action {
            Action::Up => self.learn.choose(self.learn.selected.saturating_sub(1)),
            Action::Down => self.learn.choose((self.learn.selected + 1).min(last)),
            Action::First => self.learn.choose(0),
            Action::Last => self.learn.choose(last),
            Action::PageUp => self.learn.scroll = self.learn.scroll.saturating_sub(1),
            Action::PageDown => {
                self.learn.scroll = (self.learn.scroll + 1).min(self.look.measured.last);
            }
            Action::Submit => self.begin_lesson(self.learn.selected),
            Action::Click(Target::Line(line)) => self.learn.choose(line.min(last)),
            Action::Close => self.screen = Screen::Catalog,
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    /// Opens a lesson's runs on Decode and asks for its first task.
    pub(crate) fn begin_lesson(&mut self, lesson: usize) {
        let before = match self.learn.course.take() {
            Some(course) => course.before,
            None => Box::new(self.what_is_open()),
        };
        self.close_lesson_runs();
        let Some(chosen) = self.learn.lessons.get(lesson).cloned() else {
            return;
        };
        let runs = match chosen.batch {
            true => self.open_lesson_batch(),
            false => self.open_lesson_runs(chosen.runs),
        };
        self.learn.selected = lesson;
        self.decode = DecodeView::default();
        self.set_shown(runs.first().map(|r| r.1));
        // What the settings show is what the run was made with.
        self.next.params = self
            .record()
            .map_or(self.next.params, |r| r.trace.header.params);
        self.screen = Screen::Decode;
        self.decode.go_to(match self.learn.lessons[lesson].start {
            At::First => Cursor::at(0),
            At::Last => Cursor::Follow,
        });
        self.learn.course = Some(Course {
            lesson,
            task: 0,
            said: None,
            runs,
            before,
        });
        if self.look.presenting == Presenting::Yes {
            self.zoom_for_audience();
            self.face_task();
        }
    }

    fn what_is_open(&self) -> Before {
        Before {
            screen: self.screen,
            shown: self.session.shown,
            view: self.decode.clone(),
            batch: self.batch.clone(),
            params: self.next.params,
        }
    }

    fn open_lesson_runs(&mut self, names: Vec<String>) -> Vec<(String, RunId)> {
        let mut runs = Vec::new();
        for name in names {
            match self.open_lesson_run(&name) {
                Ok(id) => runs.push((name, id)),
                Err(why) => self.tell(Tone::Problem, format!("{why:#}")),
            }
        }
        runs
    }

    /// Puts the batch that ships on the Batch screen; its runs are the lesson's.
    fn open_lesson_batch(&mut self) -> Vec<(String, RunId)> {
        match lesson::recorded_batch() {
            Ok(batch) => self.show_recorded_batch(batch, Recording::Lesson),
            Err(why) => self.tell(Tone::Problem, format!("{why:#}")),
        }
        let lanes = self.batch.batch.iter().flat_map(|batch| &batch.runs);
        lanes
            .filter_map(|lane| Some((lane.name.clone(), lane.run?)))
            .collect()
    }

    /// Adds a run that ships, played to its end.
    fn open_lesson_run(&mut self, name: &str) -> color_eyre::eyre::Result<RunId> {
        let trace = lesson::run(name)?;
        let id = self.next_run_id();
        let mut run = Run::recorded(id, trace, Recording::Lesson);
        // Runs of one film are told apart by their names.
        run.subject.title = format!("{}: {}", run.subject.title, name.replace('-', " "));
        run.play_all();
        self.session.runs.push(run);
        Ok(id)
    }

    fn close_lesson_runs(&mut self) {
        self.session
            .runs
            .retain(|r| r.recording() != Some(Recording::Lesson));
    }

    /// Puts back what was open before.
    pub(crate) fn leave_lesson(&mut self) {
        let Some(course) = self.learn.course.take() else {
            return;
        };
        self.close_lesson_runs();
        let Before {
            screen,
            shown,
            view,
            mut batch,
            params,
        } = *course.before;
        // News of a batch went to the one on the screen, unless the lesson showed its own.
        let id = |screen: &BatchScreen| screen.batch.as_ref().map(|batch| batch.id);
        if id(&self.batch) == id(&batch) {
            batch.batch = self.batch.batch.take();
        }
        self.screen = screen;
        self.set_shown(shown.filter(|&id| self.run_of(id).is_some()));
        self.decode = view;
        self.batch = batch;
        self.next.params = params;
        self.dialog = None;
        if self.look.presenting == Presenting::Yes {
            self.zoom_for_audience();
        }
    }

    /// Keys that mean something while a lesson is under way, whatever the screen.
    pub(crate) fn update_lesson(&mut self, action: &Action) -> bool {
        if self.learn.course.is_none() || self.dialog.is_some() {
            return false;
        }
        match action {
            Action::Answer => self.ask_number(),
            Action::NextTask => self.next_task(),
            Action::Close if !self.is_zoomed() => self.leave_lesson(),
            _ => return false,
        }
        true
    }

    /// Whether the answer of the task at hand is asked for, whatever is in front.
    pub(crate) fn is_answer_asked(&self, action: &Action) -> bool {
        *action == Action::ShowAnswer && self.learn.course.is_some()
    }

    fn is_zoomed(&self) -> bool {
        self.look.presenting == Presenting::No
            && self.screen == Screen::Decode
            && self.decode.zoom == crate::tui::screens::decode::state::Zoom::One
    }

    fn ask_number(&mut self) {
        match self.learn.at() {
            Some((_, Some(task))) if task.check.wants_number() => {
                self.ask(AnswerDialog::default());
            }
            _ => self.tell(Tone::Info, "This task does not ask for a number."),
        }
    }

    /// Passes a task over; after the last one, the next lesson.
    pub(super) fn next_task(&mut self) {
        let Some(course) = &mut self.learn.course else {
            return;
        };
        let n_tasks = self.learn.lessons[course.lesson].tasks.len();
        if course.task < n_tasks {
            course.task += 1;
            course.said = None;
            self.face_task();
            return;
        }
        let next = course.lesson + 1;
        if next < self.learn.lessons.len() {
            self.begin_lesson(next);
        } else {
            self.leave_lesson();
            self.show_lessons();
        }
    }

    fn show_lessons(&mut self) {
        self.screen = Screen::Learn;
    }

    /// A number was typed.
    pub(crate) fn answer(&mut self, typed: &str) {
        if typed.trim().is_empty() || self.tick_off(Some(typed)) {
            return;
        }
        let text = match typed.trim().replace(',', ".").parse::<f64>() {
            Ok(_) => format!("Not {}: look again.", typed.trim()),
            Err(_) => format!("`{}` is not a number.", typed.trim()),
        };
        self.tell(Tone::Problem, text);
    }

    /// Goes on to the next task if the one at hand is done; says what was learned.
    pub(crate) fn tick_off(&mut self, answer: Option<&str>) -> bool {
        let Some((lesson, Some(task))) = self.learn.at() else {
            return false;
        };
        if !task.check.holds(self, answer) {
            return false;
        }
        let said = words::told(&task.learned, self);
        let lesson = lesson.clone();
        if let Some(course) = &mut self.learn.course {
            self.learn.learned.add(&lesson, course.task);
            course.task += 1;
            course.said = Some(said);
            self.effects.push(Effect::KeepLearned);
        }
        self.face_task();
        true
    }
}
