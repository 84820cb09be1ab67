//! The largest single allocation of a thread: it reveals unchecked sizes in files, even
//! if the memory is never touched.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Watched;

#[global_allocator]
static WATCHED: Watched = Watched;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

fn see(bytes: usize) {
    // Gone when the thread ends: then nobody asks any more.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(bytes)));
}

// SAFETY: every call is passed on to the system's allocator as it came; noting a
// number in a thread's own cell allocates nothing.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        see(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        see(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        see(bytes);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(place, layout, bytes) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

/// What `work` gives, and the bytes of its largest allocation on this thread.
pub fn largest_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    LARGEST.set(0);
    let done = work();
    (done, LARGEST.get())
}

#[test]
fn the_largest_allocation_is_seen() {
    let (_, largest) = largest_of(|| {
        (
            vec![0u8; 10],
            Vec::<u64>::with_capacity(1000),
            [1u8; 3].to_vec(),
        )
    });
    assert_eq!(largest, 8000);
}
