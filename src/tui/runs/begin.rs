//! Beginning runs, opening recordings, measuring references.

use std::path::Path;

use crate::protocol::{Command, PromptText, Purpose, Request, RunId};
use crate::recsys::SubjectRef;
use crate::speculate::trace::{StartFrom, SubjectInfo, Trace};
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::app::shared::Touched;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::dialogs::prompt::OwnPrompt;
use crate::tui::keys::context::Context;
use crate::tui::runs::columns::RunColumn;
use crate::tui::runs::run::{Origin, Phase, Recording, Run};
use crate::tui::screens::Screen;
use crate::tui::widgets::sort::Sorting;
use crate::worker::ask;

/// Longest part of a custom prompt that serves as its title, in characters.
const TITLE_LEN: usize = 40;

/// Whether a run waits before its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    Running,
    Paused,
}

impl App {
    /// Generates knowledge for what is selected in the catalog.
    pub(crate) fn generate_selected(&mut self, begin: Begin) -> Vec<Command> {
        match self.catalog.selected() {
            Some(at) => self.generate_for(at, begin),
            None => {
                let key = self.key_of(Context::Catalog, Action::Close);
                let text = format!("Nothing is selected: {key} clears the filter.");
                self.tell(Tone::Info, text);
                Vec::new()
            }
        }
    }

    pub(crate) fn generate_for(&mut self, at: SubjectRef, begin: Begin) -> Vec<Command> {
        match self.catalog.question_about(at) {
            Ok((subject, prompt)) => self.begin(subject, prompt, begin),
            Err(why) => {
                self.tell(
                    Tone::Problem,
                    format!("No prompt for this subject: {why:#}"),
                );
                Vec::new()
            }
        }
    }

    /// Generates from a prompt that was typed.
    pub(crate) fn generate_own(&mut self, own: &OwnPrompt) -> Vec<Command> {
        if own.text.is_empty() {
            return Vec::new();
        }
        let (mut subject, mut prompt) = ask::own(&own.text);
        (prompt.system, prompt.examples) = (own.system.clone(), own.turns.clone());
        let words: Vec<&str> = own.text.split_whitespace().collect();
        subject.title = crate::present::token_text::fit(&words.join(" "), TITLE_LEN);
        self.begin(subject, prompt, Begin::Running)
    }

    fn begin(&mut self, subject: SubjectInfo, prompt: PromptText, begin: Begin) -> Vec<Command> {
        self.begin_from(StartFrom::default(), subject, prompt, begin)
    }

    /// The shown run's subject once more, from what that run started from.
    pub(crate) fn again_from_there(&mut self) -> Vec<Command> {
        let params = &self.next.params;
        let start = self.record().map(|r| r.trace.header.start_under(params));
        match (self.question_of_run(), start) {
            (Ok((subject, prompt)), Some(start)) => {
                self.begin_from(start, subject, prompt, Begin::Running)
            }
            _ => self.again(),
        }
    }

    fn begin_from(
        &mut self,
        start: StartFrom,
        subject: SubjectInfo,
        prompt: PromptText,
        begin: Begin,
    ) -> Vec<Command> {
        let id = self.next_run_id();
        let request = Request {
            run: id,
            subject,
            prompt,
            params: self.next.params,
            branch: None,
            start,
            purpose: Purpose::Watch,
            start_paused: begin == Begin::Paused,
        };
        if self.engine.model.is_ready() {
            return self.send(request);
        }
        let text = match &self.engine.model {
            ModelState::None => {
                "This is a replay without a model: run `laserscope` to generate.".into()
            }
            ModelState::Failed { .. } => {
                let key = self.key_of(Context::Anywhere, Action::RetryModel);
                format!("No model is loaded, so nothing can be generated; {key} tries again.")
            }
            _ => format!(
                "{} is queued: it starts when the model is ready.",
                request.subject.title
            ),
        };
        if self.engine.model.is_coming() {
            self.engine.queued = Some(request);
        }
        self.tell(Tone::Info, text);
        Vec::new()
    }

    /// Sends a request; the engine ends the run under way.
    pub(crate) fn send(&mut self, request: Request) -> Vec<Command> {
        self.give_up_references();
        let run = Run::live(
            request.run,
            request.subject.clone(),
            request.params,
            request.prompt.clone(),
        );
        self.session.runs.push(run);
        self.show_run(request.run);
        vec![
            Command::SetPace(self.decode.pace.duration()),
            Command::Generate(Box::new(request)),
        ]
    }

    fn give_up_references(&mut self) {
        self.session
            .runs
            .iter_mut()
            .for_each(|r| r.references.give_up());
    }

    /// Generates for the same subject again, with the settings of now.
    pub(crate) fn again(&mut self) -> Vec<Command> {
        let Some(run) = self.run() else {
            return Vec::new();
        };
        let (subject, origin) = (run.subject.clone(), run.origin.clone());
        match (origin, self.catalog.find(&subject)) {
            (Origin::Live { prompt }, _) => self.begin(subject, prompt, Begin::Running),
            (_, Some(at)) => self.generate_for(at, Begin::Running),
            (_, None) => {
                let text = format!("The catalog has no {} `{}`.", subject.kind, subject.id);
                self.tell(Tone::Problem, text);
                Vec::new()
            }
        }
    }

