//! The bytes of a token, as a run records them.

use serde::{Deserialize, Serialize};

/// The bytes of a token: text where they are UTF-8, else numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TokenBytes {
    /// Whole characters.
    Text(String),
    /// A part of a character, or no text.
    Bytes(Vec<u8>),
}

impl TokenBytes {
    /// As text if it is UTF-8.
    pub fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => TokenBytes::Text(text.to_string()),
            Err(_) => TokenBytes::Bytes(bytes.to_vec()),
        }
    }

    /// The same bytes in either form.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            TokenBytes::Text(text) => text.as_bytes(),
            TokenBytes::Bytes(bytes) => bytes,
        }
    }
}
