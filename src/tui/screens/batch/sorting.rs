//! The order of the lanes: as they are numbered, or by a figure of the pass looked at. A
//! lane keeps its letter and its colour wherever it stands.

use super::columns::LaneColumn;
use super::state::{BatchScreen, ShownBatch};
use crate::speculate::passes::BatchCourse;
use crate::tui::widgets::sort::{SortKey, Sorting};

/// A lane without a subject has nothing to be sorted by and comes last.
fn lane_key(
    batch: &ShownBatch,
    (course, pass): (&BatchCourse, usize),
    lane: usize,
    column: LaneColumn,
) -> SortKey {
    let Some(at) = course.stay_in(lane, pass) else {
        return SortKey::Figure(None);
    };
    let stay = &course.stays[at];
    let rows = || {
        let mut lanes = course.passes[pass].lanes.iter();
        let record = lanes.find(|record| record.lane == lane)?;
        Some(record.rows as f64)
    };
    match column {
        LaneColumn::Subject => {
            let title = batch.run_of_stay(at).map(|run| run.title.as_str());
            SortKey::text(title.unwrap_or(&stay.subject))
        }
        LaneColumn::Mal => SortKey::Figure(stay.mal_by(pass)),
        LaneColumn::Tokens => SortKey::count(stay.n_tokens_by(pass)),
        LaneColumn::Rows => SortKey::Figure(rows()),
    }
}

impl BatchScreen {
    /// The lanes from top to bottom, in the pass looked at.
    pub(crate) fn lanes_in_order(&self) -> Vec<usize> {
        let mut lanes: Vec<usize> = (0..self.n_lanes()).collect();
        if let (Some(batch), Some(at)) = (&self.batch, self.at()) {
            let key = |&lane: &usize, column| lane_key(batch, at, lane, column);
            self.sorting.arrange(&mut lanes, key);
        }
        lanes
    }

    /// Where the selected lane stands among those lanes.
    pub(crate) fn row_of_lane(&self, lanes: &[usize]) -> usize {
        let found = lanes.iter().position(|&lane| lane == self.lane);
        found.unwrap_or(0)
    }

    /// Selects the lane so many rows further down.
    pub(crate) fn move_lanes(&mut self, delta: i64) {
        let lanes = self.lanes_in_order();
        let last = lanes.len().saturating_sub(1) as i64;
        let to = (self.row_of_lane(&lanes) as i64 + delta).clamp(0, last);
        self.lane = lanes.get(to as usize).copied().unwrap_or(0);
    }

    /// Sorts the lanes another way; the one that is selected stays it.
    pub(crate) fn sort(&mut self, change: fn(&mut Sorting<LaneColumn>)) {
        change(&mut self.sorting);
    }
}
