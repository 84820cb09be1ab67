//! The primitives of [`super::region`]. `tests/loom/` replaces this file with one of
//! the same names.

use std::time::{Duration, Instant};

pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
pub use std::sync::{Condvar, Mutex, MutexGuard};
pub use std::thread::yield_now;

/// Checks of the ticket between two of the clock.
pub const LOOKS: usize = 64;

/// How long a thread stays awake without work.
const AWAKE: Duration = Duration::from_micros(100);

/// The time since a thread last had work.
pub struct Idle(Instant);

impl Idle {
    pub fn start() -> Self {
        Idle(Instant::now())
    }

    pub fn is_over(&self) -> bool {
        self.0.elapsed() > AWAKE
    }
}

/// The standard one with loom's interface, which sees every access.
pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
