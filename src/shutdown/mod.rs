//! How the program ends unexpectedly: by a signal, when the terminal closes, or through
//! a fault (a truncated mapped file, a stack overflow).
//!
//! A handler may do almost nothing, since it interrupts code that may hold any lock. So
//! it writes a few bytes into a pipe and, after a fault, parks its thread. The thread
//! of `watch` reads them and wakes the interface, which saves the current
//! run, restores the terminal and exits. If the interface itself fails or does not
//! respond, the terminal is restored from here and the program ends at once.
//!
//! Knows terminals and signals, but not runs and screens.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod fault;
#[cfg(unix)]
mod pipe;
pub(crate) mod screen;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod stack;
#[cfg(unix)]
mod watch;

use std::path::PathBuf;
use std::sync::OnceLock;

use color_eyre::eyre::{Report, eyre};
use tokio::sync::Notify;

#[cfg(not(unix))]
pub(crate) use elsewhere::alternate_stack;
#[cfg(not(unix))]
pub(crate) use elsewhere::deferred;
#[cfg(not(unix))]
pub use elsewhere::handle_faults;
#[cfg(not(unix))]
pub(crate) use elsewhere::is_coming;
#[cfg(not(unix))]
pub(crate) use elsewhere::watch;
#[cfg(unix)]
pub use fault::install as handle_faults;
#[cfg(unix)]
pub(crate) use signals::deferred;
#[cfg(unix)]
pub(crate) use signals::is_coming;
#[cfg(unix)]
pub(crate) use stack::alternate_stack;
#[cfg(unix)]
pub(crate) use watch::watch;

/// What ends the program: the first thing that happened.
static CAUSE: OnceLock<Cause> = OnceLock::new();
static ARRIVED: Notify = Notify::const_new();

/// Why the interface has to exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// By number; a closed terminal counts as SIGHUP, even if it was not sent.
    Signal(i32),
    Fault(Fault),
}

/// A fault in a thread other than the interface's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A mapped file was truncated or cannot be read.
    FileChanged(PathBuf),
    StackOverflow,
    /// Any other fault, by signal number.
    Signal(i32),
}

/// Ended by a signal, in an orderly way. An error only for its exit status, without a
/// message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ended by signal {signal}")]
pub struct CutOff {
    pub(crate) signal: i32,
}

impl CutOff {
    /// As in a shell: 128 plus the signal number.
    pub fn status(self) -> u8 {
        u8::try_from(128 + self.signal).unwrap_or(u8::MAX)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::FileChanged(path) => write!(
                f,
                "{} was truncated or became unreadable while in use. Restore it (fetch the model \
                or build the pool again) and start again; replace such files by renaming, never \
                in place",
                path.display()
            ),
            Fault::StackOverflow => write!(
                f,
                "the engine's stack overflowed: something is nested too deeply, such as a chat \
                template or a tokenizer file. If none of your files is the cause, this is a bug \
                in LaserScope"
            ),
            Fault::Signal(signal) => write!(
                f,
                "the engine failed with signal {signal} ({}). Unless memory ran out, this is a \
                bug in LaserScope",
                screen::name_of(*signal)
            ),
        }
    }
}

impl Cause {
    /// The error that the program ends with.
    pub(crate) fn report(&self) -> Report {
        match self {
            Cause::Signal(signal) => Report::new(CutOff { signal: *signal }),
            Cause::Fault(fault) => eyre!("{fault}"),
        }
    }
}

/// Waits until the program must end.
pub(crate) async fn arrived() -> &'static Cause {
    loop {
        if let Some(cause) = CAUSE.get() {
            return cause;
        }
        ARRIVED.notified().await;
    }
}

/// The first cause counts.
fn announce(cause: Cause) {
    let _ = CAUSE.set(cause);
    ARRIVED.notify_one();
}
