//! Keys, the mouse and resizes, read by a thread of their own: crossterm does not
//! come back from reading a terminal that has gone away, and the interface has to.

use std::io;
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr};
use crossterm::event::{self, Event};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Whatever happens at the terminal, in order; an error is the last.
///
/// # Errors
/// No thread could be made.
pub(crate) fn listen() -> Result<UnboundedReceiver<io::Result<Event>>> {
    // crossterm listens to resizes from its first call on: one before the first frame, so
    // that none is missed.
    event::poll(Duration::ZERO).wrap_err("reading keys")?;
    let (sender, events) = unbounded_channel();
    let read = move || {
        loop {
            let event = event::read();
            let is_last = event.is_err();
            if sender.send(event).is_err() || is_last {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("keys".into());
    thread.spawn(read).wrap_err("reading keys")?;
    Ok(events)
}
