//! Segments through a file: the same answers as in memory and as a search by
//! hand, whatever the documents.

use std::io::Write;

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};

use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::store::disk::segment_file::{Check, Opened, open, write};
use crate::retrieval::store::disk::segment_header::VERSION;
use crate::retrieval::store::disk::tokenizer_hash::TokenizerHash;
use crate::speculate::TokenId;

const HASH: TokenizerHash = TokenizerHash([7; 32]);

fn segment(docs: &[Vec<TokenId>]) -> Segment {
    let mut builder = SegmentBuilder::new();
    for (i, tokens) in docs.iter().enumerate() {
        builder.push(&format!("id {i}"), &format!("Titel \u{fc} {i}"), tokens);
    }
    builder.finish()
}

fn bytes(segment: &Segment) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(segment, "item/crime", &HASH, &mut bytes).unwrap();
    bytes
}

fn reopen(bytes: &[u8], check: Check) -> color_eyre::eyre::Result<Opened> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    open(file.path(), check)
}

/// Few distinct tokens, 16 or 32 bits wide, so that much repeats.
fn documents() -> impl Strategy<Value = Vec<Vec<TokenId>>> {
    let base = proptest::sample::select(vec![0, 49_000, 65_534, 200_000]);
    let docs = vec(vec(0..4u32, 0..40), 0..8);
    (docs, base).prop_map(|(docs, base)| {
        let raised = |doc: Vec<u32>| doc.into_iter().map(|t| t + base).collect();
        docs.into_iter().map(raised).collect()
    })
}

fn children(segment: &Segment, ranks: Ranks, depth: u32) -> Vec<(TokenId, Ranks)> {
    let mut found = Vec::new();
    segment.children(ranks, depth, |token, ranks| found.push((token, ranks)));
    found
}

proptest! {
    #[test]
    fn a_mapped_segment_answers_like_a_search_by_hand(
        docs in documents(),
        picks in vec((0..8usize, 0..40usize, 1..6usize), 1..12),
    ) {
        let built = segment(&docs);
        let opened = reopen(&bytes(&built), Check::Whole).unwrap();
        let mapped = &opened.segment;
        prop_assert_eq!(&opened.group, "item/crime");
        prop_assert_eq!(opened.tokenizer, HASH);
        prop_assert_eq!(mapped.n_tokens(), docs.iter().map(Vec::len).sum::<usize>());
        prop_assert_eq!(mapped.frequent(), built.frequent());
        prop_assert_eq!(&mapped.suffixes[..], &built.suffixes[..]);
        for (doc, at, len) in picks {
            let Some(pattern) = docs.get(doc).and_then(|d| d.get(at..at + len)) else {
                continue;
            };
            let ranks = mapped.find(pattern);
            let windows = docs.iter().flat_map(|d| d.windows(len));
            prop_assert_eq!(ranks.len(), windows.filter(|w| w == &pattern).count());
            prop_assert_eq!(ranks, built.find(pattern));
            let depth = len as u32;
            prop_assert_eq!(children(mapped, ranks, depth), children(&built, ranks, depth));
            let anchored = [&[SEPARATOR], pattern].concat();
            let begins = docs.iter().filter(|d| d.starts_with(pattern)).count();
            prop_assert_eq!(mapped.find(&anchored).len(), begins);
            let position = mapped.position(ranks.lo);
            let run = mapped.until_separator(position, len);
            prop_assert_eq!(&run[..], pattern);
        }
        for (i, doc) in docs.iter().enumerate() {
            let id = format!("id {i}");
            let entry = mapped.docs.with_id(&id).next().unwrap();
            prop_assert_eq!(entry.title, format!("Titel \u{fc} {i}"));
            prop_assert_eq!(&mapped.tokens_of(&entry), doc);
        }
        prop_assert!(mapped.docs.with_id("id").next().is_none());
    }
}

fn small() -> Vec<u8> {
    bytes(&segment(&[vec![1, 2, 3, 1, 2], vec![], vec![2, 3, 40_000]]))
}

#[test]
fn the_layout_is_this() {
    let small = small();
    assert_eq!(&small[..8], b"LSPOOLSG");
    assert_eq!(small[8..12], VERSION.to_le_bytes());
    assert_eq!(small[12..16], 2u32.to_le_bytes(), "16-bit ids");
    assert_eq!(small[16..20], 40_001u32.to_le_bytes(), "the limit");
    assert_eq!(
        small[24..32],
        12u64.to_le_bytes(),
        "8 tokens and 4 separators"
    );
    assert_eq!(small[64..96], [7; 32]);
    assert_eq!(small.len() % 8, 0);
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let mut small = small();
    for n in 0..small.len() {
        for check in [Check::Structure, Check::Whole] {
            assert!(reopen(&small[..n], check).is_err(), "{n} bytes");
        }
    }
    assert!(reopen(&small, Check::Whole).is_ok());
    small.push(0);
    let error = reopen(&small, Check::Structure).unwrap_err();
    assert!(format!("{error:#}").contains("too long"), "{error:#}");
}

#[test]
fn every_flipped_bit_is_refused() {
    let small = small();
    for bit in 0..small.len() * 8 {
        let mut flipped = small.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(reopen(&flipped, Check::Whole).is_err(), "bit {bit}");
    }
}
