//! Provenance: which source offers a draft token, after which suffix, how
//! often, and in which documents.

use std::cmp::Reverse;

use super::local::Local;
use super::lookup::{Match, Place, Shelves};
use super::retrieve::Retrieved;
use super::search::{Search, SearchNode};
use super::segment::Ranks;
use crate::speculate::TokenId;
use crate::speculate::draft::{DocHit, DraftTree, Origin};
use crate::speculate::params::Source;
use crate::speculate::trace::SourceHit;

/// Documents named for a draft token.
const MAX_DOCS: usize = 3;
/// Places looked at to find that many different ones.
const MAX_PLACES: usize = 12;

/// Names the origins of every draft token and what the context itself matched.
pub(super) fn explain(search: &Search, local: &Local, mut tree: DraftTree) -> Retrieved {
    let numbers = search_numbers(search, &tree);
    for node in 1..tree.n_rows() {
        let parent = tree.nodes[node].parent.unwrap_or(0);
        if let Some(number) = numbers[parent] {
            let from = search.node(number);
            tree.nodes[node].origins = origins(search, local, from, tree.nodes[node].token);
        }
    }
    let root = search.node(0);
    let hits = Source::ALL.into_iter();
    let hits = hits.filter_map(|s| hit(&search.shelves, local, root, s));
    Retrieved {
        hits: hits.collect(),
        tree,
    }
}

/// The search node of every tree node that was expanded. Both are in the same
/// order.
fn search_numbers(search: &Search, tree: &DraftTree) -> Vec<Option<usize>> {
    let mut numbers: Vec<Option<usize>> = vec![Some(0)];
    let mut next = 1;
    for draft in &tree.nodes[1..] {
        let parent = draft.parent.and_then(|p| numbers[p]);
        let is_next = next < search.n_nodes() && {
            let node = search.node(next);
            Some(node.parent) == parent && node.drafted.last() == Some(&draft.token)
        };
        numbers.push(is_next.then_some(next));
        next += usize::from(is_next);
    }
    numbers
}

/// One origin a source, the longest matched suffix first.
fn origins(search: &Search, local: &Local, from: &SearchNode, token: TokenId) -> Vec<Origin> {
    let n_tokens = local.answer_len() + from.drafted.len();
    let pools = [Source::Group, Source::Global].into_iter();
    let pools = pools.filter_map(|s| pool_origin(&search.shelves, from, s, token, n_tokens));
    let mut origins: Vec<Origin> = pools.chain(local_origin(from, token)).collect();
    origins.sort_by_key(|o| Reverse(o.matched));
    origins
}

/// The longest match of a source's shelves that `token` follows; failing that,
/// the places across a gap, or any, if it is frequent. `n_tokens` is the path's length from the answer's
/// beginning on: an order above it counts the anchor.
fn pool_origin(
    shelves: &Shelves,
    from: &SearchNode,
    source: Source,
    token: TokenId,
    n_tokens: usize,
) -> Option<Origin> {
    // A shelf's matches come longest first.
    let shelves_matches = from.pools.chunk_by(|a, b| a.shelf == b.shelf);
    let of_source = shelves_matches.filter(|m| shelves.source(m[0].shelf) == source);
    let longest = |m: &'_ [Match]| m.iter().find_map(|m| Some((*m, shelves.narrow(m, token)?)));
    let mut found: Vec<(Match, Place)> = of_source.filter_map(longest).collect();
    let Some(order) = found.iter().map(|(m, _)| m.order).max() else {
        return bridge_origin(shelves, from, source, token)
            .or_else(|| common_origin(shelves, source, token));
    };
    found.retain(|(m, _)| m.order == order);
    let places = found.iter();
    let places = places.flat_map(|(m, place)| token_places(shelves, m.shelf, *place));
    Some(Origin {
        source,
        matched: usize::from(order).min(n_tokens) as u32,
        count: found.iter().map(|(_, place)| place.count()).sum(),
        docs: doc_hits(shelves, places),
    })
}

