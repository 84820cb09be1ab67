//! How the Batch screen is looked at: which batch, which pass, which lane.

use std::time::Duration;

use crate::present::lane_text::LaneText;
use crate::protocol::{BatchId, RunId};
use crate::speculate::passes::{BatchCourse, BenchPoints, PassRecord};
use crate::speculate::subject::KindName;
use crate::tui::runs::run::shown_for;
use crate::tui::screens::batch::columns::LaneColumn;
use crate::tui::screens::decode::state::Zoom;
use crate::tui::widgets::ring::neighbour;
use crate::tui::widgets::sort::Sorting;

/// The batch sizes that the keys go through.
const SIZES: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

/// The size to begin with.
const FIRST_SIZE: usize = 8;

/// The Batch screen's panes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchPane {
    /// A line a lane: subject, figures, text.
    #[default]
    Lanes,
    /// The pass's rows and its time.
    Pass,
    /// The price of a row over the passes.
    Price,
    /// Tokens per second, split.
    Throughput,
    /// Tokens per second over batch size.
    Curve,
}

impl BatchPane {
    /// In the order of the key that goes through them.
    pub const ALL: [BatchPane; 5] = [
        BatchPane::Lanes,
        BatchPane::Pass,
        BatchPane::Price,
        BatchPane::Throughput,
        BatchPane::Curve,
    ];

    /// The panes that share one place on a small screen.
    pub(crate) const LOWER: [BatchPane; 4] = [
        BatchPane::Pass,
        BatchPane::Price,
        BatchPane::Throughput,
        BatchPane::Curve,
    ];

    /// As the border says it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            BatchPane::Lanes => "LANES",
            BatchPane::Pass => "PASS",
            BatchPane::Price => "PRICE OF A ROW",
            BatchPane::Throughput => "THROUGHPUT",
            BatchPane::Curve => "BATCH SIZE",
        }
    }

    pub(crate) fn neighbour(self, forward: bool) -> Self {
        neighbour(&Self::ALL, self, forward)
    }
}

/// The pass looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassCursor {
    /// The newest one.
    #[default]
    Follow,
    /// A pass by its index, wherever the batch is by now.
    At(usize),
}

/// Where a batch stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BatchStand {
    /// Asked for; prompts are being rendered and their shared prefix computed, in tokens.
    Preparing {
        done: usize,
        total: usize,
    },
    UnderWay,
    Paused,
    Done,
    Cancelled,
    Failed(String),
    /// Played from a recording.
    Recorded,
}

/// A subject of the batch.
#[derive(Clone, Debug)]
pub(crate) struct LaneRun {
    /// `item/i101`, as passes name it.
    pub(crate) name: String,
    pub(crate) title: String,
    /// Its run in this session; `None`: its trace could not be read.
    pub(crate) run: Option<RunId>,
    pub(crate) text: LaneText,
    /// Index of its stay in the course; `None`: no rows of it yet.
    pub(crate) stay: Option<usize>,
}

/// A batch: its course, and its subjects' texts.
#[derive(Clone, Debug)]
pub struct ShownBatch {
    pub(crate) id: BatchId,
    /// `None`: the engine has not begun it.
    pub(crate) course: Option<BatchCourse>,
    /// In the order in which they were asked for.
    pub(crate) runs: Vec<LaneRun>,
    pub(crate) stand: BatchStand,
    /// Subjects whose answer is complete, or that failed.
    pub(crate) n_ended: usize,
    /// What could not be read of a recording.
    pub(crate) problems: Vec<String>,
}

impl ShownBatch {
    pub(crate) fn is_live(&self) -> bool {
        matches!(
            self.stand,
            BatchStand::Preparing { .. } | BatchStand::UnderWay | BatchStand::Paused
        )
    }

    /// Passes so far.
    pub fn n_passes(&self) -> usize {
        self.course.as_ref().map_or(0, |course| course.passes.len())
    }

    /// The run that a stay is of; `None`: of a subject without one.
    pub(crate) fn run_of_stay(&self, stay: usize) -> Option<&LaneRun> {
        self.runs.iter().find(|run| run.stay == Some(stay))
    }

    pub(crate) fn run_mut(&mut self, id: RunId) -> Option<&mut LaneRun> {
        self.runs.iter_mut().find(|run| run.run == Some(id))
    }
}

/// As passes name a subject: `item/i101`.
pub(crate) fn name_of(kind: &KindName, id: &str) -> String {
    format!("{kind}/{id}")
}

