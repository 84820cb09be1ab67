//! News from the engine's thread change the state here.

use crate::present::record::Record;
use crate::protocol::{Command, Event, FetchEvent, Purpose, RunId};
use crate::speculate::trace::{End, Header, Step};
use crate::speculate::verify::Finish;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::dialogs::download::Download;
use crate::tui::dialogs::failure::Failure;
use crate::tui::keys::context::Context;
use crate::tui::runs::run::{Phase, Run};
use crate::tui::screens::Screen;

impl App {
    /// Takes an event in; what the engine should do next, if anything.
    pub fn apply(&mut self, event: Event) -> Vec<Command> {
        let commands = self.take_in(event);
        self.refresh_comparison();
        self.park_runs();
        commands
    }

    fn take_in(&mut self, event: Event) -> Vec<Command> {
        if let Some(model) = self.engine.model.after(&event) {
            return self.model_changed(model);
        }
        match event {
            Event::ConfirmDownload { bytes } => {
                self.play_demo();
                self.ask(Download { bytes });
                Vec::new()
            }
            Event::Preview { ticket, preview } => {
                self.catalog.keep_preview(ticket, preview);
                self.ask_preview()
            }
            Event::Pool { question, answer } => self.pools_answered(*question, answer.map(|a| *a)),
            Event::Fetch(FetchEvent::Skipped { source, why }) => {
                self.tell(Tone::Info, format!("Not from {source}: {why}"));
                Vec::new()
            }
            about_cost @ (Event::Profile(_) | Event::Measuring { .. } | Event::Measured(_)) => {
                self.apply_to_cost(about_cost);
                Vec::new()
            }
            Event::Gone { why } => {
                self.effects.push(Effect::Quit);
                self.tell(Tone::Problem, why.unwrap_or_default());
                Vec::new()
            }
            sweeping @ (Event::SweepRan { .. }
            | Event::SweepEnded { .. }
            | Event::SweepFailed { .. }) => {
                self.apply_to_sweep(sweeping);
                Vec::new()
            }
            Event::Batch { batch, news } => self.apply_to_batch(batch, news),
            about_run => self.apply_to_run(about_run),
        }
    }

    fn model_changed(&mut self, model: ModelState) -> Vec<Command> {
        let was_ready = self.engine.model.is_ready();
        self.engine.model = model;
        match &self.engine.model {
            ModelState::Fetching { .. } => self.play_demo(),
            ModelState::Failed { why } => {
                let why = why.clone();
                self.play_demo();
                self.engine.queued = None;
                self.notice = None;
                self.ask(Failure { why });
            }
            ModelState::Ready(_) if !was_ready => return self.model_ready(),
            _ => {}
        }
        Vec::new()
    }

    fn model_ready(&mut self) -> Vec<Command> {
        self.catalog.forget_previews();
        self.pool.forget();
        if self.dialog.as_ref().is_some_and(|d| d.waits_for_model()) {
            self.dialog = None;
        }
        if let ModelState::Ready(ready) = &self.engine.model
            && let Some(note) = ready.note.clone()
        {
            self.tell(Tone::Info, note);
        } else if self.run().is_some() && self.engine.queued.is_none() {
            let show = Action::Show(Screen::Catalog);
            let key = self.key_of(Context::Anywhere, show);
            let text = format!("The model is ready: {key} shows the catalog to generate from.");
            self.tell(Tone::Good, text);
        }
        let mut commands = self.ask_preview();
        commands.extend(self.ask_for_lacking());
        if let Some(request) = self.engine.queued.take() {
            commands.extend(self.send(request));
        }
        commands
    }

    /// The next prompt to tokenise, once there is a tokenizer.
    pub(crate) fn ask_preview(&mut self) -> Vec<Command> {
        if !self.engine.model.is_ready() {
            return Vec::new();
        }
        let next = self.catalog.next_preview();
        let max_tokens = self.next.params.max_tokens;
        let preview = |(ticket, prompt)| Command::Preview {
            ticket,
            prompt,
            max_tokens,
        };
        next.map(preview).into_iter().collect()
    }

