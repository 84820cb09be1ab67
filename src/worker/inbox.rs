//! Commands in order, with a look-ahead for urgent ones.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use crate::protocol::{Command, PromptText};

/// The commands received and not yet served.
pub struct Inbox<'a> {
    channel: &'a Receiver<Command>,
    kept: VecDeque<Command>,
    /// Until the run under way has ended.
    deferred: VecDeque<Command>,
}

impl<'a> Inbox<'a> {
    /// Nothing received yet.
    pub fn new(channel: &'a Receiver<Command>) -> Self {
        Inbox {
            channel,
            kept: VecDeque::new(),
            deferred: VecDeque::new(),
        }
    }

    /// Waits for the next command. `None`: the interface is gone.
    pub(crate) fn wait(&mut self) -> Option<Command> {
        self.kept.pop_front().or_else(|| self.channel.recv().ok())
    }

    /// The next command if there is one by then.
    pub(crate) fn wait_at_most(&mut self, time: Duration) -> Option<Command> {
        if let Some(command) = self.kept.pop_front() {
            return Some(command);
        }
        match self.channel.recv_timeout(time) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Command::Quit),
        }
    }

    /// Puts a command back, to be the next one served.
    pub(crate) fn put_back(&mut self, command: Command) {
        self.kept.push_front(command);
    }

    /// Keeps a command until [`Inbox::bring_back`].
    pub(crate) fn defer(&mut self, command: Command) {
        self.deferred.push_back(command);
    }

    /// Deferred commands come after those already waiting.
    pub(crate) fn bring_back(&mut self) {
        self.kept.append(&mut self.deferred);
    }

    /// Whether a command is waiting that interrupts a run of a sweep; it stays in the
    /// inbox.
    pub(crate) fn interrupts_sweep(&mut self) -> bool {
        self.look_ahead();
        self.kept.iter().any(|c| {
            matches!(
                c,
                Command::Quit
                    | Command::Generate(_)
                    | Command::Batch(_)
                    | Command::Sweep(_)
                    | Command::CancelSweep
            )
        })
    }

    /// The prompts to be tokenised, out of turn, each with the maximum length of its
    /// answer.
    pub(crate) fn take_previews(&mut self) -> Vec<(u64, PromptText, usize)> {
        self.look_ahead();
        let (mut previews, mut others) = (Vec::new(), VecDeque::new());
        for command in self.kept.drain(..) {
            match command {
                Command::Preview {
                    ticket,
                    prompt,
                    max_tokens,
                } => previews.push((ticket, prompt, max_tokens)),
                other => others.push_back(other),
            }
        }
        self.kept = others;
        previews
    }

    fn look_ahead(&mut self) {
        loop {
            match self.channel.try_recv() {
                Ok(command) => self.kept.push_back(command),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    if !self.kept.iter().any(|c| matches!(c, Command::Quit)) {
                        self.kept.push_back(Command::Quit);
                    }
                    return;
                }
            }
        }
    }

    /// Whether a command is waiting that ends the current run; it stays in the inbox.
    pub(crate) fn asks_to_end_run(&mut self) -> bool {
        self.look_ahead();
        self.kept
            .iter()
            .any(|c| matches!(c, Command::Quit | Command::Stop | Command::Generate(_)))
    }

    /// Whether a command is waiting that ends the current batch; it stays in the inbox.
    pub(crate) fn asks_to_end_batch(&mut self) -> bool {
        self.look_ahead();
        self.kept
            .iter()
            .any(|c| matches!(c, Command::Quit | Command::CancelBatch | Command::Batch(_)))
    }

    /// Whether to cancel the fetch: removes the command from the inbox, but leaves a quit.
    pub(crate) fn asks_to_stop_fetching(&mut self) -> bool {
        self.look_ahead();
        let before = self.kept.len();
        self.kept.retain(|c| !matches!(c, Command::CancelFetch));
        self.kept.len() < before || self.kept.iter().any(|c| matches!(c, Command::Quit))
    }

    /// Waits for the answer to a question; anything that ends the fetch is a no.
    pub(crate) fn wait_for_permission(&mut self) -> bool {
        loop {
            match self.channel.recv() {
                Ok(Command::AllowDownload(allowed)) => return allowed,
                Ok(Command::CancelFetch) => return false,
                Ok(Command::Quit) | Err(_) => {
                    self.kept.push_back(Command::Quit);
                    return false;
                }
                Ok(other) => self.kept.push_back(other),
            }
        }
    }
}
