//! A log whose answers fill a board: they are scored on a thread of their own, and one is
//! built again as a run when it is opened.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::BoardRow;
use crate::speculate::trace::Trace;

/// Rows of answers that were scored since the last ones.
#[derive(Debug, Default)]
pub struct MoreRows {
    /// In the order of scoring.
    pub rows: Vec<BoardRow>,
    /// There are no more.
    pub is_all: bool,
}

/// What is asked of the thread, and where its answer goes.
pub enum LogRequest {
    /// Score for a little while.
    More(Sender<Result<MoreRows, String>>),
    /// The answer with this number as a run.
    Open(u32, Sender<Result<Box<Trace>, String>>),
}

/// The thread behind a board.
#[derive(Clone)]
pub struct LogDoor {
    /// The log's name.
    pub name: String,
    /// Answers that are scored.
    pub n_answers: usize,
    /// Scores the log without a board: the program's words.
    pub command: Vec<String>,
    requests: Sender<LogRequest>,
}

/// Why nothing is answered.
const GONE: &str = "scoring the log has ended with a fault";

impl LogDoor {
    /// A door, and the thread's end of it.
    pub fn new(
        name: String,
        n_answers: usize,
        command: Vec<String>,
    ) -> (Self, Receiver<LogRequest>) {
        let (requests, asked) = channel();
        let door = LogDoor {
            name,
            n_answers,
            command,
            requests,
        };
        (door, asked)
    }

    /// Scores for a little while.
    ///
    /// # Errors
    /// What the thread reports.
    pub fn more(&self) -> Result<MoreRows, String> {
        self.ask(LogRequest::More)
    }

    /// An answer as a run.
    ///
    /// # Errors
    /// What the thread reports.
    pub fn open(&self, number: u32) -> Result<Box<Trace>, String> {
        self.ask(|reply| LogRequest::Open(number, reply))
    }

    fn ask<T>(
        &self,
        request: impl FnOnce(Sender<Result<T, String>>) -> LogRequest,
    ) -> Result<T, String> {
        let (reply, answer) = channel();
        let sent = self.requests.send(request(reply));
        sent.map_err(|_| GONE.to_string())?;
        answer.recv().unwrap_or_else(|_| Err(GONE.into()))
    }
}

impl std::fmt::Debug for LogDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogDoor")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
