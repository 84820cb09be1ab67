//! Between two steps or passes: what is under way continues, waits, or makes one more and
//! then waits.

use std::time::Duration;

use super::inbox::Inbox;
use crate::protocol::Command;

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tempo {
    Playing,
    Paused,
    OneStep,
}

impl Tempo {
    /// The next command; `None`: the next step is due before one has come. `rest`: the time
    /// until it is due at the current pace.
    pub(super) fn wait(self, rest: Duration, inbox: &mut Inbox<'_>) -> Option<Command> {
        match self {
            Tempo::Paused => Some(inbox.wait().unwrap_or(Command::Quit)),
            Tempo::OneStep => inbox.wait_at_most(Duration::ZERO),
            Tempo::Playing => inbox.wait_at_most(rest),
        }
    }

    /// Whether the next step is due.
    pub(super) fn is_due(self, rest: Duration) -> bool {
        match self {
            Tempo::Paused => false,
            Tempo::OneStep => true,
            Tempo::Playing => rest.is_zero(),
        }
    }

    /// After a step.
    pub(super) fn stepped(self) -> Self {
        match self {
            Tempo::OneStep => Tempo::Paused,
            other => other,
        }
    }
}
