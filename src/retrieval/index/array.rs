//! An array of numbers, owned or in a mapped file, read the same way. Does not know
//! what the numbers mean.

use std::fmt;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::Arc;

use bytemuck::Pod;

use crate::mapped::MappedFile;

/// An immutable array. The pointer is kept next to its owner, so that access costs as
/// much as with a slice, whatever the owner.
pub(crate) struct Array<T> {
    items: NonNull<[T]>,
    _owner: Owner<T>,
}

enum Owner<T> {
    Memory { _items: Vec<T> },
    File { _map: Arc<MappedFile> },
}

impl<T: Pod> Array<T> {
    /// The numbers in these bytes of a mapped file; `None` if the file lacks these
    /// bytes, or they are not whole, aligned numbers.
    pub(crate) fn mapped(map: &Arc<MappedFile>, bytes: Range<usize>) -> Option<Self> {
        let items: &[T] = bytemuck::try_cast_slice(map.get(bytes)?).ok()?;
        Some(Array {
            items: NonNull::from(items),
            _owner: Owner::File {
                _map: Arc::clone(map),
            },
        })
    }
}

impl<T> From<Vec<T>> for Array<T> {
    fn from(items: Vec<T>) -> Self {
        Array {
            items: NonNull::from(items.as_slice()),
            _owner: Owner::Memory { _items: items },
        }
    }
}

impl<T> Deref for Array<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the items belong to the owner kept with them, which neither changes
        // nor moves them: a vector's buffer stays where it is when the vector is moved,
        // and so does a map. This program never writes to a segment's file (segments
        // are replaced by renaming, see `pool_store`); for other programs see
        // `MappedFile::new`.
        unsafe { self.items.as_ref() }
    }
}

// SAFETY: nothing is ever written through the pointer; it is a `&[T]` that
// travels with its owner.
unsafe impl<T: Send + Sync> Send for Array<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Array<T> {}

impl<T> Default for Array<T> {
    fn default() -> Self {
        Array::from(Vec::new())
    }
}

impl<T> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self._owner {
            Owner::Memory { .. } => "in memory",
            Owner::File { .. } => "in a file",
        };
        write!(f, "{} items {place}", self.len())
    }
}
