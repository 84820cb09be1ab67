//! Files read through memory maps, and which of them an address belongs to.
//!
//! A map is not a copy: if another program truncates the file, touching the missing
//! part raises SIGBUS. `file_at` tells the handler (`shutdown`) which file it was.
//! Does not know the files' contents.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use memmap2::Mmap;

/// A whole file, mapped for reading.
#[derive(Debug)]
pub struct MappedFile {
    map: Mmap,
    listed: Option<&'static Listed>,
}

/// A mapped file's addresses and name. Entries are never freed, so that a signal
/// handler may walk the list at any time.
#[derive(Debug)]
struct Listed {
    start: usize,
    /// 0 once the file is no longer mapped.
    end: AtomicUsize,
    path: PathBuf,
    next: AtomicPtr<Listed>,
}

static NEWEST: AtomicPtr<Listed> = AtomicPtr::new(ptr::null_mut());

impl MappedFile {
    /// Maps a file; `path` is its name in messages.
    ///
    /// # Errors
    /// The system's own, for an empty file too.
    pub fn new(file: &File, path: &Path) -> io::Result<Self> {
        // SAFETY: the map is read-only and lives as long as the bytes lent from it.
        // Nothing can keep another program from truncating or overwriting the file
        // meanwhile. If it is truncated, reading raises SIGBUS, which `shutdown::fault`
        // turns into an orderly end. If it is overwritten, bytes may differ between
        // reads, which the language leaves undefined; readers limit the damage to wrong
        // values by checking every index taken from a map where they use it, or by
        // copying what they need once.
        let map = unsafe { Mmap::map(file) }?;
        let listed = list(map.as_ptr_range(), path);
        Ok(MappedFile {
            map,
            listed: Some(listed),
        })
    }

    /// Access is random: reading ahead would only fill memory.
    pub(crate) fn expect_random_access(&self) {
        #[cfg(unix)]
        // It is advice, which may be ignored.
        let _ = self.map.advise(memmap2::Advice::Random);
    }
}

/// Memory that belongs to no file.
impl From<Mmap> for MappedFile {
    fn from(map: Mmap) -> Self {
        MappedFile { map, listed: None }
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        if let Some(listed) = self.listed {
            listed.end.store(0, Ordering::Release);
        }
    }
}

fn list(bytes: Range<*const u8>, path: &Path) -> &'static Listed {
    let entry: &'static Listed = Box::leak(Box::new(Listed {
        start: bytes.start as usize,
        end: AtomicUsize::new(bytes.end as usize),
        path: path.to_path_buf(),
        next: AtomicPtr::default(),
    }));
    let here = ptr::from_ref(entry).cast_mut();
    let mut newest = NEWEST.load(Ordering::Acquire);
    loop {
        entry.next.store(newest, Ordering::Release);
        match NEWEST.compare_exchange_weak(newest, here, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return entry,
            Err(other) => newest = other,
        }
    }
}

/// The mapped file that contains an address. Async-signal-safe: it takes no lock and
/// allocates nothing.
pub(crate) fn file_at(address: usize) -> Option<&'static Path> {
    // SAFETY: null or an entry; those are leaked and only ever read through shared
    // references.
    let mut entry = unsafe { NEWEST.load(Ordering::Acquire).as_ref() };
    while let Some(listed) = entry {
        if (listed.start..listed.end.load(Ordering::Acquire)).contains(&address) {
            return Some(&listed.path);
        }
        // SAFETY: as above.
        entry = unsafe { listed.next.load(Ordering::Acquire).as_ref() };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_its_file_while_it_is_mapped() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        std::fs::write(&one, vec![1; 9000]).expect("written");
        std::fs::write(&two, [2; 10]).expect("written");
        let map = |path: &PathBuf| MappedFile::new(&File::open(path).expect("opened"), path);
        let (first, second) = (map(&one).expect("mapped"), map(&two).expect("mapped"));
        assert_eq!((first[8999], second[9]), (1, 2));
        let last = first.as_ptr_range().end as usize - 1;
        let inside = second.as_ptr() as usize + 4;
        assert_eq!(file_at(last), Some(one.as_path()));
        assert_eq!(file_at(inside), Some(two.as_path()));
        assert_eq!(file_at(0), None);
        drop(first);
        assert_eq!(file_at(last), None, "it is mapped no longer");
        assert_eq!(file_at(inside), Some(two.as_path()));
    }
}
