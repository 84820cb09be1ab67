//! A run that is watched: paused, paced and changed between its steps.

use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use tokio::sync::mpsc::UnboundedSender;

use super::inbox::Inbox;
use super::pool_questions;
use super::preview::preview;
use super::tempo::Tempo;
use crate::engine::{Engine, Run, RunSpec};
use crate::protocol::{Command, Event, PromptText, Purpose, Request, RunId};
use crate::speculate::verify::Finish;

/// The run under way. `pace`: least time from one step to the next.
struct Watched<'e, 'w> {
    id: RunId,
    run: Run<'e>,
    tempo: Tempo,
    pace: &'w mut Duration,
    /// When the last step began.
    last: Instant,
    events: &'w UnboundedSender<Event>,
}

/// Makes a run, serving commands between its steps. Failures become events.
pub(crate) fn generate(
    engine: &mut Engine,
    request: Request,
    pace: &mut Duration,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) {
    let run = request.run;
    if let Err(error) = watch(engine, request, pace, inbox, events) {
        let why = format!("{error:#}");
        tracing::warn!("run failed: {why}");
        let _ = events.send(Event::RunFailed { run, why });
    }
}

fn watch(
    engine: &mut Engine,
    request: Request,
    pace: &mut Duration,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) -> Result<()> {
    let (id, purpose) = (request.run, request.purpose);
    let tempo = match request.start_paused {
        true => Tempo::Paused,
        false => Tempo::Playing,
    };
    let run = engine.begin(spec(request), &mut |done, total| {
        let _ = events.send(Event::Prompt {
            run: id,
            done,
            total,
        });
        !inbox.asks_to_end_run()
    })?;
    let header = Box::new(run.header().clone());
    let _ = events.send(Event::RunStarted {
        run: id,
        purpose,
        header,
    });
    let mut watched = Watched {
        id,
        run,
        tempo,
        pace,
        last: Instant::now(),
        events,
    };
    watched.play(inbox)?;
    watched.end(purpose);
    Ok(())
}

fn spec(request: Request) -> RunSpec {
    RunSpec {
        branch: request.branch,
        start: request.start,
        ..RunSpec::new(request.subject, request.prompt, request.params)
    }
}

impl Watched<'_, '_> {
    /// Step by step until the run has ended.
    fn play(&mut self, inbox: &mut Inbox<'_>) -> Result<()> {
        while self.run.finish().is_none() {
            if !self.listen(inbox) {
                break;
            }
            self.last = Instant::now();
            if let Some(step) = self.run.step()? {
                let _ = self.events.send(Event::Step {
                    run: self.id,
                    step: Box::new(step),
                });
            }
            self.tempo = self.tempo.stepped();
        }
        Ok(())
    }

    fn end(self, purpose: Purpose) {
        let Some(end) = self.run.end() else { return };
        let is_done = end.finish != Finish::Cancelled && purpose == Purpose::Watch;
        let _ = self.events.send(Event::RunEnded { run: self.id, end });
        if is_done && self.run.params().sources.online {
            self.run.remember();
        }
    }

    /// Serves commands until the next step is due. `false`: the run has ended.
    fn listen(&mut self, inbox: &mut Inbox<'_>) -> bool {
        loop {
            let command = self.tempo.wait(self.rest(), inbox);
            let Some(command) = command else { return true };
            if !self.obey(command, inbox) {
                return false;
            }
            if self.tempo.is_due(self.rest()) {
                return true;
            }
        }
    }

    /// Until the next step is due.
    fn rest(&self) -> Duration {
        self.pace.saturating_sub(self.last.elapsed())
    }

    /// Obeys one command. `false`: the run has ended.
    fn obey(&mut self, command: Command, inbox: &mut Inbox<'_>) -> bool {
        match command {
            Command::Pause => self.set_tempo(Tempo::Paused),
            Command::Resume => self.set_tempo(Tempo::Playing),
            Command::Step => self.set_tempo(Tempo::OneStep),
            Command::SetParams(params) => self.run.set_params(params),
            Command::SetPace(time) => *self.pace = time,
            Command::Preview {
                ticket,
                prompt,
                max_tokens,
            } => {
                let render = |p: &PromptText| self.run.render_to_fit(p, max_tokens);
                let _ = self.events.send(preview(ticket, &prompt, render));
            }
            Command::Pool(question) => {
                let answered = pool_questions::answered(self.run.engine(), question);
                let _ = self.events.send(answered);
            }
            Command::Stop => {
                self.run.cancel();
                return false;
            }
            later @ (Command::Sweep(_)
            | Command::CancelSweep
            | Command::Batch(_)
            | Command::CancelBatch
            | Command::MeasureCost) => {
                inbox.defer(later);
            }
            ending @ (Command::Generate(_) | Command::Quit) => {
                self.run.cancel();
                inbox.put_back(ending);
                return false;
            }
            _ => {}
        }
        true
    }

    fn set_tempo(&mut self, tempo: Tempo) {
        self.tempo = tempo;
        let _ = self.events.send(Event::Paused {
            run: self.id,
            paused: tempo != Tempo::Playing,
        });
    }
}
