//! The thread pool's protocol under the interleavings and stale reads that the memory
//! model allows, preemptions up to a bound:
//!
//!     cargo test --release --manifest-path tests/loom/Cargo.toml
//!
//! It tests the program's own file, with loom's atomics and locks. loom fails a test if
//! two threads access a cell without ordering, or if all of them wait.

#![cfg(test)]

#[allow(dead_code, reason = "the pool around it uses the rest")]
#[path = "../../src/model/kernels/region.rs"]
mod region;
mod sync;

use std::panic::resume_unwind;

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Condvar, Mutex};
use region::Shared;

/// Checks a caller with this many other threads, over all interleavings with this many
/// preemptions.
fn check(members: usize, preemptions: usize, caller: fn(&Shared)) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let shared = Arc::new(Shared::new());
        let member = |_| {
            let shared = shared.clone();
            loom::thread::spawn(move || shared.member())
        };
        let members: Vec<_> = (0..members).map(member).collect();
        caller(&shared);
        shared.stop();
        for member in members {
            member.join().unwrap();
        }
    });
}

/// Numbers that nothing but the protocol protects.
struct Counts([UnsafeCell<usize>; 2]);

// SAFETY: not sound on its own; loom ends the test at a race.
unsafe impl Sync for Counts {}

impl Counts {
    fn new() -> Self {
        Counts([UnsafeCell::new(0), UnsafeCell::new(0)])
    }

    fn add(&self, task: usize) {
        // SAFETY: as above.
        self.0[task].with_mut(|count| unsafe { *count += 1 });
    }

    fn read(&self) -> [usize; 2] {
        // SAFETY: as above.
        [0, 1].map(|task| self.0[task].with(|count| unsafe { *count }))
    }
}

/// Accesses of a region to the caller's memory are finished and visible when it returns.
fn regions_one_after_another(shared: &Shared) {
    for _ in 0..2 {
        one_region(shared);
    }
}

fn one_region(shared: &Shared) {
    let counts = Counts::new();
    assert!(shared.run(2, &|task| counts.add(task)));
    assert_eq!(counts.read(), [1, 1]);
    counts.add(0);
}

#[test]
fn every_task_runs_once() {
    check(1, 3, regions_one_after_another);
}

#[test]
fn every_task_runs_once_among_three_threads() {
    check(2, 2, one_region);
}

/// Each of two tasks waits for the other one, so both need a thread at once.
#[test]
fn a_sleeping_thread_is_woken() {
    check(1, 3, |shared| {
        let (arrived, all) = (Mutex::new(0), Condvar::new());
        assert!(shared.run(2, &|_| {
            let mut arrived = arrived.lock().unwrap();
            *arrived += 1;
            all.notify_all();
            while *arrived < 2 {
                arrived = all.wait(arrived).unwrap();
            }
        }));
    });
}

#[test]
fn a_panic_reaches_the_caller_and_leaves_the_pool_working() {
    check(1, 2, |shared| {
        let panics = |task| {
            if task == 1 {
                resume_unwind(Box::new("without a message"));
            }
        };
        assert!(!shared.run(2, &panics));
        regions_one_after_another(shared);
    });
}
