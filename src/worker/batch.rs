//! A batch that is watched: many runs whose rows share the passes, paused, paced and
//! stepped between these. A run that is requested meanwhile goes first; the batch goes on
//! behind it and has lost nothing. All its runs draft from the pools as they were when it
//! began, and join them when it ends.

mod prepared;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use tokio::sync::mpsc::UnboundedSender;

use self::prepared::{Prepared, prepared};
use super::inbox::Inbox;
use super::preview::preview;
use super::tempo::Tempo;
use super::{pool_questions, watched};
use crate::engine::{Batch, Ended, Engine, RunSpec};
use crate::protocol::{BatchId, BatchNews, BatchRequest, Command, Event, PromptText, RunId};
use crate::speculate::passes::PassRecord;
use crate::speculate::trace::{Step, Trace};
use crate::speculate::verify::Finish;

/// The events of a batch.
struct Reporter<'w> {
    batch: BatchId,
    events: &'w UnboundedSender<Event>,
}

impl Reporter<'_> {
    fn tell(&self, news: BatchNews) {
        let batch = self.batch;
        let _ = self.events.send(Event::Batch { batch, news });
    }

    fn failed(&self, run: RunId, why: impl Into<String>) {
        let why = why.into();
        self.tell(BatchNews::RunFailed { run, why });
    }
}

/// The batch under way.
struct WatchedBatch<'e, 'w> {
    lanes: Batch<'e>,
    /// Runs that have no lane yet.
    waiting: VecDeque<(RunId, RunSpec)>,
    /// The run in each lane.
    at: Vec<Option<RunId>>,
    finished: Vec<Trace>,
    tempo: Tempo,
    /// Least time from one pass to the next.
    pace: &'w mut Duration,
    /// When the last pass began.
    last: Instant,
    to: Reporter<'w>,
}

/// Decodes a batch, serving commands between its passes. Failures become events.
pub(crate) fn decode(
    engine: &mut Engine,
    request: BatchRequest,
    pace: &mut Duration,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) {
    let batch = request.batch;
    let to = Reporter { batch, events };
    let news = match watch(engine, request, pace, inbox, events) {
        Ok(()) => BatchNews::Ended,
        Err(error) => {
            tracing::warn!("batch failed: {error:#}");
            BatchNews::Failed(format!("{error:#}"))
        }
    };
    to.tell(news);
}

fn watch(
    engine: &mut Engine,
    request: BatchRequest,
    pace: &mut Duration,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) -> Result<()> {
    let batch = request.batch;
    let to = Reporter { batch, events };
    let Some(Prepared { room, runs }) = prepared(engine, request, inbox, &to)? else {
        return Ok(());
    };
    let lanes = Batch::new(engine, &room, &mut |done, total| {
        to.tell(BatchNews::Prefix { done, total });
        !inbox.asks_to_end_batch()
    })?;
    let Some(lanes) = lanes else {
        return Ok(());
    };
    to.tell(BatchNews::Started(Box::new(lanes.passes_header())));
    let mut watched = WatchedBatch {
        at: vec![None; room.lanes],
        lanes,
        waiting: runs.into(),
        finished: Vec::new(),
        tempo: Tempo::Playing,
        pace,
        last: Instant::now(),
        to,
    };
    let outcome = watched.play(inbox);
    watched.end();
    outcome
}

impl WatchedBatch<'_, '_> {
    /// Pass by pass until every run has ended, or until it is cancelled.
    fn play(&mut self, inbox: &mut Inbox<'_>) -> Result<()> {
        loop {
            self.fill();
            if self.lanes.is_idle() || !self.listen(inbox) {
                return Ok(());
            }
            self.last = Instant::now();
            let Some(pass) = self.lanes.pass()? else {
                return Ok(());
            };
            let steps = self.steps_of(&pass);
            let pass = Box::new(pass);
            self.to.tell(BatchNews::Pass { pass, steps });
            self.take_ended();
            self.tempo = self.tempo.stepped();
        }
    }

