//! One pass of a batch: a forward pass over the rows of all lanes, then verify, commit and
//! learning in every lane.

use color_eyre::eyre::Result;

use super::Batch;
use super::assemble::{Allotted, allot, assemble, each, retrieve};
use super::lane::Lane;
use super::part::{LaneRows, Proposed};
use crate::engine::model::LoadedModel;
use crate::engine::run::pass::RowsOfPass;
use crate::engine::run::state::kept_rows;
use crate::engine::run::{timed, to_micros};
use crate::model::decoder::SequenceRows;
use crate::model::logits::{Answered, Asked, Logits};
use crate::speculate::cost::Prices;
use crate::speculate::passes::{LaneRecord, PassRecord};
use crate::speculate::trace::Timing;

impl Batch<'_> {
    /// One pass over the rows of all lanes, those of steps and of prompts. `None`: there are
    /// no rows to compute.
    ///
    /// # Errors
    /// The model's errors.
    pub fn pass(&mut self) -> Result<Option<PassRecord>> {
        let ((), retrieve) = timed(|| retrieve(&mut self.lanes));
        let ((mut parts, allotted), draft) = timed(|| self.drafted());
        if parts.is_empty() {
            return Ok(None);
        }
        let (logits, forward) = timed(|| forward(self, &parts));
        let logits = logits?;
        let (judged, verify) = timed(|| judge(self, &mut parts, logits));
        judged?;
        let (committed, commit) = timed(|| commit(self, &mut parts, allotted.prices));
        committed?;
        let timing = Timing {
            retrieve,
            draft,
            forward,
            verify,
            commit,
        };
        let mut record = recorded(self, parts, timing);
        (record.cut, record.needed) = (allotted.cut, allotted.needed);
        self.n_passes += 1;
        Ok(Some(record))
    }

    /// The rows of the pass.
    fn drafted(&mut self) -> (Vec<LaneRows>, Allotted) {
        let allotted = allot(&mut self.lanes, &mut self.turn, &self.costs);
        let mut parts = assemble(&mut self.lanes, &allotted);
        if self.names_origins {
            explain(&mut self.lanes, &mut parts);
        }
        (parts, allotted)
    }
}

/// Records the origins of every step's drafts.
fn explain(lanes: &mut [Option<Lane>], parts: &mut [LaneRows]) {
    each(&mut steps(lanes, parts), |(lane, proposed)| {
        lane.state.explain(&mut proposed.tree);
    });
}

/// Every step of a pass with its lane.
fn steps<'a>(
    lanes: &'a mut [Option<Lane>],
    parts: &'a mut [LaneRows],
) -> Vec<(&'a mut Lane, &'a mut Proposed)> {
    let mut of_lane: Vec<Option<&mut Proposed>> = lanes.iter().map(|_| None).collect();
    for part in parts {
        of_lane[part.lane] = part.step.as_mut();
    }
    let both = lanes.iter_mut().zip(of_lane);
    both.filter_map(|(lane, step)| Some((lane.as_mut()?, step?)))
        .collect()
}

fn forward(batch: &mut Batch<'_>, parts: &[LaneRows]) -> Result<Logits> {
    let rows: Vec<SequenceRows<'_>> = parts.iter().map(LaneRows::rows).collect();
    let decoder = &mut batch.engine.model.decoder;
    decoder.forward_sequences(&mut batch.sequences, &rows)
}

/// Verifies every step. The rows of the logits are in lane order.
fn judge(batch: &mut Batch<'_>, parts: &mut [LaneRows], mut logits: Logits) -> Result<()> {
    let mut steps = steps(&mut batch.lanes, parts);
    let asked = steps.iter().flat_map(|(lane, s)| lane.state.asked(&s.tree));
    let asked: Vec<Asked> = asked.collect();
    if asked.is_empty() {
        return Ok(());
    }
    let decoder = &mut batch.engine.model.decoder;
    let mut answered = decoder.score_rows(&mut logits, &asked)?.into_iter();
    let mut first = 0;
    for (lane, proposed) in &mut steps {
        let n = proposed.tree.n_rows();
        let own: Vec<Answered> = answered.by_ref().take(n).collect();
        let rows = RowsOfPass {
            logits: &logits,
            first,
            of: asked.len(),
        };
        let passed = lane.state.judge(&proposed.tree, own, rows, proposed.room)?;
        proposed.passed = Some(passed);
        first += n;
    }
    decoder.recycle(logits);
    Ok(())
}

