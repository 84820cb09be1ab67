//! What the x86-64 products share: the formats as constants, the rows to multiply, and
//! the tile to prefetch. All of them compute the same integers, and then the same fused
//! multiply-adds in the same order, so their results are equal to the bit.

use std::arch::x86_64::*;

use super::activation::{Activations, GROUP};
use super::blocks::BLOCK;
use super::pack::Format;
use super::tile::Ahead;

/// Calls `$kernel::<FORMAT, ROWS>` for the format and the number of rows.
macro_rules! dispatch {
    ($format:expr, $n:expr, [$($rows:literal),*], $kernel:ident $args:tt) => {
        match $format {
            Format::Q4F16 => dispatch!(@ Q4_F16, $n, [$($rows),*], $kernel $args),
            Format::Q4F32 => dispatch!(@ Q4_F32, $n, [$($rows),*], $kernel $args),
            Format::Q8F16 => dispatch!(@ Q8_F16, $n, [$($rows),*], $kernel $args),
            Format::Q8F32 => dispatch!(@ Q8_F32, $n, [$($rows),*], $kernel $args),
            Format::Q8Min => dispatch!(@ Q8_MIN, $n, [$($rows),*], $kernel $args),
            Format::Q8Half => dispatch!(@ Q8_HALF, $n, [$($rows),*], $kernel $args),
            Format::F32 => unreachable!("floats have a kernel of their own"),
        }
    };
    (@ $f:ident, $n:expr, [$($rows:literal),*], $kernel:ident $args:tt) => {
        match $n {
            $($rows => $kernel::<$f, $rows> $args,)*
            n => unreachable!("{n} rows at once"),
        }
    };
}

pub(super) use dispatch;

pub(super) const Q4_F16: u8 = 0;
pub(super) const Q4_F32: u8 = 1;
pub(super) const Q8_F16: u8 = 2;
pub(super) const Q8_F32: u8 = 3;
pub(super) const Q8_MIN: u8 = 4;
pub(super) const Q8_HALF: u8 = 5;

pub(super) const fn format(f: u8) -> Format {
    match f {
        Q4_F16 => Format::Q4F16,
        Q4_F32 => Format::Q4F32,
        Q8_F16 => Format::Q8F16,
        Q8_F32 => Format::Q8F32,
        Q8_MIN => Format::Q8Min,
        _ => Format::Q8Half,
    }
}

pub(super) const fn is_nibbles(f: u8) -> bool {
    f == Q4_F16 || f == Q4_F32
}

pub(super) const fn has_min(f: u8) -> bool {
    is_nibbles(f) || f == Q8_MIN
}

/// The kernels' input rows, block by block.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) acts: &'a Activations,
    /// The first row's group of rows, and its index there.
    group: usize,
    row: usize,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(acts: &'a Activations, first: usize) -> Self {
        Inputs {
            acts,
            group: first / GROUP,
            row: first % GROUP,
        }
    }

    /// Index of block `b` of the first row; the next row's is one on.
    #[inline(always)]
    fn at(&self, b: usize) -> usize {
        (self.group * self.acts.blocks + b) * GROUP + self.row
    }

    /// The steps of block `b` of the first row.
    ///
    /// # Safety
    /// The rows have a block `b`.
    #[inline(always)]
    pub(super) unsafe fn q(&self, b: usize) -> *const i8 {
        // SAFETY: the index is that of a block that the caller says is there.
        unsafe { self.acts.q.as_ptr().add(self.at(b) * BLOCK) }
    }

    /// The scale of block `b`, `r` rows after the first.
    ///
    /// # Safety
    /// The rows have a block `b`, and that row is in the first one's group.
    #[inline(always)]
    pub(super) unsafe fn scale(&self, r: usize, b: usize) -> f32 {
        // SAFETY: groups are stored whole, so the index is inside.
        unsafe { *self.acts.scale.get_unchecked(self.at(b) + r) }
    }

    /// The scale times the sum of the steps.
    ///
    /// # Safety
    /// As for [`Inputs::scale`].
    #[inline(always)]
    pub(super) unsafe fn sum(&self, r: usize, b: usize) -> f32 {
        // SAFETY: as in `scale`.
        unsafe { *self.acts.sum.get_unchecked(self.at(b) + r) }
    }

    /// The correction for shifting part `part` (of `parts`) of the block's weights to
    /// unsigned bytes.
    ///
    /// # Safety
    /// As for [`Inputs::scale`].
    #[inline(always)]
    pub(super) unsafe fn shift(&self, r: usize, b: usize, part: usize, parts: usize) -> i32 {
        // SAFETY: as in `scale`.
        let shift = unsafe { self.acts.shift.get_unchecked(self.at(b) + r) };
        match parts {
            1 => shift[0],
            _ => shift[1 + part],
        }
    }
}

/// Where the next tile is prefetched from, block by block.
#[derive(Clone, Copy)]
pub(super) struct Fetch {
    start: *const u8,
    /// Bytes per block.
    step: usize,
    lines: usize,
}

impl Fetch {
    #[inline(always)]
    pub(super) fn new(ahead: Ahead<'_>, blocks: usize) -> Self {
        let step = ahead.next.len() / (blocks * ahead.passes).max(1);
        Fetch {
            start: ahead.next.as_ptr().wrapping_add(ahead.pass * blocks * step),
            step,
            lines: step.div_ceil(64),
        }
    }

    #[inline(always)]
    pub(super) fn block(self, b: usize) {
        let at = self.start.wrapping_add(b * self.step);
        for line in 0..self.lines {
            // SAFETY: a prefetch may point anywhere.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.wrapping_add(64 * line).cast()) };
        }
    }
}

/// Parts of a block that have their own scale.
pub(super) const fn parts(f: u8) -> usize {
    if f == Q8_HALF { 2 } else { 1 }
}
