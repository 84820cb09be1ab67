//! The tile products for x86-64: 512-bit VNNI in `x86_wide.rs`, AVX2 with `maddubs`
//! and 256-bit VNNI (as AVX-512 or as AVX-VNNI) in `x86_narrow.rs`. All compute the same
//! integers, and then the same fused multiply-adds in the same order, as each
//! other, so their results are equal to the bit.

use super::activation::Activations;
use super::pack::Format;
use super::tile::{Ahead, ROWS_AT_ONCE, TileOut};
use super::{Isa, x86_narrow, x86_wide};

/// Multiplies rows `first..first + n` with one tile of an integer format.
/// `isa` must have been detected on this processor.
pub fn tile(
    isa: Isa,
    format: Format,
    tile: &[u8],
    acts: &Activations,
    (first, n): (usize, usize),
    ahead: Ahead<'_>,
    out: &mut TileOut,
) {
    debug_assert!(first + n <= acts.rows && n <= ROWS_AT_ONCE);
    debug_assert_eq!(tile.len(), acts.blocks * format.block_bytes());
    // SAFETY: the processor has the features (`Isa::detect`); every pointer
    // stays inside `tile` and the rows of `acts`, whose sizes agree (above).
    unsafe {
        match isa {
            Isa::Avx512 => x86_wide::tile(format, tile, acts, (first, n), ahead, out),
            _ => x86_narrow::tile(isa, format, tile, acts, (first, n), ahead, out),
        }
    }
}
