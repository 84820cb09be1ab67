//! How threads share consecutive regions of work: tasks are claimed from a ticket and
//! counted when done; a thread without work for a while goes to sleep. `tests/loom/`
//! runs this file under the interleavings that the memory model allows, which is why
//! atomics and locks come from [`super::sync`].

use std::sync::PoisonError;

use super::sync::{
    AtomicBool, AtomicU64, AtomicUsize, Condvar, Idle, LOOKS, Mutex, MutexGuard, Ordering,
    UnsafeCell, fence, spin_loop, yield_now,
};

/// Tasks of one region: the ticket's 16 bits.
pub(crate) const MAX_TASKS: usize = 0xffff;

pub(crate) type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// A ticket is one word, so that claiming a task is one compare-and-swap: the region's
/// number (32 bits), its tasks and the next task (16 each). A late thread with an old
/// number cannot claim a task of a new region.
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    fn new(region: u32, tasks: usize) -> Self {
        Ticket(u64::from(region) << 32 | (tasks as u64) << 16)
    }

    fn region(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn next(self) -> Option<usize> {
        let (tasks, next) = (self.0 >> 16 & 0xffff, self.0 & 0xffff);
        (next < tasks).then_some(next as usize)
    }
}

pub(crate) struct Shared {
    ticket: AtomicU64,
    /// Number of finished tasks of this region.
    done: AtomicUsize,
    /// A task of this region panicked.
    panicked: AtomicBool,
    /// Read only by threads holding a task of its region.
    work: UnsafeCell<*const Work<'static>>,
    asleep: AtomicUsize,
    stop: AtomicBool,
    parked: Mutex<()>,
    wake: Condvar,
}

// SAFETY: the closure behind `work` is `Sync`, so any thread may call it.
unsafe impl Send for Shared {}
// SAFETY: `work` is written while no region runs (the caller has seen every task
// done) and is read after claiming a task, which the ticket's release and acquire
// order after the write.
unsafe impl Sync for Shared {}

impl Shared {
    pub(crate) fn new() -> Self {
        let nothing: *const Work<'static> = &|_: usize| ();
        Shared {
            ticket: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            work: UnsafeCell::new(nothing),
            asleep: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            parked: Mutex::new(()),
            wake: Condvar::new(),
        }
    }

    fn claim(&self) -> Option<usize> {
        let mut now = self.ticket.load(Ordering::Acquire);
        loop {
            let task = Ticket(now).next()?;
            let claimed = self.ticket.compare_exchange_weak(
                now,
                now + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match claimed {
                Ok(_) => return Some(task),
                Err(other) => now = other,
            }
        }
    }

    /// Works until the region has no task left; returns whether there was one.
    fn work(&self) -> bool {
        let mut any = false;
        while let Some(task) = self.claim() {
            any = true;
            // SAFETY: a claimed task keeps its region, and so the work, alive.
            let work = self.work.with(|work| unsafe { &**work });
            let run = std::panic::AssertUnwindSafe(|| work(task));
            if std::panic::catch_unwind(run).is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.done.fetch_add(1, Ordering::Release);
        }
        any
    }

    /// The loop of each thread except the caller's, until [`Shared::stop`].
    pub(crate) fn member(&self) {
        let mut idle = Idle::start();
        while !self.stop.load(Ordering::Relaxed) {
            if self.work() {
                idle = Idle::start();
                continue;
            }
            let waiting = || !self.has_task();
            (0..LOOKS)
                .take_while(|_| waiting())
                .for_each(|_| spin_loop());
            if waiting() && idle.is_over() {
                self.sleep();
                idle = Idle::start();
            }
        }
    }

    fn has_task(&self) -> bool {
        let ticket = Ticket(self.ticket.load(Ordering::Relaxed));
        ticket.next().is_some()
    }

    /// The fences here and in `wake` ensure that one side sees the other's write: the
    /// sleeper sees the new ticket, or the caller the sleeper.
    fn sleep(&self) {
        let mut parked = self.lock();
        self.asleep.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        while !self.has_task() && !self.stop.load(Ordering::Relaxed) {
            parked = self
                .wake
                .wait(parked)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::Relaxed);
    }

    fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) > 0 {
            drop(self.lock());
            self.wake.notify_all();
        }
    }

    /// Ends the threads, each when it is idle.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.lock());
        self.wake.notify_all();
    }

    /// Calls `work(0)` to `work(tasks - 1)`, at most [`MAX_TASKS`]; false when one of
    /// them panicked. One caller at a time.
    pub(crate) fn run(&self, tasks: usize, work: &Work<'_>) -> bool {
        let region = Ticket(self.ticket.load(Ordering::Relaxed)).region();
        self.done.store(0, Ordering::Relaxed);
        // SAFETY: only the lifetime changes. The borrow outlives the region, which ends
        // below when every task is done, and `work` is only read while holding one.
        let work = unsafe { std::mem::transmute::<&Work<'_>, *const Work<'static>>(work) };
        // SAFETY: no task of the previous region is left, so nobody reads it now.
        self.work.with_mut(|at| unsafe { *at = work });
        let ticket = Ticket::new(region.wrapping_add(1), tasks);
        self.ticket.store(ticket.0, Ordering::Release);
        self.wake();
        self.work();
        let mut spins = 0u32;
        while self.done.load(Ordering::Acquire) < tasks {
            spins += 1;
            match spins % 4096 {
                0 => yield_now(),
                _ => spin_loop(),
            }
        }
        !self.panicked.swap(false, Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(crate) fn n_asleep(&self) -> usize {
        self.asleep.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
