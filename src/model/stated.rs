//! Checks numbers in a model's files. Every size used for allocation or multiplication
//! passes [`size`], every base, epsilon and scale [`positive`]: later code can rely on
//! products that do not overflow and on divisors that are not zero.

use std::fmt::Display;
use std::ops::RangeInclusive;

use color_eyre::eyre::{Result, ensure, eyre};

/// Transformer blocks.
pub(crate) const LAYERS: RangeInclusive<usize> = 1..=1024;
/// The residual stream.
pub(crate) const WIDTH: RangeInclusive<usize> = 1..=1 << 18;
/// The feed-forward network's inner width.
pub(crate) const FEED_FORWARD: RangeInclusive<usize> = 1..=1 << 22;
/// Query heads, or key/value heads.
pub(crate) const HEADS: RangeInclusive<usize> = 1..=1 << 13;
/// One head.
pub(crate) const HEAD_DIM: RangeInclusive<usize> = 2..=1 << 12;
/// The context a model was trained for.
pub(crate) const CONTEXT: RangeInclusive<usize> = 1..=1 << 27;
/// Tokens of a vocabulary.
pub(crate) const VOCABULARY: RangeInclusive<usize> = 1..=1 << 22;
/// Experts, and parts of a file.
pub(crate) const COUNT: RangeInclusive<usize> = 0..=1 << 16;

/// A size within its bounds.
///
/// # Errors
/// A value outside them, with the file, the key and the bounds.
pub(crate) fn size(
    file: impl Display,
    key: &str,
    value: i128,
    bounds: RangeInclusive<usize>,
) -> Result<usize> {
    let size = usize::try_from(value).ok().filter(|v| bounds.contains(v));
    size.ok_or_else(|| {
        let (least, most) = (bounds.start(), bounds.end());
        eyre!("{file}: `{key}` is {value}; it must be between {least} and {most}")
    })
}

/// A finite number above zero.
///
/// # Errors
/// Any other value, with the file and the key.
pub(crate) fn positive(file: impl Display, key: &str, value: f32) -> Result<f32> {
    ensure!(
        value.is_finite() && value > 0.0,
        "{file}: `{key}` is {value}; it must be a finite number above 0"
    );
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_told_with_file_key_and_bounds() {
        assert_eq!(size("a.gguf", "llama.block_count", 30, LAYERS).unwrap(), 30);
        for value in [-1, 0, 1 << 62, i128::from(u64::MAX)] {
            let said = size("a.gguf", "llama.block_count", value, LAYERS).unwrap_err();
            let said = said.to_string();
            assert!(said.contains("a.gguf: `llama.block_count` is"), "{said}");
            assert!(said.contains(&value.to_string()), "{said}");
            assert!(said.contains("between 1 and 1024"), "{said}");
        }
        assert_eq!(positive("a.gguf", "eps", 1e-5).unwrap(), 1e-5);
        for value in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let said = positive("a.gguf", "eps", value).unwrap_err().to_string();
            assert!(said.contains("a.gguf: `eps` is"), "{said}");
        }
    }

    /// What Config multiplies: layers * heads * head_dim * 8 bytes * context.
    #[test]
    fn products_of_the_largest_sizes_fit() {
        let kv = *HEADS.end() as u128 * *HEAD_DIM.end() as u128;
        assert!(kv * (*WIDTH.end() as u128) < u128::from(u64::MAX));
        assert!(*FEED_FORWARD.end() as u128 * (*WIDTH.end() as u128) < u128::from(u64::MAX));
        assert!(*VOCABULARY.end() as u128 * (*WIDTH.end() as u128) < u128::from(u64::MAX));
    }
}
