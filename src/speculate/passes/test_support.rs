//! Passes for tests. By the header's profile, n rows take 2 + n ms.

use super::{LaneRecord, PassRecord, PassesHeader};
use crate::speculate::cost::{CostProfile, PassPoint};
use crate::speculate::trace::{ModelInfo, Timing};

pub(super) fn header(lanes: usize) -> PassesHeader {
    let rows = [1, 2, 8, 64, 256];
    let ms = |n: usize| 2.0 + n as f32;
    let pass = |rows: usize| PassPoint {
        sequences: rows,
        rows,
        own: 100,
        shared: 0,
        pass_ms: ms(rows),
        spread: 0.0,
    };
    let cost = CostProfile {
        passes: rows.map(pass).to_vec(),
        ..CostProfile::by_rows(rows[..4].iter().map(|&n| (n, ms(n))))
    };
    PassesHeader {
        lanes,
        ..PassesHeader::new(ModelInfo::default(), cost)
    }
}

pub(super) fn pass(lanes: Vec<LaneRecord>) -> PassRecord {
    lasting(1.0, lanes)
}

pub(super) fn lasting(ms: f64, lanes: Vec<LaneRecord>) -> PassRecord {
    let is_prompt = |lane: &&LaneRecord| lane.step.is_none();
    let rows = |lanes: &[LaneRecord]| lanes.iter().map(|lane| lane.rows).sum::<usize>();
    let steps = lanes.iter().filter(|lane| lane.step.is_some());
    PassRecord {
        rows: rows(&lanes),
        prompt: lanes.iter().filter(is_prompt).map(|lane| lane.rows).sum(),
        drafts: steps.map(|lane| lane.rows - 1).sum(),
        committed: lanes.iter().map(|lane| lane.committed).sum(),
        timing: Timing {
            forward: ms,
            ..Timing::default()
        },
        lanes,
        ..PassRecord::default()
    }
}

pub(super) fn prompt(lane: usize, subject: &str, rows: usize) -> LaneRecord {
    LaneRecord {
        lane,
        subject: subject.into(),
        rows,
        ..LaneRecord::default()
    }
}

pub(super) fn step(
    lane: usize,
    subject: &str,
    step: usize,
    rows: usize,
    committed: usize,
    ended: bool,
) -> LaneRecord {
    LaneRecord {
        step: Some(step),
        committed,
        ended,
        ..prompt(lane, subject, rows)
    }
}