/// Commits the kept rows to the cache, and lets every lane learn from its verdict.
fn commit(batch: &mut Batch<'_>, parts: &mut [LaneRows], prices: Option<Prices>) -> Result<()> {
    for part in parts.iter() {
        let rows = match &part.step {
            None => (0..part.n_rows()).collect(),
            Some(step) => step
                .passed
                .as_ref()
                .map_or_else(Vec::new, |passed| kept_rows(&passed.verdict)),
        };
        let decoder = &mut batch.engine.model.decoder;
        decoder.commit_sequence(&mut batch.sequences, part.lane, &rows)?;
        if let Some(lane) = &mut batch.lanes[part.lane] {
            lane.cached += rows.len();
        }
    }
    let all = steps(&mut batch.lanes, parts).into_iter();
    let (mut drafting, mut plain): (Vec<_>, Vec<_>) =
        all.partition(|(lane, _)| lane.state.asks_retrieval());
    let learn = |part: &mut (&mut Lane, &mut Proposed)| learn(part, prices);
    plain.iter_mut().for_each(learn);
    each(&mut drafting, learn);
    Ok(())
}

fn learn((lane, proposed): &mut (&mut Lane, &mut Proposed), prices: Option<Prices>) {
    if let Some(passed) = &proposed.passed {
        lane.state.take_in(&proposed.tree, &passed.verdict);
        let has_paid = lane.has_paid(&proposed.tree, &passed.verdict, prices);
        proposed.learned = lane.state.learn(&proposed.tree, &passed.verdict, has_paid);
    }
}

/// Records the pass, and every lane's step in its trace with a share of the time in
/// proportion to its rows.
fn recorded(batch: &mut Batch<'_>, parts: Vec<LaneRows>, timing: Timing) -> PassRecord {
    let rows: usize = parts.iter().map(LaneRows::n_rows).sum();
    let mut record = PassRecord {
        index: batch.n_passes,
        rows,
        timing,
        ..PassRecord::default()
    };
    for part in parts {
        let Some(lane) = batch.lanes[part.lane].as_mut() else {
            continue;
        };
        let n = part.n_rows();
        let share = share_of(&timing, n as f64 / rows as f64);
        let is_prompt = part.step.is_none();
        let of_lane = taken(&batch.engine.model, lane, part, share);
        match is_prompt {
            true => record.prompt += n,
            false => record.drafts += n - 1,
        }
        record.committed += of_lane.committed;
        record.lanes.push(of_lane);
    }
    record
}

/// Records a lane's part in the pass; a step is added to its trace.
fn taken(model: &LoadedModel, lane: &mut Lane, part: LaneRows, share: Timing) -> LaneRecord {
    let mut record = LaneRecord {
        lane: part.lane,
        subject: lane.subject(),
        rows: part.n_rows(),
        ..LaneRecord::default()
    };
    let Some(proposed) = part.step else {
        *lane.state.header.prompt_ms.get_or_insert_default() += share.total();
        return record;
    };
    let (room, context_len) = (proposed.room, proposed.context_len);
    if let Some(stepped) = proposed.stepped(share) {
        lane.state.count(&stepped.passed.verdict, &stepped.timing);
        let step = lane.state.record(model, stepped, room, context_len);
        record.step = Some(step.index);
        record.committed = step.verdict.n_committed();
        record.ended = lane.state.finish.is_some();
        lane.trace.push(step);
    }
    record
}

fn share_of(timing: &Timing, share: f64) -> Timing {
    let of = |ms: f64| to_micros(ms * share);
    Timing {
        retrieve: of(timing.retrieve),
        draft: of(timing.draft),
        forward: of(timing.forward),
        verify: of(timing.verify),
        commit: of(timing.commit),
    }
}