    /// The subject of the run shown, and its prompt.
    ///
    /// # Errors
    /// No run is shown, or nothing of it is there yet.
    pub(crate) fn question_of_run(&self) -> Result<(SubjectInfo, PromptText), String> {
        let run = self.run().ok_or("No run is shown.")?;
        let prompt = match (&run.origin, &run.record) {
            (Origin::Live { prompt }, _) => prompt.clone(),
            (Origin::Recorded { .. }, Some(record)) => PromptText::recorded(&record.trace.header),
            (Origin::Recorded { .. }, None) => return Err("The run has not started.".into()),
        };
        Ok((run.subject.clone(), prompt))
    }

    /// Opens a recording, played to its end: on the Decode screen, or beside what
    /// is compared.
    pub fn open(&mut self, trace: Trace) {
        let id = self.opened(trace);
        self.bring_up(id);
    }

    /// The same of a recording in a file.
    pub(crate) fn open_file(&mut self, trace: Trace, path: &Path) {
        let id = self.opened(trace);
        let file = path.display().to_string();
        self.with_run(id, |run| run.file = Some(file));
        self.bring_up(id);
        self.opened_for_board(path);
    }

    fn opened(&mut self, trace: Trace) -> RunId {
        let is_it = |r: &&Run| r.recording() == Some(Recording::File) && self.is_of(r, &trace);
        let id = match self.session.runs.iter().find(is_it).map(|r| r.id) {
            Some(id) => id,
            None => self.insert_recording(trace, Recording::File),
        };
        if let Some(run) = self.session.runs.iter_mut().find(|r| r.id == id) {
            run.play_all();
        }
        // What the board opens has its row.
        if self.catalog.board.opening.is_none() {
            self.board_run(id);
        }
        id
    }

    /// To the front; on the Compare screen it becomes one of the two.
    fn bring_up(&mut self, id: RunId) {
        match self.screen {
            Screen::Compare => self.compare.add(id),
            _ => self.show_run(id),
        }
    }

    /// A recording could not be read.
    pub(crate) fn open_failed(&mut self, why: String) {
        self.catalog.board.opening = None;
        self.tell(Tone::Problem, why);
    }

    /// What became of saving a run's trace.
    pub fn saved_run(&mut self, id: RunId, outcome: Result<String, String>) {
        let is_saved = outcome.is_ok();
        if let Ok(path) = &outcome {
            self.keep_file(id, path.clone());
        }
        self.saved(outcome);
        self.saved_before_leaving(id, is_saved);
    }

    /// Hands a run's trace over to be saved.
    pub(crate) fn save_run(&mut self, id: RunId) {
        self.hand_over(id);
        self.effects.push(Effect::Save(id));
    }

    /// What is there now goes to a file.
    pub(crate) fn hand_over(&mut self, id: RunId) {
        self.with_run(id, |run| run.saving = Some(run.extent()));
    }

    /// A file has what was handed over.
    pub(crate) fn keep_file(&mut self, id: RunId, path: String) {
        self.with_run(id, |run| {
            run.file = Some(path);
            run.saved = run.saving;
        });
    }

    /// What became of writing a file.
    pub(crate) fn saved(&mut self, outcome: Result<String, String>) {
        match outcome {
            Ok(path) => self.tell(Tone::Good, format!("Saved: {path}")),
            Err(why) => self.tell(Tone::Problem, format!("Not saved: {why}")),
        }
    }

    pub(crate) fn add_recording(&mut self, trace: Trace, kind: Recording) -> RunId {
        self.session.runs.retain(|r| r.recording() != Some(kind));
        let id = self.insert_recording(trace, kind);
        self.show_run(id);
        id
    }

    fn insert_recording(&mut self, trace: Trace, kind: Recording) -> RunId {
        let id = self.next_run_id();
        self.session.runs.push(Run::recorded(id, trace, kind));
        id
    }

    /// Plays the bundled recording, unless a person is busy with something else.
    pub(crate) fn play_demo(&mut self) {
        let idle = self.session.touched == Touched::No
            && self.session.shown.is_none()
            && self.screen == Screen::Catalog;
        if !idle {
            return;
        }
        if let Some(trace) = self.session.demo.take() {
            self.add_recording(trace, Recording::Demo);
            if let Some(run) = self.run_mut() {
                run.phase = Phase::Running;
            }
            let key = |action| self.key_of(Context::Anywhere, action);
            let text = format!(
                "A recorded run plays meanwhile. {} shows the catalog, {} explains.",
                key(Action::Show(Screen::Catalog)),
                key(Action::Help)
            );
            self.tell(Tone::Info, text);
        }
    }

    /// The runs the dialog lists: this session's, newest first, each with its
    /// branches below it, then recordings.
    pub(crate) fn listed_runs(&self) -> impl Iterator<Item = Listed<'_>> {
        let live = self.runs_as_tree().into_iter();
        live.map(|(run, depth)| Listed::Run { run, depth })
            .chain(self.session.earlier.iter().map(Listed::Earlier))
    }

    /// Opens a row of the list in this order.
    pub(crate) fn open_listed(&mut self, sorting: &Sorting<RunColumn>, row: usize) {
        let mut listed = self.sorted_runs(sorting).into_iter();
        let chosen = listed.nth(row).map(|listed| match listed {
            Listed::Run { run, .. } => Ok(run.id),
            Listed::Earlier(earlier) => Err(earlier.path.clone()),
        });
        match chosen {
            Some(Ok(id)) => self.bring_up(id),
            Some(Err(path)) => self.effects.push(Effect::Open(path)),
            None => {}
        }
    }
}

/// A line of the list of runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listed<'a> {
    /// How deep it is in the tree of branches.
    Run {
        run: &'a Run,
        depth: usize,
    },
    Earlier(&'a crate::tui::start::EarlierRun),
}
