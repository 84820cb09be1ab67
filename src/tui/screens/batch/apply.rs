//! News of a batch under way.

use super::state::{BatchStand, ShownBatch};
use crate::protocol::{Asked, BatchId, BatchNews, Command, PromptText, RunId};
use crate::speculate::passes::{BatchCourse, PassRecord, PassesHeader};
use crate::speculate::trace::{End, Header, Step};
use crate::speculate::verify::Finish;
use crate::tui::app::{App, Tone};

impl App {
    /// Takes news in; of a batch that was replaced by another, only what its runs get.
    pub(crate) fn apply_to_batch(&mut self, batch: BatchId, news: BatchNews) -> Vec<Command> {
        match news {
            BatchNews::RunStarted { run, header } => self.lane_run_started(run, *header),
            BatchNews::Pass { pass, steps } => self.pass_made(batch, *pass, steps),
            BatchNews::RunEnded {
                run,
                prompt_ms,
                end,
            } => self.lane_run_ended(batch, run, prompt_ms, end),
            BatchNews::RunFailed { run, why } => self.lane_run_failed(batch, run, &why),
            BatchNews::Prefix { done, total } => {
                self.batch_stands(batch, BatchStand::Preparing { done, total });
            }
            BatchNews::Started(header) => self.batch_started(batch, *header),
            BatchNews::Paused(is_paused) => self.batch_paused(batch, is_paused),
            BatchNews::Ended => {
                self.batch_ended(batch);
                return self.next_reference();
            }
            BatchNews::Failed(why) => {
                self.batch_failed(batch, why);
                return self.next_reference();
            }
        }
        Vec::new()
    }

    /// The batch with this number, also while a lesson shows another one.
    fn shown_batch(&mut self, id: BatchId) -> Option<&mut ShownBatch> {
        let is_it = |batch: &&mut ShownBatch| batch.id == id;
        let aside = self.learn.batch_before().and_then(|b| b.batch.as_mut());
        let shown = self.batch.batch.as_mut().into_iter().chain(aside);
        shown.into_iter().find(is_it)
    }

    fn batch_stands(&mut self, id: BatchId, stand: BatchStand) {
        if let Some(batch) = self.shown_batch(id) {
            batch.stand = stand;
        }
    }

    fn batch_started(&mut self, id: BatchId, header: PassesHeader) {
        if let Some(batch) = self.shown_batch(id) {
            batch.course = Some(BatchCourse::new(header));
            batch.stand = BatchStand::UnderWay;
        }
    }

    fn lane_run_started(&mut self, id: RunId, header: Header) {
        let asked = Asked {
            subject: header.subject.clone(),
            prompt: PromptText::recorded(&header),
        };
        self.add_lane_run(id, asked);
        self.with_run(id, |run| run.started(header));
        self.follow_text(id);
    }

    fn pass_made(&mut self, id: BatchId, pass: PassRecord, steps: Vec<(RunId, Step)>) {
        for (run, step) in steps {
            self.with_run(run, |run| run.step(step));
            self.follow_text(run);
        }
        let Some(batch) = self.shown_batch(id) else {
            return;
        };
        let Some(course) = &mut batch.course else {
            return;
        };
        let n_before = course.stays.len();
        course.push(pass);
        let begun = course.stays.iter().enumerate().skip(n_before);
        for (at, stay) in begun {
            if let Some(run) = batch.runs.iter_mut().find(|run| run.name == stay.subject) {
                run.stay = Some(at);
            }
        }
    }

    /// A lane's text as its run's record has it.
    fn follow_text(&mut self, id: RunId) {
        let run = self.session.runs.iter().find(|run| run.id == id);
        let record = run.and_then(|run| run.record.as_ref());
        let aside = self.learn.batch_before().and_then(|b| b.batch.as_mut());
        let mut shown = self.batch.batch.as_mut().into_iter().chain(aside);
        let lane = shown.find_map(|batch| batch.run_mut(id));
        if let (Some(lane), Some(record)) = (lane, record) {
            lane.text.follow(record);
        }
    }

    fn lane_run_ended(&mut self, batch: BatchId, id: RunId, prompt_ms: Option<f64>, end: End) {
        let is_whole = end.finish != Finish::Cancelled;
        self.with_run(id, |run| {
            if let Some(record) = &mut run.record {
                record.trace.header.prompt_ms = prompt_ms;
            }
            run.ended(end);
        });
        self.board_run(id);
        if let Some(batch) = self.shown_batch(batch) {
            batch.n_ended += usize::from(is_whole);
        }
    }

    fn lane_run_failed(&mut self, batch: BatchId, id: RunId, why: &str) {
        let Some(batch) = self.shown_batch(batch) else {
            return;
        };
        batch.n_ended += 1;
        let title = batch.run_mut(id).map(|run| {
            run.run = None;
            run.title.clone()
        });
        let text = format!("{}: {why}", title.unwrap_or_default());
        batch.problems.push(text.clone());
        self.tell(Tone::Problem, text);
    }

    fn batch_paused(&mut self, id: BatchId, is_paused: bool) {
        let stand = match is_paused {
            true => BatchStand::Paused,
            false => BatchStand::UnderWay,
        };
        self.batch_stands(id, stand);
        for run in self.lane_runs(id) {
            self.with_run(run, |run| run.paused(is_paused));
        }
    }

    fn batch_ended(&mut self, id: BatchId) {
        if let Some(batch) = self.shown_batch(id) {
            batch.stand = match batch.n_ended == batch.runs.len() {
                true => BatchStand::Done,
                false => BatchStand::Cancelled,
            };
        }
        self.after_batch(id);
    }

    fn batch_failed(&mut self, id: BatchId, why: String) {
        self.tell(Tone::Problem, format!("The batch failed: {why}"));
        self.batch_stands(id, BatchStand::Failed(why));
        self.after_batch(id);
    }

    /// Finished answers may be in the pools now.
    fn after_batch(&mut self, id: BatchId) {
        if self.shown_batch(id).is_some() {
            self.pool.forget();
        }
    }

    fn lane_runs(&mut self, id: BatchId) -> Vec<RunId> {
        let batch = self.shown_batch(id);
        let runs = batch.into_iter().flat_map(|batch| &batch.runs);
        runs.filter_map(|lane| lane.run).collect()
    }
}
