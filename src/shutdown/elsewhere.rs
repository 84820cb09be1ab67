//! Systems without Unix signals: only Ctrl-C is handled.

use color_eyre::eyre::{Result, WrapErr};

use super::{Cause, announce};

/// Ctrl-C's number on every Unix.
const INTERRUPT: i32 = 2;

pub fn watch() -> Result<()> {
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

pub fn is_coming() -> bool {
    super::CAUSE.get().is_some()
}

pub fn handle_faults() {}

pub fn alternate_stack() {}

pub fn deferred<T>(work: impl FnOnce() -> T) -> T {
    work()
}
