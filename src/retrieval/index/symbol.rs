//! The symbols of an indexed text: token ids, 16 or 32 bits wide, and the separator
//! between documents.

use crate::speculate::TokenId;

/// Stands between documents; no vocabulary has this id.
pub(crate) const SEPARATOR: TokenId = TokenId::MAX;

/// Suffixes are sorted by this many tokens, so a match and the branch below it
/// may be this long together.
pub(crate) const SORTED_DEPTH: usize = 64;

/// Symbols that suffixes are compared by: the first, and then whole keys until
/// [`SORTED_DEPTH`] is passed.
pub(crate) const COMPARED: usize = SORTED_DEPTH + 1;

/// How a token stands in a text: 16 bits wide where the vocabulary allows it.
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
