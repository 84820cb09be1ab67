//! What to examine for a node, in order.

use crate::retrieval::query::bridge::BridgeClass;
use crate::retrieval::query::evidence::Kind;

pub(crate) const ORDER_SHIFT: u32 = 48;
pub(crate) const KIND_SHIFT: u32 = 40;
pub(crate) const CLASS_SHIFT: u32 = 24;
/// Marks an interval among the items of an agenda.
pub(crate) const WIDE: u64 = 1 << 23;

/// An item of an agenda. Smaller comes first: the longest matches, then by kind; items
/// of one class are equal above [`CLASS_SHIFT`]. A single number, because a list is
/// sorted at every node.
#[inline]
pub(crate) fn key(order: u16, kind: Kind, class: Option<BridgeClass>, index: usize) -> u64 {
    let class = class.map_or(0, BridgeClass::code);
    (u64::from(u16::MAX - order) << ORDER_SHIFT)
        | ((kind as u64) << KIND_SHIFT)
        | (u64::from(class) << CLASS_SHIFT)
        | index as u64
}

#[inline]
pub(crate) fn index_of(item: u64) -> usize {
    (item & (WIDE - 1)) as usize
}