/// The Batch screen's state.
#[derive(Clone, Debug)]
pub struct BatchScreen {
    /// Subjects in a pass of the next batch.
    pub(crate) size: usize,
    /// The batch shown.
    pub batch: Option<ShownBatch>,
    /// The pass looked at.
    pub cursor: PassCursor,
    /// The lane selected, by its number.
    pub lane: usize,
    /// The order of the lanes.
    pub(crate) sorting: Sorting<LaneColumn>,
    /// The pane that has the focus.
    pub pane: BatchPane,
    /// Which of the lower panes a small screen shows.
    pub(crate) lower: BatchPane,
    /// All panes, or one.
    pub zoom: Zoom,
    /// A recording plays: the time since its last pass.
    pub(crate) playing: Option<Duration>,
    /// Measured by `bench batch`.
    pub(crate) points: Option<BenchPoints>,
    pub(crate) n_begun: BatchId,
    /// Decode shows a run that was opened here.
    pub(crate) is_in_decode: bool,
}

impl Default for BatchScreen {
    fn default() -> Self {
        BatchScreen {
            size: FIRST_SIZE,
            batch: None,
            cursor: PassCursor::default(),
            lane: 0,
            sorting: Sorting::default(),
            pane: BatchPane::default(),
            lower: BatchPane::Pass,
            zoom: Zoom::All,
            playing: None,
            points: None,
            n_begun: 0,
            is_in_decode: false,
        }
    }
}

impl BatchScreen {
    /// The pass looked at; `None`: there is none yet.
    pub fn pass_index(&self) -> Option<usize> {
        let last = self.batch.as_ref()?.n_passes().checked_sub(1)?;
        Some(match self.cursor {
            PassCursor::Follow => last,
            PassCursor::At(pass) => pass.min(last),
        })
    }

    /// The course of the batch shown, and the pass looked at.
    pub(crate) fn at(&self) -> Option<(&BatchCourse, usize)> {
        let course = self.batch.as_ref()?.course.as_ref()?;
        Some((course, self.pass_index()?))
    }

    /// The pass looked at.
    pub fn pass(&self) -> Option<&PassRecord> {
        let (course, pass) = self.at()?;
        course.passes.get(pass)
    }

    /// Lanes that are listed.
    pub(crate) fn n_lanes(&self) -> usize {
        let course = self.batch.as_ref().and_then(|b| b.course.as_ref());
        course.map_or(0, BatchCourse::n_lanes)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.batch.as_ref().is_some_and(ShownBatch::is_live)
    }

    /// Whether the engine is at it now.
    pub(crate) fn is_moving(&self) -> bool {
        let stand = self.batch.as_ref().map(|b| &b.stand);
        let is_at_it = matches!(
            stand,
            Some(BatchStand::Preparing { .. } | BatchStand::UnderWay)
        );
        is_at_it || self.playing.is_some()
    }

    /// Goes to another batch size.
    pub(crate) fn resize(&mut self, larger: bool) {
        let next = match larger {
            true => SIZES.into_iter().find(|&n| n > self.size),
            false => SIZES.into_iter().rev().find(|&n| n < self.size),
        };
        self.size = next.unwrap_or(self.size);
    }

    /// Gives a pane the focus; on a small screen it is shown.
    pub fn focus(&mut self, pane: BatchPane) {
        self.pane = pane;
        if BatchPane::LOWER.contains(&pane) {
            self.lower = pane;
        }
    }

    /// Moves over the passes, as far as there are any.
    pub(crate) fn move_passes(&mut self, delta: i64) {
        let (Some(at), Some(batch)) = (self.pass_index(), &self.batch) else {
            return;
        };
        let last = batch.n_passes() as i64 - 1;
        let to = (at as i64).saturating_add(delta).clamp(0, last);
        self.cursor = PassCursor::At(to as usize);
    }

    /// Lets a playing recording go on: a pass is due when its own recorded time is over,
    /// and not before `pace`.
    pub(crate) fn play_on(&mut self, elapsed: Duration, pace: Duration) {
        let Some(waited) = self.playing else {
            return;
        };
        let mut waited = waited + elapsed;
        let last = self.batch.as_ref().map_or(0, ShownBatch::n_passes);
        while let Some((course, at)) = self.at() {
            let Some(next) = course.passes.get(at + 1) else {
                break;
            };
            let due = shown_for(next.ms()).max(pace);
            if waited < due {
                break;
            }
            waited -= due;
            self.cursor = PassCursor::At(at + 1);
        }
        let is_over = self.pass_index().is_none_or(|at| at + 1 >= last);
        self.playing = (!is_over).then_some(waited);
    }
}
