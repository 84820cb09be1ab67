//! Ctrl-C: the first one asks for an orderly end, the second ends at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit status of a cancelled command.
pub const EXIT_CANCELLED: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// True once Ctrl-C was pressed. The first call starts watching for it.
pub(crate) fn flag() -> &'static AtomicBool {
    static WATCH: OnceLock<()> = OnceLock::new();
    WATCH.get_or_init(|| {
        std::thread::spawn(watch);
    });
    &INTERRUPTED
}

/// The same without watching: Ctrl-C still ends the program, unless [`flag`] was called
/// before.
pub(crate) fn unwatched() -> &'static AtomicBool {
    &INTERRUPTED
}

/// Whether Ctrl-C was pressed; work stops at the next convenient point.
pub fn is_set() -> bool {
    flag().load(Ordering::Relaxed)
}

fn watch() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(EXIT_CANCELLED));
            }
            note!();
            note!("stopping; press Ctrl-C again to quit at once");
        }
    });
}

/// Makes `laserscope catalog items | head` end as other programs do, instead of panicking
/// when the reader is gone.
pub fn end_quietly_on_closed_pipes() {
    #[cfg(unix)]
    // SAFETY: called before any other thread runs; sets a default disposition.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// Makes exceeding the file size limit (`ulimit -f`) a reportable error.
pub fn survive_file_limits() {
    #[cfg(unix)]
    // SAFETY: called before any other thread runs; ignores a signal.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}
