//! Runs every query on bytes that claim to be a segment file, for the fuzz target and
//! the tests of damage. Nothing may panic.

use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::store::disk::segment_file::{Opened, open_resealed};

/// Opens the bytes as a segment, with checksums fixed so that damage gets past them,
/// and queries it. False if they were refused.
pub fn probe_segment(bytes: &[u8]) -> bool {
    match open_resealed(bytes) {
        Ok(opened) => {
            probe(&opened);
            true
        }
        Err(_) => false,
    }
}

fn probe(opened: &Opened) {
    let segment = &opened.segment;
    let n_ranks = segment.suffixes.len() as u32;
    let n_docs = segment.n_docs();
    assert!(segment.n_tokens() <= n_ranks as usize);
    for doc in (0..n_docs.min(64)).chain([n_docs, usize::MAX / 4]) {
        if let Some(entry) = segment.docs.get(doc) {
            let n_same = segment.docs.with_id(entry.id).take(8).count();
            let tokens = segment.tokens_of(&entry);
            assert!(tokens.len() + n_same + entry.title.len() < usize::MAX);
        }
    }
    let all = Ranks { lo: 0, hi: n_ranks };
    for rank in all.spread(64) {
        let position = segment.position(rank);
        let run = segment.until_separator(position, 16);
        check_ranks(segment, segment.find(&run), n_ranks);
        check_ranks(segment, segment.find(&[SEPARATOR]), n_ranks);
        segment.rank_of(position);
        if let Some(entry) = segment.entry_at(position) {
            assert!(entry.tokens.contains(&position));
        }
    }
    for &(token, _) in segment.frequent() {
        let mut ranks = segment.bucket(token);
        for depth in 1..12 {
            check_ranks(segment, ranks, n_ranks);
            let mut next = None;
            segment.children(ranks, depth, |token, _| next = next.or(Some(token)));
            let Some(token) = next else { break };
            ranks = segment.narrow(ranks, depth, token);
        }
    }
}

fn check_ranks(segment: &Segment, ranks: Ranks, n_ranks: u32) {
    assert!(ranks.lo <= ranks.hi && ranks.hi <= n_ranks);
    for rank in ranks.spread(4) {
        let token = segment.token(segment.position(rank));
        assert!(token < segment.limit() || token == SEPARATOR);
    }
}
