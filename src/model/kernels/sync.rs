//! What [`super::region`] is made of. `tests/loom/` has a file of the same names in its place.

use std::time::{Duration, Instant};

pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::yield_now;

/// Looks at the ticket between two at the clock.
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
