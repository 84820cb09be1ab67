//! Whether the program owns the terminal, and restoring it with system calls only.

use std::sync::atomic::{AtomicBool, Ordering};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Called before taking over the terminal. `leave` are the bytes that restore it, in
/// case the interface cannot write them itself.
pub(crate) fn taken(leave: Vec<u8>) {
    #[cfg(unix)]
    unix::remember(leave);
    #[cfg(not(unix))]
    let _ = leave;
    TAKEN.store(true, Ordering::SeqCst);
}

pub(crate) fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Whether the caller must restore the terminal: true for the first call.
pub(crate) fn is_mine_to_give_back() -> bool {
    TAKEN.swap(false, Ordering::SeqCst)
}

/// `SIGSEGV` for 11.
pub(super) fn name_of(signal: i32) -> &'static str {
    #[cfg(unix)]
    return unix::name_of(signal);
    #[cfg(not(unix))]
    return if signal == 2 { "SIGINT" } else { "unknown" };
}

#[cfg(unix)]
pub(super) use unix::{end_at_once, keep_from_stopping, make_room};

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering};

    use libc::{STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO};

    /// How long to wait for a terminal that accepts no bytes, in milliseconds.
    const PATIENCE_MS: libc::c_int = 200;

    /// Never freed, so that a handler may read it whenever it runs; a terminal is
    /// taken once, and again after each Ctrl-Z.
    struct Saved {
        settings: Option<libc::termios>,
        leave: Vec<u8>,
    }

    static SAVED: AtomicPtr<Saved> = AtomicPtr::new(ptr::null_mut());

    pub(crate) fn remember(leave: Vec<u8>) {
        let mut settings = MaybeUninit::<libc::termios>::uninit();
        // SAFETY: tcgetattr fills what it is given, or says that it did not.
        let settings = unsafe {
            (libc::tcgetattr(STDIN_FILENO, settings.as_mut_ptr()) == 0)
                .then(|| settings.assume_init())
        };
        let saved = Box::leak(Box::new(Saved { settings, leave }));
        SAVED.store(saved, Ordering::SeqCst);
    }

    /// Restores the terminal, prints the reason, and ends the program immediately.
    /// Async-signal-safe.
    pub(crate) fn end_at_once(why: &[&[u8]], status: i32) -> ! {
        keep_from_stopping();
        if super::is_mine_to_give_back() {
            restore();
        }
        for part in why {
            write_all(STDERR_FILENO, part);
        }
        // SAFETY: takes a number; nothing runs after it.
        unsafe { libc::_exit(status) }
    }

    fn restore() {
        // SAFETY: null or a leaked box that nobody writes to.
        let Some(saved) = (unsafe { SAVED.load(Ordering::SeqCst).as_ref() }) else {
            return;
        };
        write_all(STDOUT_FILENO, &saved.leave);
        if let Some(settings) = &saved.settings {
            // SAFETY: the settings are those that tcgetattr filled in.
            unsafe { libc::tcsetattr(STDIN_FILENO, libc::TCSANOW, settings) };
        }
    }

    /// Writes as long as the terminal accepts bytes: a blocked one must not keep the
    /// program from ending.
    fn write_all(fd: libc::c_int, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let mut ready = libc::pollfd {
                fd,
                events: libc::POLLOUT,
                revents: 0,
            };
            // SAFETY: poll gets one entry that lives on this stack; write gets a
            // buffer and its length.
            let n = unsafe {
                if libc::poll(&mut ready, 1, PATIENCE_MS) != 1 {
                    return;
                }
                libc::write(fd, bytes.as_ptr().cast(), bytes.len())
            };
            match usize::try_from(n) {
                Ok(n @ 1..) => bytes = bytes.get(n..).unwrap_or_default(),
                _ => return,
            }
        }
    }

    /// A background program that changes the terminal's settings is stopped; prevents
    /// that while ending.
    pub(crate) fn keep_from_stopping() {
        // SAFETY: sets dispositions that run no code of ours.
        unsafe {
            libc::signal(libc::SIGTTOU, libc::SIG_IGN);
            libc::signal(libc::SIGTTIN, libc::SIG_IGN);
        }
    }

    /// Discards output that a blocked terminal has not accepted.
    pub(crate) fn make_room() {
        // SAFETY: takes numbers only.
        unsafe { libc::tcflush(STDOUT_FILENO, libc::TCOFLUSH) };
    }

    pub(crate) fn name_of(signal: i32) -> &'static str {
        match signal {
            libc::SIGABRT => "SIGABRT",
            libc::SIGBUS => "SIGBUS",
            libc::SIGFPE => "SIGFPE",
            libc::SIGILL => "SIGILL",
            libc::SIGSEGV => "SIGSEGV",
            libc::SIGSYS => "SIGSYS",
            libc::SIGTRAP => "SIGTRAP",
            _ => "unknown",
        }
    }
}