    fn apply_to_run(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Prompt { run, done, total } => {
                self.with_run(run, |r| r.phase = Phase::Prompt { done, total });
            }
            Event::RunStarted {
                run,
                purpose: Purpose::Watch,
                header,
            } => self.with_run(run, |r| r.started(*header)),
            Event::RunStarted { run, header, .. } => {
                let under_way = self.referring(run);
                let under_way = under_way.and_then(|r| r.references.under_way.as_mut());
                if let Some((_, way, measured)) = under_way {
                    // Of the run itself only the time counts.
                    if way.verify().is_some() {
                        measured.begin(*header);
                    }
                }
            }
            Event::Step { run, step } => self.step_arrived(run, *step),
            Event::Paused { run, paused } => self.with_run(run, |r| r.paused(paused)),
            Event::RunEnded { run, end } => return self.run_ended(run, end),
            Event::RunFailed { run, why } => return self.run_failed(run, why),
            _ => {}
        }
        Vec::new()
    }

    pub(crate) fn with_run(&mut self, id: RunId, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.session.runs.iter_mut().find(|r| r.id == id) {
            change(run);
        }
    }

    /// The run that a reference run belongs to.
    fn referring(&mut self, id: RunId) -> Option<&mut Run> {
        let belongs = |r: &&mut Run| matches!(&r.references.under_way, Some((of, ..)) if *of == id);
        self.session.runs.iter_mut().find(belongs)
    }

    fn step_arrived(&mut self, id: RunId, step: Step) {
        if let Some((.., measured)) = self
            .referring(id)
            .and_then(|r| r.references.under_way.as_mut())
        {
            measured.push(&step);
        } else {
            self.watch_drift(id, &step);
            self.with_run(id, |r| r.step(step));
        }
    }

    fn run_ended(&mut self, id: RunId, end: End) -> Vec<Command> {
        // What cancelled a run has begun the next one, or has emptied the queue.
        let is_whole = end.finish != Finish::Cancelled;
        match self.referring(id) {
            Some(run) => run.references.complete(end),
            None => {
                self.with_run(id, |r| r.ended(end));
                self.board_run(id);
            }
        }
        if self.screen == Screen::Tune {
            self.judge_again();
        }
        // A finished answer may be in the pools now.
        self.pool.forget();
        let mut commands = self.next_reference();
        if commands.is_empty() && is_whole {
            commands = self.next_of_queue();
        }
        if commands.is_empty() {
            // A reference runs at full speed; what is watched at its own.
            let pace = self.decode.pace.duration();
            commands.push(Command::SetPace(pace));
        }
        commands.extend(self.ask_for_lacking());
        commands
    }

    fn run_failed(&mut self, id: RunId, why: String) -> Vec<Command> {
        let is_reference = match self.referring(id) {
            Some(run) => {
                run.references.give_up();
                true
            }
            None => false,
        };
        self.with_run(id, |r| r.phase = Phase::Failed(why.clone()));
        let commands = match is_reference {
            true => Vec::new(),
            false => self.next_of_queue(),
        };
        self.tell(Tone::Problem, format!("The run failed: {why}"));
        commands
    }
}

impl Run {
    pub(crate) fn started(&mut self, header: Header) {
        self.subject = header.subject.clone();
        self.params = header.params;
        self.record = Some(Record::new(header));
        if self.phase != Phase::Paused {
            self.phase = Phase::Running;
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        if let Some(record) = &mut self.record {
            record.push(step);
        }
    }

    pub(crate) fn paused(&mut self, paused: bool) {
        if self.is_under_way() {
            self.phase = if paused {
                Phase::Paused
            } else {
                Phase::Running
            };
        }
    }

    pub(crate) fn ended(&mut self, end: End) {
        self.phase = Phase::Ended;
        if let Some(record) = &mut self.record {
            record.finish(end);
        }
    }
}
