//! The marked answers handed to `laserscope score`: a process of its own scores them, and what
//! it prints is shown as a page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How scoring ended: the command line, and what it printed or why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedScore {
    /// Does the same again.
    pub command: String,
    /// What it printed.
    pub printed: Result<String, String>,
}

#[derive(Clone, Debug)]
enum Stage {
    UnderWay,
    Cancelled,
    Ended(MarkedScore),
}

/// Scoring that was begun. The thread that waits for the process shares it.
#[derive(Clone, Debug)]
pub struct MarkedScoring {
    /// Answers that are scored.
    pub n: usize,
    stage: Arc<Mutex<Stage>>,
}

impl MarkedScoring {
    pub(crate) fn new(n: usize) -> Self {
        MarkedScoring {
            n,
            stage: Arc::new(Mutex::new(Stage::UnderWay)),
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the process is still wanted and has not ended.
    pub fn is_under_way(&self) -> bool {
        matches!(*self.stage(), Stage::UnderWay)
    }

    /// The process is not wanted any more.
    pub(crate) fn cancel(&self) {
        let mut stage = self.stage();
        if matches!(*stage, Stage::UnderWay) {
            *stage = Stage::Cancelled;
        }
    }

    /// The process has ended.
    pub fn end(&self, score: MarkedScore) {
        let mut stage = self.stage();
        if matches!(*stage, Stage::UnderWay) {
            *stage = Stage::Ended(score);
        }
    }

    /// How it ended; `None`: it has not, or was cancelled.
    pub fn score(&self) -> Option<MarkedScore> {
        match &*self.stage() {
            Stage::Ended(score) => Some(score.clone()),
            Stage::UnderWay | Stage::Cancelled => None,
        }
    }
}
