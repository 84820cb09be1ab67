//! Threads that share the rows and columns of one kernel after another. A
//! forward pass is some 150 short parallel regions: its threads stay awake
//! between them, and go to sleep when none has come for a tenth of a
//! millisecond, so that nothing spins while decoding is paused.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a thread stays awake without work.
const AWAKE: Duration = Duration::from_micros(100);
/// Tasks of one region: the ticket's 16 bits.
const MAX_TASKS: usize = 0xffff;

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// A ticket is one word, so that claiming a task is one compare-and-swap:
/// the region's number (32 bits), its tasks and the next task (16 each). A
/// thread that comes late with an old number cannot claim a task of a new
/// region.
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

struct Shared {
    ticket: AtomicU64,
    /// Tasks of this region that are finished.
    done: AtomicUsize,
    /// A task of this region panicked.
    panicked: AtomicBool,
    /// Read only by those who hold a task of the region that it belongs to.
    work: UnsafeCell<*const Work<'static>>,
    asleep: AtomicUsize,
    stop: AtomicBool,
    bed: Mutex<()>,
    bell: Condvar,
}

// SAFETY: the closure behind `work` is `Sync`, so any thread may call it.
unsafe impl Send for Shared {}
// SAFETY: `work` is written while no region runs (`Team::run` holds the turn
// and has seen every task done) and is read after claiming a task, which the
// ticket's release and acquire order after the write.
unsafe impl Sync for Shared {}

impl Shared {
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

    /// Works until the region has no task left; whether there was one.
    fn work(&self) -> bool {
        let mut any = false;
        while let Some(task) = self.claim() {
            any = true;
            // SAFETY: a claimed task keeps its region, and so the work, alive.
            let work = unsafe { &**self.work.get() };
            let run = std::panic::AssertUnwindSafe(|| work(task));
            if std::panic::catch_unwind(run).is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.done.fetch_add(1, Ordering::Release);
        }
        any
    }

