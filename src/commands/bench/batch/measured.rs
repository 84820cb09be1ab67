//! Timed runs of one batch size under one rule: one by one, or together.

use std::time::Instant;

use color_eyre::eyre::Result;

use crate::commands::one_run::record;
use crate::console::interrupt;
use crate::engine::{Batch, BatchRoom, Engine, RunSpec};
use crate::speculate::TokenId;
use crate::speculate::passes::PassRecord;
use crate::speculate::speed_up::Took;
use crate::speculate::stats::Stats;
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct BatchAnswer {
    /// Index of the subject.
    pub(crate) subject: usize,
    pub(crate) ids: Vec<TokenId>,
    took: Took,
}

/// Sums over the runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) answers: Vec<BatchAnswer>,
    pub(crate) steps: usize,
    /// Decoding alone.
    pub(crate) decode_ms: f64,
    pub(crate) wall_s: f64,
    /// Passes that contained a step, their rows without prompts, and the drafts among those.
    pub(crate) passes: usize,
    pub(crate) rows: usize,
    pub(crate) drafts: usize,
    /// The lowest path probability that was given a row, and what one more row would have
    /// needed.
    pub(crate) cuts: Vec<f32>,
    pub(crate) prices: Vec<f32>,
    /// Speed relative to the same subject decoded alone, autoregressively.
    pub(crate) ratios: Vec<f64>,
}

impl Measured {
    pub(crate) fn tokens(&self) -> usize {
        self.answers.iter().map(|answer| answer.took.tokens).sum()
    }

    /// Adds a round, paired with that round's autoregressive runs.
    pub(crate) fn add(&mut self, round: Measured, plain: &[BatchAnswer]) {
        let ratio = |answer: &BatchAnswer| answer.took.over(plain[answer.subject].took);
        self.ratios.extend(round.answers.iter().map(ratio));
        self.answers.extend(round.answers);
        self.steps += round.steps;
        self.decode_ms += round.decode_ms;
        self.wall_s += round.wall_s;
        self.passes += round.passes;
        self.rows += round.rows;
        self.drafts += round.drafts;
        self.cuts.extend(round.cuts);
        self.prices.extend(round.prices);
    }

    fn answer(&mut self, subject: usize, trace: &Trace) {
        let stats = Stats::of(trace);
        self.steps += stats.steps;
        self.decode_ms += stats.ms().unwrap_or_default();
        self.answers.push(BatchAnswer {
            subject,
            ids: trace.token_ids(),
            took: Took::of(&stats),
        });
        if trace.header.rows.is_own() {
            let trees = trace.steps.iter().filter(|step| step.tree.n_drafts() > 0);
            let last = trees.filter_map(|step| step.tree.nodes.last());
            self.cuts.extend(last.map(|node| node.path_prob));
        }
    }

    fn pass(&mut self, pass: &PassRecord) {
        let rows = pass.rows - pass.prompt;
        if rows > 0 {
            self.passes += 1;
            self.rows += rows;
            self.drafts += pass.drafts;
            self.cuts.extend(pass.cut);
            self.prices.extend(pass.needed);
        }
    }
}

/// Runs one subject at a time. `None`: cancelled.
///
/// # Errors
/// The model's errors.
pub(crate) fn alone(engine: &mut Engine, specs: &[RunSpec]) -> Result<Option<Measured>> {
    let mut measured = Measured::default();
    let begin = Instant::now();
    for (i, spec) in specs.iter().enumerate() {
        let (trace, end) = record(engine, spec.clone())?;
        if end.finish == Finish::Cancelled {
            return Ok(None);
        }
        measured.passes += trace.steps.len();
        for step in &trace.steps {
            measured.rows += step.tree.n_rows();
            measured.drafts += step.tree.n_drafts();
        }
        measured.answer(i, &trace);
    }
    measured.wall_s = begin.elapsed().as_secs_f64();
    Ok(Some(measured))
}

/// Runs a batch with all its lanes, each refilled as it becomes free; every subject at
/// least once, and at least twice as many runs as lanes. `None`: cancelled.
///
/// # Errors
/// The model's errors.
pub(crate) fn together(
    engine: &mut Engine,
    specs: &[RunSpec],
    room: &BatchRoom,
) -> Result<Option<Measured>> {
    let n = specs.len().max(2 * room.lanes);
    let mut measured = Measured::default();
    let begin = Instant::now();
    let go_on = &mut |_, _| !interrupt::is_set();
    let Some(batch) = Batch::new(engine, room, go_on)? else {
        return Ok(None);
    };
    let mut batch = batch.without_origins();
    let mut at = vec![0; room.lanes];
    let mut begun = 0;
    loop {
        while let Some(lane) = batch.free_lane().filter(|_| begun < n) {
            at[lane] = begun % specs.len();
            batch.begin(lane, specs[at[lane]].clone())?;
            begun += 1;
        }
        if interrupt::is_set() {
            return Ok(None);
        }
        let Some(pass) = batch.pass()? else {
            break;
        };
        measured.pass(&pass);
        for ended in batch.take_ended() {
            measured.answer(at[ended.lane], &ended.trace);
        }
    }
    measured.wall_s = begin.elapsed().as_secs_f64();
    Ok(Some(measured))
}
