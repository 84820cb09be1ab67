//! Threads that share the rows and columns of consecutive kernels. A forward pass is
//! about 150 short parallel regions: threads stay awake between them, and go to sleep
//! after a tenth of a millisecond without one, so that nothing spins while decoding is
//! paused.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::region::{MAX_TASKS, Shared, Work};

/// A caller and `threads - 1` others.
pub(crate) struct ThreadPool {
    shared: Arc<Shared>,
    members: Vec<JoinHandle<()>>,
    /// Held while running a region.
    turn: Mutex<()>,
}

impl ThreadPool {
    /// # Errors
    /// The system cannot start a thread.
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new());
        let member = |i: usize| {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("kernel-{i}"))
                .spawn(move || shared.member())
        };
        let members = (1..threads).map(member).collect::<std::io::Result<_>>()?;
        Ok(ThreadPool {
            shared,
            members,
            turn: Mutex::new(()),
        })
    }

    /// The caller included.
    pub(crate) fn threads(&self) -> usize {
        self.members.len() + 1
    }

    /// Calls `work(0)` to `work(tasks - 1)`, each once, spread over the threads;
    /// returns when all are done. Concurrent callers take turns; a task must not call
    /// `run` itself.
    ///
    /// # Panics
    /// When a task panicked.
    pub(crate) fn run(&self, tasks: usize, work: impl Fn(usize) + Sync) {
        if tasks <= 1 || self.members.is_empty() {
            return (0..tasks).for_each(work);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        for from in (0..tasks).step_by(MAX_TASKS) {
            self.region(MAX_TASKS.min(tasks - from), &|task| work(from + task));
        }
    }

    /// `work(0)` to `work(tasks - 1)`, in order, computed as by [`ThreadPool::run`].
    pub(crate) fn map<T: Send>(&self, tasks: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let mut results: Vec<Option<T>> = (0..tasks).map(|_| None).collect();
        let parts = DisjointSlices::new(&mut results);
        // SAFETY: each task writes its own result.
        self.run(tasks, |i| unsafe { parts.slice(i, 1)[0] = Some(work(i)) });
        results.into_iter().flatten().collect()
    }

    fn region(&self, tasks: usize, work: &Work<'_>) {
        if !self.shared.run(tasks, work) {
            panic!("a kernel panicked; its message is above");
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.stop();
        for member in self.members.drain(..) {
            let _ = member.join();
        }
    }
}

/// A slice written by the tasks of a region in disjoint parts.
pub(crate) struct DisjointSlices<T> {
    data: *mut T,
    len: usize,
}

// SAFETY: `slice` leaves disjointness to its callers.
unsafe impl<T: Send> Sync for DisjointSlices<T> {}

impl<T> DisjointSlices<T> {
    pub(crate) fn new(all: &mut [T]) -> Self {
        DisjointSlices {
            data: all.as_mut_ptr(),
            len: all.len(),
        }
    }

    /// # Safety
    /// The underlying slice is still borrowed, and no two parts alive at the same time
    /// overlap.
    ///
    /// # Panics
    /// When the part is not inside the whole.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn slice(&self, from: usize, len: usize) -> &mut [T] {
        let inside = from.checked_add(len).is_some_and(|end| end <= self.len);
        assert!(inside, "{from} + {len} of {}", self.len);
        // SAFETY: inside the whole (checked above), which the caller guarantees is
        // still borrowed, and the part is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(from), len) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_task_runs_once() {
        for threads in [1, 2, 5] {
            let pool = ThreadPool::new(threads).unwrap();
            for tasks in [0, 1, 2, 7, 300] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..50 {
                    pool.run(tasks, |i| {
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
        let parts = DisjointSlices::new(&mut all);
        // SAFETY: it panics before there is a part.
        unsafe { parts.slice(usize::MAX, 2) };
    }

    #[test]
    fn sleeping_members_do_not_hold_a_region_up() {
        let pool = ThreadPool::new(3).unwrap();
        let total = AtomicUsize::new(0);
        for _ in 0..5 {
            while pool.shared.n_asleep() < 2 {
                std::thread::yield_now();
            }
            pool.run(10, |i| {
                total.fetch_add(i, Ordering::Relaxed);
            });
        }
        assert_eq!(total.load(Ordering::Relaxed), 5 * 45);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_working() {
        let pool = ThreadPool::new(2).unwrap();
        let run = std::panic::AssertUnwindSafe(|| pool.run(4, |i| assert!(i != 2, "task two")));
        assert!(std::panic::catch_unwind(run).is_err());
        let total = AtomicUsize::new(0);
        pool.run(4, |i| {
            total.fetch_add(i, Ordering::Relaxed);
        });
        assert_eq!(total.load(Ordering::Relaxed), 6);
    }
}