    /// Puts waiting runs into the free lanes.
    fn fill(&mut self) {
        while let Some(lane) = self.lanes.free_lane() {
            let Some((run, spec)) = self.waiting.pop_front() else {
                return;
            };
            if let Err(why) = self.lanes.begin(lane, spec) {
                self.to.failed(run, format!("{why:#}"));
                continue;
            }
            self.at[lane] = Some(run);
            if let Some((_, trace)) = self.lanes.traces().find(|(at, _)| *at == lane) {
                let header = Box::new(trace.header.clone());
                self.to.tell(BatchNews::RunStarted { run, header });
            }
        }
    }

    /// The steps that a pass has added.
    fn steps_of(&self, pass: &PassRecord) -> Vec<(RunId, Step)> {
        let step = |(lane, trace): (usize, &Trace)| {
            let of_lane = pass.lanes.iter().find(|record| record.lane == lane)?;
            Some((self.at[lane]?, trace.steps.get(of_lane.step?)?.clone()))
        };
        self.lanes.traces().filter_map(step).collect()
    }

    fn take_ended(&mut self) {
        for Ended { lane, trace, end } in self.lanes.take_ended() {
            let Some(run) = self.at[lane].take() else {
                continue;
            };
            let is_finished = end.finish != Finish::Cancelled;
            let prompt_ms = trace.header.prompt_ms;
            self.to.tell(BatchNews::RunEnded {
                run,
                prompt_ms,
                end,
            });
            if is_finished && trace.header.params.sources.online {
                self.finished.push(trace);
            }
        }
    }

    /// Ends what is under way as cancelled; the finished answers join this session's.
    fn end(&mut self) {
        self.lanes.cancel();
        self.take_ended();
        let pools = &mut self.lanes.engine().pools;
        for trace in self.finished.drain(..) {
            pools.remember(&trace.header, &trace.token_ids());
        }
    }

    /// Serves commands until the next pass is due. `false`: the batch has ended.
    fn listen(&mut self, inbox: &mut Inbox<'_>) -> bool {
        loop {
            let Some(command) = self.tempo.wait(self.rest(), inbox) else {
                return true;
            };
            if !self.obey(command, inbox) {
                return false;
            }
            if self.tempo.is_due(self.rest()) {
                return true;
            }
        }
    }

    /// Until the next pass is due.
    fn rest(&self) -> Duration {
        self.pace.saturating_sub(self.last.elapsed())
    }

    /// Obeys one command. `false`: the batch has ended.
    fn obey(&mut self, command: Command, inbox: &mut Inbox<'_>) -> bool {
        match command {
            Command::Pause => self.set_tempo(Tempo::Paused),
            Command::Resume => self.set_tempo(Tempo::Playing),
            Command::Step => self.set_tempo(Tempo::OneStep),
            Command::SetPace(time) => *self.pace = time,
            Command::Generate(request) => {
                let engine = self.lanes.engine();
                watched::generate(engine, *request, self.pace, inbox, self.to.events);
                inbox.bring_back();
            }
            Command::Preview {
                ticket,
                prompt,
                max_tokens,
            } => {
                let model = &self.lanes.engine().model;
                let render = |p: &PromptText| model.render_to_fit(p, max_tokens);
                let _ = self.to.events.send(preview(ticket, &prompt, render));
            }
            Command::Pool(question) => {
                let answered = pool_questions::answered(self.lanes.engine(), question);
                let _ = self.to.events.send(answered);
            }
            later @ (Command::Sweep(_) | Command::CancelSweep | Command::MeasureCost) => {
                inbox.defer(later);
            }
            Command::CancelBatch => return false,
            ending @ (Command::Batch(_) | Command::Quit) => {
                inbox.put_back(ending);
                return false;
            }
            _ => {}
        }
        true
    }

    fn set_tempo(&mut self, tempo: Tempo) {
        self.tempo = tempo;
        self.to.tell(BatchNews::Paused(tempo != Tempo::Playing));
    }
}
