//! The symbols of an indexed text: token ids, 16 or 32 bits wide, and the separator
//! between documents.

use crate::speculate::TokenId;

/// Separates documents; no vocabulary has this id.
pub(crate) const SEPARATOR: TokenId = TokenId::MAX;

/// Suffixes are sorted by this many tokens, the maximum length of a match plus the
/// branch below it.
pub(crate) const SORTED_DEPTH: usize = 64;

/// Number of symbols compared: the first, then whole keys past [`SORTED_DEPTH`].
pub(crate) const COMPARED: usize = SORTED_DEPTH + 1;

/// A token's representation in a text: 16 bits if the vocabulary allows it.
pub(crate) trait Symbol: Copy + Eq + Ord + Send + Sync + bytemuck::Pod {
    /// The greatest value, so that it sorts last.
    const SEPARATOR: Self;
    const BITS: usize;

    fn id(self) -> TokenId;

    /// The symbol of a token, which must fit.
    fn of(token: TokenId) -> Self;
}

impl Symbol for u16 {
    const SEPARATOR: u16 = u16::MAX;
    const BITS: usize = 16;

    #[inline]
    fn id(self) -> TokenId {
        u32::from(self)
    }

    #[inline]
    fn of(token: TokenId) -> u16 {
        token as u16
    }
}

impl Symbol for u32 {
    const SEPARATOR: u32 = SEPARATOR;
    const BITS: usize = 32;

    #[inline]
    fn id(self) -> TokenId {
        self
    }

    #[inline]
    fn of(token: TokenId) -> u32 {
        token
    }
}
