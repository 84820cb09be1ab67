//! The thread that acts on the handlers' reports, and ensures that the program ends
//! whether or not the interface can still exit by itself.

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr};

use super::pipe::{self, Kind, Message};
use super::{Cause, Fault, announce, fault, screen, signals, stack};
use crate::mapped;

/// Signals within this time of the first one belong to it: a shell and the kernel both
/// send SIGHUP when a terminal closes. A later one means end now.
const BURST: Duration = Duration::from_secs(2);
/// After this time a terminal that accepts no bytes counts as stuck.
const STUCK: Duration = Duration::from_secs(1);
/// How long the interface has to save and exit.
const PATIENCE: Duration = Duration::from_secs(5);
/// Interval of checking the clock once the end has begun.
const TICK: Duration = Duration::from_millis(100);

/// Called by the drawing thread before it takes over the terminal: from now on it is
/// notified of signals and faults through [`arrived`](super::arrived).
///
/// # Errors
/// The pipe or the thread cannot be created.
pub(crate) fn watch() -> Result<()> {
    let reader = pipe::open().wrap_err("listening for signals")?;
    let thread = std::thread::Builder::new().name("signals".into());
    thread
        .spawn(move || see_to_the_end(reader))
        .wrap_err("listening for signals")?;
    stack::alternate_stack();
    fault::this_is_the_interface();
    fault::install();
    signals::install();
    Ok(())
}

fn see_to_the_end(mut reader: UnixStream) -> ! {
    let first = wait_for_first(&mut reader);
    let begun = Instant::now();
    // Faults have recorded themselves; a closed terminal has not.
    signals::note(first.signal);
    screen::keep_from_stopping();
    announce(cause(first));
    loop {
        wait_for_input(&reader, None, Some(TICK));
        let again = pipe::next(&mut reader).is_some_and(|m| m.kind == Kind::Sent);
        let is_impatient = again && begun.elapsed() > BURST;
        if is_impatient || begun.elapsed() > PATIENCE {
            screen::end_at_once(&[], 128 + first.signal);
        }
        if begun.elapsed() > STUCK {
            screen::make_room();
            fault::nudge_the_interface();
        }
    }
}

fn wait_for_first(reader: &mut UnixStream) -> Message {
    let mut terminal = Some(libc::STDIN_FILENO);
    loop {
        let state = wait_for_input(reader, terminal, None);
        if let Some(message) = pipe::next(reader) {
            return message;
        }
        match state {
            Terminal::Closed => return Message::sent(libc::SIGHUP),
            // Not every system supports polling a terminal.
            Terminal::Unknown => terminal = None,
            Terminal::There => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    There,
    Closed,
    Unknown,
}

/// Returns when there is a message, the terminal has closed, or the time is over.
fn wait_for_input(
    reader: &UnixStream,
    terminal: Option<libc::c_int>,
    time: Option<Duration>,
) -> Terminal {
    let entry = |fd, events| libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // A descriptor of -1 is skipped. Closing of the terminal is always reported.
    let mut watched = [
        entry(reader.as_raw_fd(), libc::POLLIN),
        entry(terminal.unwrap_or(-1), 0),
    ];
    let time = time.map_or(-1, |time| time.as_millis() as libc::c_int);
    // SAFETY: poll gets the entries of this array and their number.
    let n = unsafe { libc::poll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, time) };
    match watched[1].revents {
        _ if n <= 0 => Terminal::There,
        0 => Terminal::There,
        told if told & libc::POLLHUP != 0 => Terminal::Closed,
        _ => Terminal::Unknown,
    }
}

fn cause(message: Message) -> Cause {
    match message.kind {
        Kind::Sent => Cause::Signal(message.signal),
        Kind::StackOverflow => Cause::Fault(Fault::StackOverflow),
        Kind::Fault => Cause::Fault(match mapped::file_at(message.address) {
            Some(path) => Fault::FileChanged(path.to_path_buf()),
            None => Fault::Signal(message.signal),
        }),
    }
}