    fn member(&self) {
        let mut idle_since = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            if self.work() {
                idle_since = Instant::now();
                continue;
            }
            let waiting = || Ticket(self.ticket.load(Ordering::Relaxed)).next().is_none();
            (0..64)
                .take_while(|_| waiting())
                .for_each(|_| std::hint::spin_loop());
            if waiting() && idle_since.elapsed() > AWAKE {
                self.sleep();
                idle_since = Instant::now();
            }
        }
    }

    fn sleep(&self) {
        let mut bed = self.lock();
        self.asleep.fetch_add(1, Ordering::SeqCst);
        let nothing = || Ticket(self.ticket.load(Ordering::SeqCst)).next().is_none();
        while nothing() && !self.stop.load(Ordering::SeqCst) {
            bed = self.bell.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    fn wake(&self) {
        if self.asleep.load(Ordering::SeqCst) > 0 {
            drop(self.lock());
            self.bell.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.bed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller and `threads - 1` others.
pub struct Team {
    shared: Arc<Shared>,
    members: Vec<JoinHandle<()>>,
    /// Held by who runs a region.
    turn: Mutex<()>,
}

impl Team {
    /// # Errors
    /// The system gives no thread.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let nothing: *const Work<'static> = &|_: usize| ();
        let shared = Arc::new(Shared {
            ticket: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            work: UnsafeCell::new(nothing),
            asleep: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            bed: Mutex::new(()),
            bell: Condvar::new(),
        });
        let member = |i: usize| {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("kernel-{i}"))
                .spawn(move || shared.member())
        };
        let members = (1..threads).map(member).collect::<std::io::Result<_>>()?;
        Ok(Team {
            shared,
            members,
            turn: Mutex::new(()),
        })
    }

    /// The caller included.
    pub fn threads(&self) -> usize {
        self.members.len() + 1
    }

    /// Calls `work(0)` to `work(tasks - 1)`, each once, spread over the
    /// threads; returns when all are done. Two callers take turns; a task must
    /// not call `run` itself.
    ///
    /// # Panics
    /// When a task panicked.
    pub fn run(&self, tasks: usize, work: impl Fn(usize) + Sync) {
        if tasks <= 1 || self.members.is_empty() {
            return (0..tasks).for_each(work);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        for from in (0..tasks).step_by(MAX_TASKS) {
            self.region(MAX_TASKS.min(tasks - from), &|task| work(from + task));
        }
    }

    /// `work(0)` to `work(tasks - 1)`, in order, computed as by [`Team::run`].
    pub fn map<T: Send>(&self, tasks: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let mut results: Vec<Option<T>> = (0..tasks).map(|_| None).collect();
        let parts = Parts::new(&mut results);
        // SAFETY: each task writes its own result.
        self.run(tasks, |i| unsafe { parts.slice(i, 1)[0] = Some(work(i)) });
        results.into_iter().flatten().collect()
    }

    fn region(&self, tasks: usize, work: &Work<'_>) {
        let shared = &*self.shared;
        let region = Ticket(shared.ticket.load(Ordering::Relaxed)).region();
        shared.done.store(0, Ordering::Relaxed);
        // SAFETY: the borrow outlives the region: it ends below, when every
        // task is done, and nobody reads `work` without holding a task.
        unsafe {
            *shared.work.get() = std::mem::transmute::<&Work<'_>, *const Work<'static>>(work)
        };
        let ticket = Ticket::new(region.wrapping_add(1), tasks);
        shared.ticket.store(ticket.0, Ordering::SeqCst);
        shared.wake();
        shared.work();
        let mut spins = 0u32;
        while shared.done.load(Ordering::Acquire) < tasks {
            spins += 1;
            match spins % 4096 {
                0 => std::thread::yield_now(),
                _ => std::hint::spin_loop(),
            }
        }
        if shared.panicked.swap(false, Ordering::Relaxed) {
            panic!("a kernel panicked; its message is above");
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        drop(self.shared.lock());
        self.shared.bell.notify_all();
        for member in self.members.drain(..) {
            let _ = member.join();
        }
    }
}

/// A slice that the tasks of a region write in parts that do not overlap.
pub struct Parts<T> {
    data: *mut T,
    len: usize,
}

// SAFETY: `slice` leaves disjointness to its callers.
unsafe impl<T: Send> Sync for Parts<T> {}

impl<T> Parts<T> {
    pub fn new(all: &mut [T]) -> Self {
        Parts {
            data: all.as_mut_ptr(),
            len: all.len(),
        }
    }

    /// # Safety
    /// The slice that this was made of is still borrowed, and no two parts that
    /// are alive at the same time overlap.
    ///
    /// # Panics
    /// When the part is not inside the whole.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn slice(&self, from: usize, len: usize) -> &mut [T] {
        let inside = from.checked_add(len).is_some_and(|end| end <= self.len);
        assert!(inside, "{from} + {len} of {}", self.len);
        // SAFETY: inside the whole (checked above), which the caller says is still
        // borrowed, and nobody else has this part.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(from), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once() {
        for threads in [1, 2, 5] {
            let team = Team::new(threads).unwrap();
            for tasks in [0, 1, 2, 7, 300] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..50 {
                    team.run(tasks, |i| {
                        counts[i].fetch_add(1, Ordering::Relaxed);
                    });
                }
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 50));
            }
        }
    }

    #[test]
    #[should_panic(expected = "of 4")]
    fn a_part_whose_end_wraps_around_is_outside() {
        let mut all = [0u8; 4];
        let parts = Parts::new(&mut all);
        // SAFETY: it panics before there is a part.
        unsafe { parts.slice(usize::MAX, 2) };
    }

    #[test]
    fn sleeping_members_do_not_hold_a_region_up() {
        let team = Team::new(3).unwrap();
        let total = AtomicUsize::new(0);
        for _ in 0..5 {
            while team.shared.asleep.load(Ordering::SeqCst) < 2 {
                std::thread::yield_now();
            }
            team.run(10, |i| {
                total.fetch_add(i, Ordering::Relaxed);
            });
        }
        assert_eq!(total.load(Ordering::Relaxed), 5 * 45);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_working() {
        let team = Team::new(2).unwrap();
        let run = std::panic::AssertUnwindSafe(|| team.run(4, |i| assert!(i != 2, "task two")));
        assert!(std::panic::catch_unwind(run).is_err());
        let total = AtomicUsize::new(0);
        team.run(4, |i| {
            total.fetch_add(i, Ordering::Relaxed);
        });
        assert_eq!(total.load(Ordering::Relaxed), 6);
    }
}
