//! A long batch, made up: the heaviest that the Batch screen draws.

use std::path::Path;

use laserscope::speculate::params::{AcceptanceRule, Params};
use laserscope::speculate::passes::{LaneRecord, PassRecord, RecordedBatch};
use laserscope::speculate::trace::{Timing, Trace};
use laserscope::start::recorded_batch::read_batch;

use super::fixture;

/// Every subject has as many steps as this run.
fn one_run() -> Trace {
    let params = Params {
        verify: AcceptanceRule::Strict,
        ..Params::default()
    };
    fixture::run(5, params)
}

/// `n_passes` passes of `lanes` lanes with eight rows each. The runs in the middle and the
/// last ones have traces.
pub fn heavy_batch(lanes: usize, n_passes: usize) -> RecordedBatch {
    let shipped = read_batch(Path::new("assets/traces/batch")).expect("a batch");
    let run = one_run();
    let n_steps = run.steps.len();
    let subject = |lane: usize, pass: usize| format!("item/l{lane}n{}", pass / n_steps);
    let record = |lane: usize, pass: usize| LaneRecord {
        lane,
        subject: subject(lane, pass),
        rows: 8,
        step: Some(pass % n_steps),
        committed: run.steps[pass % n_steps].verdict.n_committed(),
        ended: (pass + 1).is_multiple_of(n_steps),
    };
    let passes = (0..n_passes).map(|index| {
        let lanes: Vec<LaneRecord> = (0..lanes).map(|lane| record(lane, index)).collect();
        PassRecord {
            index,
            rows: 8 * lanes.len(),
            drafts: 7 * lanes.len(),
            committed: lanes.iter().map(|lane| lane.committed).sum(),
            timing: Timing {
                forward: 40.0,
                ..Timing::default()
            },
            cut: Some(0.5),
            needed: Some(0.4 + 0.2 * (index % 3) as f32),
            lanes,
            ..PassRecord::default()
        }
    });
    let traced = [n_passes / 2, n_passes - 1].map(|pass| {
        let traces = (0..lanes).map(|lane| {
            let mut trace = run.clone();
            let name = subject(lane, pass);
            trace.header.subject.id = name.trim_start_matches("item/").to_string();
            trace
        });
        traces.collect::<Vec<Trace>>()
    });
    let mut header = shipped.header;
    header.lanes = lanes;
    RecordedBatch {
        passes: passes.collect(),
        traces: traced.concat(),
        header,
        ..shipped
    }
}
