//! SentencePiece BPE as in Llama 2, Vicuna and Mistral: spaces become `▁`, with one
//! before the text, and characters outside the vocabulary fall back to their bytes. The
//! file has scores instead of merges; the merges are derived from them here.

use std::cmp::Reverse;

use ahash::AHashMap;
use color_eyre::eyre::{Result, eyre};
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator, ParallelSliceMut};
use tokenizers::normalizers::{Prepend, Replace, Sequence};
use tokenizers::{NormalizerWrapper, Tokenizer};

use super::vocabulary::{TokenType, Vocabulary};

/// The character that represents a space.
pub(crate) const SPACE_MARK: &str = "▁";

/// A way to build a token from two others. The order of the fields is the order
/// of merging (transformers' `generate_merges`): by the joined token's score, then
/// the longer left part, then the longer right part, then the lower ids of the
/// joined token and of its parts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Join {
    score: Reverse<i32>,
    /// In characters.
    lengths: Reverse<(u32, u32)>,
    joined_id: u32,
    part_ids: (u32, u32),
    /// Bytes of the left part.
    at: u32,
}

/// Every pair of tokens that joins into a token, best first.
pub(crate) fn merges<'a>(vocabulary: &Vocabulary<'a>, scores: &[f32]) -> Vec<(&'a str, &'a str)> {
    // Only plain tokens take part: a control token's text never results from merging,
    // and a byte token's text (`<0x0A>`) is not its content.
    let ids: AHashMap<&str, u32> = (0..)
        .zip(vocabulary.tokens.iter().zip(&vocabulary.types))
        .filter(|(_, (_, ty))| matches!(ty, TokenType::Normal | TokenType::UserDefined))
        .map(|(id, (token, _))| (*token, id))
        .collect();
    let tokens: Vec<(&str, u32)> = ids.iter().map(|(token, id)| (*token, *id)).collect();
    let mut joins: Vec<Join> = tokens
        .par_iter()
        .flat_map_iter(|&(token, id)| joins(token, (id, scores[id as usize]), &ids))
        .collect();
    joins.par_sort_unstable();
    let parts = |join: Join| vocabulary.tokens[join.joined_id as usize].split_at(join.at as usize);
    joins.into_iter().map(parts).collect()
}

fn joins<'a>(
    token: &'a str,
    (joined_id, score): (u32, f32),
    ids: &'a AHashMap<&str, u32>,
) -> impl Iterator<Item = Join> + use<'a> {
    let n_chars = token.chars().count() as u32;
    let score = Reverse(in_order(score));
    let splits = token.char_indices().zip(0u32..).skip(1);
    splits.filter_map(move |((at, _), left_chars)| {
        let (left, right) = token.split_at(at);
        let part_ids = (*ids.get(left)?, *ids.get(right)?);
        Some(Join {
            score,
            lengths: Reverse((left_chars, n_chars - left_chars)),
            joined_id,
            part_ids,
            at: at as u32,
        })
    })
}

/// An integer with the order of `f32::total_cmp`.
fn in_order(score: f32) -> i32 {
    let bits = score.to_bits() as i32;
    bits ^ (((bits >> 31) as u32) >> 1) as i32
}

/// Installs the normalizer. `dummy_prefix` puts a space before the text, and
/// before what follows a special token.
pub(crate) fn install(tokenizer: &mut Tokenizer, dummy_prefix: bool) -> Result<()> {
    let spaces = Replace::new(" ", SPACE_MARK).map_err(|err| eyre!(err))?;
    let mut steps: Vec<NormalizerWrapper> = vec![spaces.into()];
    if dummy_prefix {
        steps.insert(0, Prepend::new(SPACE_MARK.to_owned()).into());
    }
    let normalizer = NormalizerWrapper::from(Sequence::new(steps));
    tokenizer
        .with_normalizer(Some(normalizer))
        .map_err(|err| eyre!(err))?;
    Ok(())
}

/// Appends the bytes of a plain or byte token.
pub(crate) fn push_bytes(token: &str, ty: TokenType, out: &mut Vec<u8>) {
    match byte_of(token) {
        Some(byte) if ty == TokenType::Byte => out.push(byte),
        _ => out.extend_from_slice(token.replace(SPACE_MARK, " ").as_bytes()),
    }
}

/// `<0x0A>` -> 0x0A
fn byte_of(token: &str) -> Option<u8> {
    let hex = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(hex, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{TokenType, in_order, push_bytes};

    fn bytes(token: &str, ty: TokenType) -> Vec<u8> {
        let mut out = Vec::new();
        push_bytes(token, ty, &mut out);
        out
    }

    #[test]
    fn bytes_and_spaces() {
        assert_eq!(bytes("<0x0A>", TokenType::Byte), b"\n");
        assert_eq!(bytes("<0x0A>", TokenType::Normal), b"<0x0A>");
        assert_eq!(bytes("▁the▁end", TokenType::Normal), b" the end");
    }

    #[test]
    fn scores_keep_their_order_as_whole_numbers() {
        let scores = [
            f32::NEG_INFINITY,
            -7.5,
            -7.25,
            -0.0,
            0.0,
            1e-30,
            3.0,
            f32::INFINITY,
        ];
        let keys = scores.map(in_order);
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    }
}
