//! All signals that end a program and can be handled.

use std::mem::{MaybeUninit, zeroed};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{c_int, c_void, siginfo_t, sigset_t};

use super::pipe::{self, Message};

/// Signals that can be sent; faults are in `fault`.
const ENDING: &[c_int] = &[
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGPIPE,
    libc::SIGALRM,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    #[cfg(target_os = "linux")]
    libc::SIGIO,
    #[cfg(target_os = "linux")]
    libc::SIGPWR,
    #[cfg(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))]
    libc::SIGSTKFLT,
];

/// The first signal that came; 0: none yet.
static FIRST: AtomicI32 = AtomicI32::new(0);

pub(super) type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// Whether the program must end. Set by the handler itself, so it is true as soon as
/// the signal has arrived.
pub(crate) fn is_coming() -> bool {
    FIRST.load(Ordering::SeqCst) != 0
}

pub(super) fn note(signal: c_int) {
    let _ = FIRST.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
}

/// Runs something short with signals blocked, which changes the terminal and restores it.
pub(crate) fn deferred<T>(work: impl FnOnce() -> T) -> T {
    let mut set = MaybeUninit::<sigset_t>::uninit();
    let mut before = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: sigemptyset fills the set before it is used, pthread_sigmask `before`.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in ending() {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr());
    }
    let done = work();
    // SAFETY: `before` was filled above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    done
}

/// Handles every signal that ends the program, except those that its parent set to be
/// ignored (`nohup`); the program itself ignores signals of failing writes.
pub(super) fn install() {
    for signal in ending() {
        let is_ignored = current(signal).sa_sigaction == libc::SIG_IGN;
        if !is_ignored || is_failed_write(signal) {
            set(signal, on_signal);
        }
    }
}

/// Raised by a write that nobody reads, or that makes a file too large.
fn is_failed_write(signal: c_int) -> bool {
    signal == libc::SIGPIPE || signal == libc::SIGXFSZ
}

fn ending() -> impl Iterator<Item = c_int> {
    #[cfg(target_os = "linux")]
    let real_time = libc::SIGRTMIN()..=libc::SIGRTMAX();
    #[cfg(not(target_os = "linux"))]
    let real_time = std::iter::empty();
    ENDING.iter().copied().chain(real_time)
}

pub(super) fn current(signal: c_int) -> libc::sigaction {
    // SAFETY: all zeros is a valid sigaction, and sigaction only fills it in.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        libc::sigaction(signal, ptr::null(), &mut action);
        action
    }
}

/// Other signals are blocked while the handler runs, so that a parked thread stays parked.
pub(super) fn set(signal: c_int, handler: Handler) {
    // SAFETY: all zeros is a valid sigaction, whose every field is then set; the
    // handler has the signature that SA_SIGINFO asks for.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigfillset(&mut action.sa_mask);
        libc::sigaction(signal, &action, ptr::null_mut());
    }
}

/// Whether this process sent the signal to itself, which includes signals raised by its
/// own writes. Async-signal-safe.
pub(super) fn is_own(info: *const siginfo_t) -> bool {
    // SAFETY: with SA_SIGINFO the kernel passes valid information; for signals that
    // were sent, which alone this is asked of, it holds the sender.
    unsafe { (*info).si_pid() == libc::getpid() }
}

extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // The write itself returns an error, to code that can handle it.
    if is_failed_write(signal) && is_own(info) {
        return;
    }
    keeping_errno(|| {
        note(signal);
        pipe::report(Message::sent(signal));
    });
}

/// The interrupted code may be about to read it.
pub(super) fn keeping_errno(work: impl FnOnce()) {
    // SAFETY: the location is this thread's own.
    unsafe {
        #[cfg(any(target_os = "linux", target_os = "emscripten"))]
        let errno = libc::__errno_location();
        #[cfg(target_vendor = "apple")]
        let errno = libc::__error();
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        let before = *errno;
        work();
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        {
            *errno = before;
        }
    }
}
