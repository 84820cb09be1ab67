//! A run on the screen: live from the engine, or played from a recording. Both
//! grow step by step, so that everything else need not tell them apart.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::present::record::Record;
use crate::protocol::{PromptText, RunId};
use crate::speculate::params::Params;
use crate::speculate::trace::{End, Step, SubjectInfo, Timing, Trace};
use crate::tui::runs::parked::{Kept, Parked};
use crate::tui::runs::reference::References;

/// Where a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Asked for; nothing heard yet.
    Asked,
    /// The prompt is being processed, in tokens.
    Prompt {
        /// Tokens processed.
        done: usize,
        /// Tokens in all.
        total: usize,
    },
    /// Steps come in.
    Running,
    /// It waits to go on.
    Paused,
    /// It is complete.
    Ended,
    /// It ended with this error.
    Failed(String),
}

/// Where a run's steps come from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Live {
        prompt: PromptText,
    },
    Recorded {
        kind: Recording,
        /// Steps not played yet.
        unplayed: VecDeque<Step>,
        end: Option<End>,
        /// Time since the last step was played.
        waited: Duration,
    },
}

/// Which recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// It ships with the program and plays while there is no model.
    Demo,
    /// Opened from a file.
    File,
    /// A lesson's.
    Lesson,
    /// A run of a sweep.
    Sweep,
}

/// How much of a run there is, or a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SavedPart {
    n_steps: usize,
    is_ended: bool,
}

/// A run of the session: live, or played from a recording.
#[derive(Clone, Debug)]
pub struct Run {
    /// Unique in the session.
    pub id: RunId,
    pub(crate) subject: SubjectInfo,
    /// As asked for; the record's header says what was used.
    pub(crate) params: Params,
    /// Where it stands.
    pub phase: Phase,
    pub(crate) origin: Origin,
    /// `None` until the first news of it, and while it is on disk alone.
    pub record: Option<Record>,
    /// On disk, too.
    pub(crate) parked: Option<Parked>,
    /// Runs of the same prompt that it is measured against.
    pub references: References,
    /// The run that it branched from, in this session.
    pub parent: Option<RunId>,
    /// Its trace's file, where it was saved or opened.
    pub(crate) file: Option<String>,
    /// How much of it was last handed over to be saved, and how much a file has.
    pub(crate) saving: Option<SavedPart>,
    pub(crate) saved: Option<SavedPart>,
    /// Steps marked to come back to.
    pub(crate) bookmarks: BTreeSet<usize>,
    /// When it was asked for, in this session; `None`: a recording.
    pub(crate) begun: Option<Instant>,
}

impl Run {
    pub(crate) fn live(
        id: RunId,
        subject: SubjectInfo,
        params: Params,
        prompt: PromptText,
    ) -> Self {
        Run {
            id,
            subject,
            params,
            phase: Phase::Asked,
            origin: Origin::Live { prompt },
            record: None,
            parked: None,
            references: References::default(),
            parent: None,
            file: None,
            saving: None,
            saved: None,
            bookmarks: BTreeSet::new(),
            begun: Some(Instant::now()),
        }
    }

    /// A recording, with nothing played yet.
    pub fn recorded(id: RunId, trace: Trace, kind: Recording) -> Self {
        Run {
            id,
            subject: trace.header.subject.clone(),
            params: trace.header.params,
            phase: Phase::Paused,
            record: Some(Record::new(trace.header)),
            parked: None,
            origin: Origin::Recorded {
                kind,
                unplayed: trace.steps.into(),
                end: trace.end,
                waited: Duration::ZERO,
            },
            references: References::default(),
            parent: None,
            file: None,
            saving: None,
            saved: None,
            bookmarks: BTreeSet::new(),
            begun: None,
        }
    }

    /// Which recording it is played from; `None`: it is live.
    pub fn recording(&self) -> Option<Recording> {
        match self.origin {
            Origin::Live { .. } => None,
            Origin::Recorded { kind, .. } => Some(kind),
        }
    }

    pub(crate) fn n_steps(&self) -> usize {
        self.kept().map_or(0, Kept::n_steps)
    }

    /// How much of it there is now.
    pub(crate) fn extent(&self) -> SavedPart {
        SavedPart {
            n_steps: self.n_steps(),
            is_ended: self.kept().is_some_and(Kept::is_ended),
        }
    }

    /// The engine is at it, or waits for us in the middle of it.
    pub(crate) fn is_under_way(&self) -> bool {
        let going = !matches!(self.phase, Phase::Ended | Phase::Failed(_));
        going && self.recording().is_none()
    }

    /// Something on the screen will change by itself.
    pub(crate) fn is_moving(&self) -> bool {
        match self.phase {
            Phase::Asked | Phase::Prompt { .. } | Phase::Running => true,
            Phase::Paused | Phase::Ended | Phase::Failed(_) => false,
        }
    }

    /// Plays a recording's next step; `false` if there is none.
    pub(crate) fn play_step(&mut self) -> bool {
        let (
            Origin::Recorded {
                unplayed,
                end,
                waited,
                ..
            },
            Some(record),
        ) = (&mut self.origin, &mut self.record)
        else {
            return false;
        };
        *waited = Duration::ZERO;
        let Some(step) = unplayed.pop_front() else {
            return false;
        };
        record.push(step);
        if unplayed.is_empty() {
            // What held the steps is empty, but not small.
            unplayed.shrink_to_fit();
            self.phase = Phase::Ended;
            if let Some(end) = end.take() {
                record.finish(end);
            }
        }
        true
    }

    /// Plays all steps of a recording at once.
    pub fn play_all(&mut self) {
        while self.play_step() {}
    }

    /// Puts a recording back to its beginning.
    pub(crate) fn rewind(&mut self) {
        let (Origin::Recorded { unplayed, end, .. }, Some(record)) =
            (&mut self.origin, &mut self.record)
        else {
            return;
        };
        let fresh = Record::new(record.trace.header.clone());
        let played = std::mem::replace(record, fresh).trace;
        *end = played.end.or(end.take());
        let mut steps: VecDeque<Step> = played.steps.into();
        steps.append(unplayed);
        *unplayed = steps;
        self.phase = Phase::Paused;
    }

    /// Lets a playing recording go on for `elapsed`: a step is due when its own
    /// recorded time is over, and not before `pace`.
    pub(crate) fn play_on(&mut self, elapsed: Duration, pace: Duration) -> bool {
        if self.phase != Phase::Running {
            return false;
        }
        let Origin::Recorded {
            unplayed, waited, ..
        } = &mut self.origin
        else {
            return false;
        };
        *waited += elapsed;
        let Some(next) = unplayed.front() else {
            return false;
        };
        *waited >= step_shown_for(next).max(pace) && self.play_step()
    }
}

/// How long a recorded step is shown when it is played: as long as it took.
pub(crate) fn step_shown_for(step: &Step) -> Duration {
    shown_for(step.timing.as_ref().map_or(UNTIMED_MS, Timing::total))
}

/// How long something is shown that took so many milliseconds: no recording makes a person
/// wait long.
pub(crate) fn shown_for(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.clamp(0.0, LONGEST_MS) / 1000.0)
}

const LONGEST_MS: f64 = 10_000.0;

/// How long a step is shown whose time is not recorded, in milliseconds.
const UNTIMED_MS: f64 = 100.0;
