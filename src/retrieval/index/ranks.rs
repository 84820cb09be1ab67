//! Intervals of a suffix array, and searches in them.

/// The suffixes that share their first `depth` tokens: ranks in the suffix
/// array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranks {
    pub(crate) lo: u32,
    pub(crate) hi: u32,
}

impl Ranks {
    pub(crate) const NONE: Ranks = Ranks { lo: 0, hi: 0 };

    #[inline]
    pub(crate) fn len(self) -> usize {
        (self.hi - self.lo) as usize
    }

    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.lo == self.hi
    }

    /// At most `n` of the ranks, evenly spaced.
    pub(crate) fn spread(self, n: usize) -> impl Iterator<Item = u32> {
        let n = n.min(self.len()) as u64;
        // In 32 fractional bits: one division for all.
        let stride = ((self.len() as u64) << 32) / n.max(1);
        (0..n).map(move |i| self.lo + ((i * stride + stride / 2) >> 32) as u32)
    }
}

/// The first of `lo..hi` for which `holds` fails; `holds` must be monotone.
pub(crate) fn partition(mut lo: u32, mut hi: u32, holds: impl Fn(u32) -> bool) -> u32 {
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if holds(mid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    lo
}

/// Like [`partition`], fast where the answer is near `lo`.
pub(crate) fn gallop(lo: u32, hi: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut from, mut stride) = (lo, 1);
    while from < hi {
        let probe = (from + stride - 1).min(hi - 1);
        if !holds(probe) {
            return partition(from, probe, holds);
        }
        from = probe + 1;
        stride *= 2;
    }
    hi
}
