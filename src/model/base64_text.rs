//! Base64 as in model files and packages, with or without padding.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The bytes of ordinary base64.
pub(crate) fn standard(text: &str) -> Option<Vec<u8>> {
    GeneralPurpose::new(&STANDARD, LENIENT).decode(text).ok()
}

/// The bytes of URL-safe base64.
pub(crate) fn url_safe(text: &str) -> Option<Vec<u8>> {
    GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text).ok()
}
