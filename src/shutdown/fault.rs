//! Faults: a truncated mapped file, a stack overflow, an abort.
//!
//! While the screens are shown, a failing thread is parked and the interface is
//! notified. If the interface itself fails, the terminal is restored and the program
//! ends. Without screens a changed file is reported; anything else goes to the previous
//! handler: Rust's own, which reports stack overflows.

use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use libc::{c_int, c_void, siginfo_t};

use super::pipe::{self, Kind, Message};
use super::screen::{end_at_once, name_of};
use super::signals::{current, is_own, keeping_errno, note, set};
use crate::mapped;

const FAULTS: [c_int; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// Exit status after a fault that could be explained.
const EXPLAINED: i32 = 1;

/// How far below its stack pointer a thread can access when overflowing its stack.
const REACH: usize = 64 << 10;

/// The previous handlers.
static BEFORE: OnceLock<[libc::sigaction; FAULTS.len()]> = OnceLock::new();

/// The drawing thread; 0: no screens.
static INTERFACE: AtomicUsize = AtomicUsize::new(0);

/// Handles faults from now on. Called again, it does nothing.
pub fn install() {
    let mut is_first = false;
    BEFORE.get_or_init(|| {
        is_first = true;
        FAULTS.map(current)
    });
    if is_first {
        FAULTS.iter().for_each(|&signal| set(signal, on_fault));
    }
}

/// Declares this thread the drawing thread, which is notified from now on.
pub(super) fn this_is_the_interface() {
    INTERFACE.store(this_thread(), Ordering::SeqCst);
}

/// Lets the interface resume a waiting write, if there is room now: nothing else would.
/// SIGWINCH only makes it check the terminal's size.
pub(super) fn nudge_the_interface() {
    let interface = INTERFACE.load(Ordering::SeqCst);
    // SAFETY: the thread that draws lives as long as the program.
    unsafe { libc::pthread_kill(interface as libc::pthread_t, libc::SIGWINCH) };
}

fn this_thread() -> usize {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::pthread_self() as usize }
}

extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes valid information.
    let code = unsafe { (*info).si_code };
    // The kernel's own codes are positive; abort() sends SIGABRT to itself.
    let is_sent = code <= 0 && !(signal == libc::SIGABRT && is_own(info));
    let interface = INTERFACE.load(Ordering::SeqCst);
    match (interface, is_sent) {
        (0, true) => hand_on(signal, info, context),
        (0, false) => {
            if let Some(file) = file_of(signal, info) {
                let (name, why) = (
                    file.as_os_str().as_bytes(),
                    b" was truncated or became \
                    unreadable while in use. Restore it (fetch the model or build the pool again) \
                    and start again\n",
                );
                end_at_once(&[b"error: ", name, why], EXPLAINED);
            }
            hand_on(signal, info, context);
        }
        (_, true) => keeping_errno(|| {
            note(signal);
            pipe::report(Message::sent(signal));
        }),
        (interface, false) if interface == this_thread() => {
            let name = name_of(signal).as_bytes();
            let why = b"). This is a bug in LaserScope\n";
            end_at_once(&[b"error: the interface failed (", name, why], 128 + signal);
        }
        (_, false) => {
            note(signal);
            pipe::report(message(signal, info, context));
            park();
        }
    }
}

fn message(signal: c_int, info: *const siginfo_t, context: *const c_void) -> Message {
    let address = address_of(signal, info);
    let is_overflow = signal == libc::SIGSEGV || signal == libc::SIGBUS;
    let pointer = stack_pointer(context).filter(|_| is_overflow);
    let kind = match pointer {
        Some(pointer) if address.abs_diff(pointer) < REACH => Kind::StackOverflow,
        _ => Kind::Fault,
    };
    Message {
        signal,
        kind,
        address,
    }
}

/// 0 for signals that come without one.
fn address_of(signal: c_int, info: *const siginfo_t) -> usize {
    if signal != libc::SIGSEGV && signal != libc::SIGBUS {
        return 0;
    }
    // SAFETY: for these two the kernel's information holds an address.
    unsafe { (*info).si_addr() as usize }
}

fn file_of(signal: c_int, info: *const siginfo_t) -> Option<&'static std::path::Path> {
    mapped::file_at(address_of(signal, info)).filter(|_| signal == libc::SIGBUS)
}

/// The thread's stack pointer; `None` on unsupported architectures.
fn stack_pointer(context: *const c_void) -> Option<usize> {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    // SAFETY: with SA_SIGINFO the context is a ucontext_t of this architecture.
    let pointer = unsafe {
        let context = &*context.cast::<libc::ucontext_t>();
        Some(context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize)
    };
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    // SAFETY: as above.
    let pointer = unsafe { Some((*context.cast::<libc::ucontext_t>()).uc_mcontext.sp as usize) };
    #[cfg(not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )))]
    let pointer = {
        let _ = context;
        None
    };
    pointer
}

/// Parks the thread, with whatever locks it holds, until the program ends.
fn park() -> ! {
    loop {
        // SAFETY: takes nothing; every signal is blocked in this handler.
        unsafe { libc::pause() };
    }
}

/// Passes the signal to its previous handler.
fn hand_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let place = FAULTS.iter().position(|&fault| fault == signal);
    let Some(before) = place.and_then(|at| BEFORE.get()?.get(at)) else {
        return;
    };
    match before.sa_sigaction {
        libc::SIG_IGN => {}
        // A fault recurs as soon as this returns, a signal that was sent does not.
        // SAFETY: restores the previous handler and sends a signal, which waits until
        // then.
        libc::SIG_DFL => unsafe {
            libc::sigaction(signal, before, std::ptr::null_mut());
            libc::raise(signal);
        },
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: sigaction returned this handler with SA_SIGINFO, so it has this
            // signature.
            let handler: super::signals::Handler = unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO a handler takes the number alone.
            let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}
