//! Whether the terminal is ours, and how it is restored where nothing but system
//! calls may be used.

use std::sync::atomic::{AtomicBool, Ordering};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal is about to be ours. `leave` are the bytes that give it back, for
/// when the interface cannot write them itself.
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

/// Whether it is the caller who gives the terminal back: the first who asks.
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

    /// How long a terminal that takes no bytes is waited for, in milliseconds.
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

    /// Restores the terminal, says why, and ends the program without running anything
    /// else of it. Async-signal-safe.
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

    /// As far as the terminal takes bytes: one that is held up must not keep the
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

    /// A program in the background that touches the terminal's settings is stopped;
    /// one that ends is not to be.
    pub(crate) fn keep_from_stopping() {
        // SAFETY: sets dispositions that run no code of ours.
        unsafe {
            libc::signal(libc::SIGTTOU, libc::SIG_IGN);
            libc::signal(libc::SIGTTIN, libc::SIG_IGN);
        }
    }

    /// Throws away what a terminal that is held up has not taken yet.
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