fn matches_of<'n>(
    shelves: &Shelves,
    node: &'n SearchNode,
    source: Source,
) -> impl Iterator<Item = &'n Match> {
    node.pools
        .iter()
        .filter(move |m| shelves.source(m.shelf) == source)
}

/// A token that only follows across a gap that ends right before it.
fn bridge_origin(
    shelves: &Shelves,
    from: &SearchNode,
    source: Source,
    token: TokenId,
) -> Option<Origin> {
    let found: Vec<(u16, u32)> = from
        .bridges
        .iter()
        .filter(|b| shelves.source(b.shelf) == source)
        .filter(|b| shelves.shelf(b.shelf).segment.token(b.at) == token)
        .map(|b| (b.shelf, b.at))
        .collect();
    (!found.is_empty()).then(|| Origin {
        source,
        matched: 0,
        count: found.len() as u32,
        docs: doc_hits(shelves, found.iter().copied()),
    })
}

/// A token that is drafted because it is frequent everywhere.
fn common_origin(shelves: &Shelves, source: Source, token: TokenId) -> Option<Origin> {
    let nearest = shelves.nearest().filter(|&s| shelves.source(s) == source);
    let shelf_of = |s: &u16| shelves.shelf(*s).frequent().any(|t| t.0 == token);
    let found: Vec<Match> = nearest
        .filter(shelf_of)
        .filter_map(|s| shelves.single(s, token))
        .collect();
    let places = found.iter();
    let places = places.flat_map(|m| token_places(shelves, m.shelf, m.place));
    (!found.is_empty()).then(|| Origin {
        source,
        matched: 0,
        count: found.iter().map(|m| m.place.count()).sum(),
        docs: doc_hits(shelves, places),
    })
}

fn local_origin(from: &SearchNode, token: TokenId) -> Option<Origin> {
    let mut found = from.local.iter().filter(|o| o.next == token);
    let matched = found.next()?.matched;
    let others = found.take_while(|o| o.matched == matched).count();
    Some(Origin {
        source: Source::Local,
        matched: matched as u32,
        count: 1 + others as u32,
        docs: Vec::new(),
    })
}

/// Shelf and text position of the token that a narrowed match ends with.
fn token_places<'s>(
    shelves: &'s Shelves,
    shelf: u16,
    place: Place,
) -> impl Iterator<Item = (u16, u32)> + use<'s> {
    let (single, ranks, depth) = match place {
        Place::One(after) => (Some(after), Ranks::NONE, 0),
        Place::Many { ranks, depth, .. } => (None, ranks, depth),
    };
    let starts = (ranks.lo..ranks.hi).filter_map(move |r| shelves.shelf(shelf).visible(r));
    let after = single.into_iter().chain(starts.map(move |s| s + depth));
    after.map(move |position| (shelf, position - 1))
}

/// The first few places that lie in different documents.
fn doc_hits(shelves: &Shelves, places: impl Iterator<Item = (u16, u32)>) -> Vec<DocHit> {
    let mut hits: Vec<DocHit> = Vec::with_capacity(MAX_DOCS);
    for (shelf, position) in places.take(MAX_PLACES) {
        let Some((entry, at)) = shelves.shelf(shelf).locate(position) else {
            continue;
        };
        if hits.iter().all(|h| h.doc != entry.id) {
            let doc = entry.id.to_string();
            hits.push(DocHit { doc, at });
        }
        if hits.len() == MAX_DOCS {
            break;
        }
    }
    hits
}

/// The longest suffix of the context that a source holds.
fn hit(shelves: &Shelves, local: &Local, root: &SearchNode, source: Source) -> Option<SourceHit> {
    if source == Source::Local {
        let matched = root.local.first()?.matched;
        let same = root.local.iter().take_while(|o| o.matched == matched);
        return Some(SourceHit {
            source,
            matched,
            count: same.count(),
        });
    }
    let order = matches_of(shelves, root, source).map(|m| m.order).max()?;
    let longest = matches_of(shelves, root, source).filter(|m| m.order == order);
    Some(SourceHit {
        source,
        matched: usize::from(order).min(local.answer_len()),
        count: longest.map(|m| m.place.count() as usize).sum(),
    })
}
