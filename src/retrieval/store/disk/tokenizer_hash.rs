//! Which tokenizer a pool's ids belong to.

use std::fmt;

/// sha256 over a tokenizer's kind, vocabulary and merges; zeros for ids without a
/// tokenizer, such as a synthetic corpus's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenizerHash(pub [u8; 32]);

impl TokenizerHash {
    /// Ids without a tokenizer.
    pub(crate) const NONE: TokenizerHash = TokenizerHash([0; 32]);

    /// From 64 hexadecimal digits; `None` for anything else.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).ok()?;
        Some(TokenizerHash(hash))
    }
}

impl fmt::Display for TokenizerHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
