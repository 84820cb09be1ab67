//! SentencePiece BPE as in Llama 2, Vicuna and Mistral: spaces become `▁`, one
//! stands before the text, characters outside the vocabulary fall back to
//! their bytes. The file has scores instead of merges; the merges are derived
//! from them here.

use std::cmp::Reverse;
use std::collections::HashMap;

use color_eyre::eyre::{Result, eyre};
use tokenizers::normalizers::{Prepend, Replace, Sequence};
use tokenizers::{NormalizerWrapper, Tokenizer};

use super::vocabulary::{TokenType, Vocabulary};

/// The character that stands for a space.
pub const SPACE_MARK: &str = "▁";

/// A way to build a token from two others.
struct Join<'a> {
    score: f32,
    joined_id: u32,
    parts: (&'a str, &'a str),
    part_ids: (u32, u32),
}

/// Every pair of tokens that joins into a third one, best first, in the order
/// of the reference converter (transformers' `generate_merges`): by the joined
/// token's score, then the longer left part, then the longer right part, then
/// the lower ids of the joined token and of its parts.
pub fn merges<'a>(vocabulary: &Vocabulary<'a>, scores: &[f32]) -> Vec<(&'a str, &'a str)> {
    // Only ordinary tokens take part: a control token's text never comes out
    // of merging, and a byte token's text (`<0x0A>`) is not its content.
    let ids: HashMap<&str, u32> = (0..)
        .zip(vocabulary.tokens.iter().zip(&vocabulary.types))
        .filter(|(_, (_, ty))| matches!(ty, TokenType::Normal | TokenType::UserDefined))
        .map(|(id, (token, _))| (*token, id))
        .collect();
    let mut joins: Vec<Join> = Vec::with_capacity(2 * ids.len());
    for (token, id) in &ids {
        push_joins(token, (*id, scores[*id as usize]), &ids, &mut joins);
    }
    joins.sort_unstable_by(|a, b| {
        let lengths = |join: &Join| Reverse((chars(join.parts.0), chars(join.parts.1)));
        b.score
            .total_cmp(&a.score)
            .then_with(|| lengths(a).cmp(&lengths(b)))
            .then_with(|| (a.joined_id, a.part_ids).cmp(&(b.joined_id, b.part_ids)))
    });
    joins.into_iter().map(|join| join.parts).collect()
}

fn push_joins<'a>(
    token: &'a str,
    (joined_id, score): (u32, f32),
    ids: &HashMap<&str, u32>,
    joins: &mut Vec<Join<'a>>,
) {
    for (at, _) in token.char_indices().skip(1) {
        let parts = token.split_at(at);
        if let (Some(left), Some(right)) = (ids.get(parts.0), ids.get(parts.1)) {
            joins.push(Join {
                score,
                joined_id,
                parts,
                part_ids: (*left, *right),
            });
        }
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Installs the normalizer. `dummy_prefix` puts a space before the text, and
/// before what follows a special token.
pub fn install(tokenizer: &mut Tokenizer, dummy_prefix: bool) -> Result<()> {
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

/// Appends the bytes an ordinary or byte token stands for.
pub fn push_bytes(token: &str, ty: TokenType, out: &mut Vec<u8>) {
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
    use super::{TokenType, push_bytes};

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
}
