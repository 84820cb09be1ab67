//! A file that counts the bytes read from it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read at a time.
pub(crate) const BUFFER_BYTES: usize = 1 << 18;

/// Counts bytes read from disk.
pub(crate) struct Counted<R> {
    pub(crate) inner: R,
    pub(crate) n_taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.n_taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
