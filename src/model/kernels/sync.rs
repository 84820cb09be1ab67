//! The primitives of [`super::region`]. `tests/loom/` replaces this file with one of
//! the same names.

use std::time::{Duration, Instant};

pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::Condvar;
pub(crate) use std::sync::Mutex;
pub(crate) use std::sync::MutexGuard;
pub(crate) use std::sync::atomic::AtomicBool;
pub(crate) use std::sync::atomic::AtomicU64;
pub(crate) use std::sync::atomic::AtomicUsize;
pub(crate) use std::sync::atomic::Ordering;
pub(crate) use std::sync::atomic::fence;
pub(crate) use std::thread::yield_now;

/// Checks of the ticket between two of the clock.
pub(crate) const LOOKS: usize = 64;

/// How long a thread stays awake without work.
const AWAKE: Duration = Duration::from_micros(100);

/// The time since a thread last had work.
pub(crate) struct Idle(Instant);

impl Idle {
    pub(crate) fn start() -> Self {
        Idle(Instant::now())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.elapsed() > AWAKE
    }
}

/// The standard one with loom's interface, which sees every access.
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
