//! The stack for handlers when a thread's own has overflowed.

use std::mem::zeroed;
use std::ptr;

use memmap2::MmapMut;

/// What handlers need beyond the kernel's frame, including Rust's own, which formats a
/// message.
const ROOM: usize = 64 << 10;

/// `AT_MINSIGSTKSZ` of `getauxval(3)`.
#[cfg(target_os = "linux")]
const MIN_SIGNAL_STACK: libc::c_ulong = 51;

/// Gives this thread an alternate stack that is large enough on this processor: with
/// wide vector registers the kernel's frame alone takes more than `MINSIGSTKSZ`. Rust's
/// default one has no room beyond that frame.
pub(crate) fn alternate_stack() {
    let wanted = frame_bytes() + ROOM;
    // SAFETY: all zeros is a valid stack_t; sigaltstack only fills it in.
    let now = unsafe {
        let mut now: libc::stack_t = zeroed();
        libc::sigaltstack(ptr::null(), &mut now);
        now
    };
    if now.ss_flags & libc::SS_DISABLE == 0 && now.ss_size >= wanted {
        return;
    }
    // On failure the thread keeps its current one.
    let Ok(mut memory) = MmapMut::map_anon(wanted) else {
        return;
    };
    let stack = libc::stack_t {
        ss_sp: memory.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: memory.len(),
    };
    // A handler may use it for as long as the thread lives.
    std::mem::forget(memory);
    // SAFETY: the memory is ours alone and never given back.
    unsafe { libc::sigaltstack(&stack, ptr::null_mut()) };
}

/// What the kernel stores when it calls a handler.
fn frame_bytes() -> usize {
    #[cfg(target_os = "linux")]
    // SAFETY: takes a number; 0 where the kernel does not say.
    let told = unsafe { libc::getauxval(MIN_SIGNAL_STACK) } as usize;
    #[cfg(not(target_os = "linux"))]
    let told = 0;
    told.max(libc::SIGSTKSZ)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_has_room_beyond_the_kernels_frame() {
        std::thread::spawn(|| {
            alternate_stack();
            // SAFETY: as above.
            let now = unsafe {
                let mut now: libc::stack_t = zeroed();
                libc::sigaltstack(ptr::null(), &mut now);
                now
            };
            assert_eq!(now.ss_flags & libc::SS_DISABLE, 0);
            assert!(now.ss_size >= frame_bytes() + ROOM);
        })
        .join()
        .expect("a stack");
    }
}
