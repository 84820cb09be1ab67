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
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
        }
        Some(TokenizerHash(hash))
    }
}

impl fmt::Display for TokenizerHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
