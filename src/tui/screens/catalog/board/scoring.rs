//! The marked answers handed to `laserscope score`: a process of its own scores them, and what
//! it prints is shown as a page.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How scoring ended: the command line, and what it printed or why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedScore {
    /// Does the same again.
    pub command: String,
    /// What it printed.
    pub printed: Result<String, String>,
}

#[derive(Debug)]
enum Stage {
    /// `None`: the process has not been started.
    UnderWay(Option<Child>),
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
            stage: Arc::new(Mutex::new(Stage::UnderWay(None))),
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the process is still wanted and has not ended.
    pub fn is_under_way(&self) -> bool {
        matches!(*self.stage(), Stage::UnderWay(_))
    }

    /// The process was started; where it is not wanted any more, it ends.
    pub(crate) fn started(&self, mut process: Child) {
        match &mut *self.stage() {
            Stage::UnderWay(place) => *place = Some(process),
            Stage::Cancelled | Stage::Ended(_) => kill(&mut process),
        }
    }

    /// How the process ended; `None`: it has not, or is not wanted any more.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) fn exit(&self) -> io::Result<Option<ExitStatus>> {
        match &mut *self.stage() {
            Stage::UnderWay(Some(process)) => process.try_wait(),
            Stage::UnderWay(None) | Stage::Cancelled | Stage::Ended(_) => Ok(None),
        }
    }

    /// The process is not wanted any more.
    pub(crate) fn cancel(&self) {
        let mut stage = self.stage();
        if let Stage::UnderWay(process) = &mut *stage {
            process.iter_mut().for_each(kill);
            *stage = Stage::Cancelled;
        }
    }

    /// The process has ended.
    pub fn end(&self, score: MarkedScore) {
        let mut stage = self.stage();
        if matches!(*stage, Stage::UnderWay(_)) {
            *stage = Stage::Ended(score);
        }
    }

    /// How it ended; `None`: it has not, or was cancelled.
    pub fn score(&self) -> Option<MarkedScore> {
        match &*self.stage() {
            Stage::Ended(score) => Some(score.clone()),
            Stage::UnderWay(_) | Stage::Cancelled => None,
        }
    }
}

fn kill(process: &mut Child) {
    // It may have ended by itself.
    let _ = process.kill();
    let _ = process.wait();
}
