//! Memory for packed weights: large slabs filled with matrices in the order of loading,
//! which is the order of use. On Linux they request huge pages, because a pass reads
//! all of them and would otherwise spend its time on page tables.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::sync::{Arc, Mutex, PoisonError, Weak};

const HUGE_PAGE: usize = 2 << 20;
/// Bytes of a slab, unless one matrix needs more.
const SLAB: usize = 32 << 20;
const CACHE_LINE: usize = 64;

struct Slab {
    data: *mut u8,
    layout: Layout,
}

// SAFETY: a slab owns plain memory that is not tied to a thread.
unsafe impl Send for Slab {}
// SAFETY: each part is handed out once, so shared access never overlaps a write.
unsafe impl Sync for Slab {}

impl Slab {
    fn new(bytes: usize) -> Self {
        let bytes = bytes.max(SLAB).next_multiple_of(HUGE_PAGE);
        let Ok(layout) = Layout::from_size_align(bytes, HUGE_PAGE) else {
            panic!("{bytes} bytes of weights exceed what this machine can address");
        };
        // SAFETY: the layout is not empty.
        let data = unsafe { alloc(layout) };
        if data.is_null() {
            handle_alloc_error(layout);
        }
        ask_for_huge_pages(data, bytes);
        Slab { data, layout }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and no part is left.
        unsafe { dealloc(self.data, self.layout) };
    }
}

/// Requests huge pages where the range contains whole ones; the contents stay.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for_huge_pages(data: *const u8, bytes: usize) {
    let before = data.align_offset(HUGE_PAGE);
    let inside = bytes.saturating_sub(before) / HUGE_PAGE * HUGE_PAGE;
    if inside > 0 {
        let start = data.wrapping_add(before).cast_mut();
        // SAFETY: whole pages inside the caller's memory, whose contents the advice
        // does not change; a refusal has no effect.
        unsafe { libc::madvise(start.cast(), inside, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for_huge_pages(_: *const u8, _: usize) {}

/// The current slab, and how much of it is used.
static OPEN: Mutex<(Weak<Slab>, usize)> = Mutex::new((Weak::new(), 0));

/// Bytes that begin at a cache line.
pub(crate) struct AlignedBytes {
    slab: Arc<Slab>,
    at: usize,
    len: usize,
}

impl AlignedBytes {
    pub(crate) fn zeroed(len: usize) -> Self {
        let taken = len.next_multiple_of(CACHE_LINE);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let usable = open.0.upgrade();
        let usable = usable.filter(|slab| open.1 + taken <= slab.layout.size());
        let (slab, at) = match usable {
            Some(slab) => (slab, open.1),
            None => (Arc::new(Slab::new(taken)), 0),
        };
        *open = (Arc::downgrade(&slab), at + taken);
        drop(open);
        // SAFETY: the range is inside the slab and not shared.
        unsafe { slab.data.add(at).write_bytes(0, len) };
        AlignedBytes { slab, at, len }
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.len
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        // SAFETY: the range is inside the slab and was written when it was taken.
        unsafe { std::slice::from_raw_parts(self.slab.data.add(self.at), self.len) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.slab.data.add(self.at), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_zero_aligned_and_apart() {
        let sizes = [1, 64, 65, 0, 40 << 20, 7];
        let mut parts: Vec<AlignedBytes> = sizes.map(AlignedBytes::zeroed).into();
        for (i, part) in parts.iter_mut().enumerate() {
            assert_eq!(part.n_bytes(), sizes[i]);
            assert_eq!(part.as_slice().as_ptr() as usize % CACHE_LINE, 0);
            assert!(part.as_slice().iter().all(|&b| b == 0));
            part.as_mut_slice().fill(i as u8 + 1);
        }
        for (i, part) in parts.iter().enumerate() {
            assert!(part.as_slice().iter().all(|&b| b == i as u8 + 1));
        }
    }
}
