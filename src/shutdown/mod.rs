//! How the program ends when nobody asked it to: by a signal, with a terminal that
//! closes, or through a fault (a mapped file cut short, a stack overflow).
//!
//! A handler may do almost nothing, since it interrupts code that may hold any lock.
//! So it writes a few bytes into a pipe and, after a fault, parks its thread. The
//! thread of [`watch`](watch()) reads them and wakes the interface, which saves the
//! run under way, gives the terminal back and leaves. Where the interface itself
//! fails, or does not answer, the terminal is restored from here and the program
//! ends at once.
//!
//! Knows terminals and signals; nothing of runs and screens.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod fault;
#[cfg(unix)]
mod pipe;
pub mod screen;
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
pub use elsewhere::{alternate_stack, deferred, handle_faults, is_coming, watch};
#[cfg(unix)]
pub use fault::install as handle_faults;
#[cfg(unix)]
pub use signals::{deferred, is_coming};
#[cfg(unix)]
pub use stack::alternate_stack;
#[cfg(unix)]
pub use watch::watch;

/// What ends the program: the first thing that happened.
static CAUSE: OnceLock<Cause> = OnceLock::new();
static ARRIVED: Notify = Notify::const_new();

/// Why the interface has to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// By number; a terminal that closed is SIGHUP, whether that was sent or not.
    Signal(i32),
    Fault(Fault),
}

/// A fault of a thread that is not the interface's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A mapped file has become shorter than it was, or cannot be read.
    FileChanged(PathBuf),
    StackOverflow,
    /// Any other, by its signal's number.
    Signal(i32),
}

/// Ended by a signal, in an orderly way. An error for its exit status alone: nothing
/// is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ended by signal {signal}")]
pub struct CutOff {
    pub signal: i32,
}

impl CutOff {
    /// As a shell tells it: 128 and the signal's number.
    pub fn status(self) -> u8 {
        u8::try_from(128 + self.signal).unwrap_or(u8::MAX)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::FileChanged(path) => write!(
                f,
                "{} was cut short or became unreadable while it was in use. Restore it (fetch \
                 the model or build the pool again) and start again; replace such files by \
                 renaming, never in place",
                path.display()
            ),
            Fault::StackOverflow => write!(
                f,
                "the engine ran out of stack: something is nested too deeply, for instance a \
                 chat template or a tokenizer's file. If no file of yours is to blame, this is \
                 a defect of LaserScope"
            ),
            Fault::Signal(signal) => write!(
                f,
                "the engine failed with signal {signal} ({}). If memory did not run out, this is \
                 a defect of LaserScope",
                screen::name_of(*signal)
            ),
        }
    }
}

impl Cause {
    /// The error that the program ends with.
    pub fn report(&self) -> Report {
        match self {
            Cause::Signal(signal) => Report::new(CutOff { signal: *signal }),
            Cause::Fault(fault) => eyre!("{fault}"),
        }
    }
}

/// Waits until the program is to end.
pub async fn arrived() -> &'static Cause {
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
