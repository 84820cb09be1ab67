//! Systems without Unix signals: only Ctrl-C is handled.

use color_eyre::eyre::{Result, WrapErr};

use super::{Cause, announce};

/// Ctrl-C's number on every Unix.
const INTERRUPT: i32 = 2;

pub(crate) fn watch() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .wrap_err("listening for Ctrl-C")?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            announce(Cause::Signal(INTERRUPT));
        }
    });
    Ok(())
}

pub(crate) fn is_coming() -> bool {
    super::CAUSE.get().is_some()
}

/// Nothing: faults are handled on Unix only.
pub fn handle_faults() {}

pub(crate) fn alternate_stack() {}

pub(crate) fn deferred<T>(work: impl FnOnce() -> T) -> T {
    work()
}
