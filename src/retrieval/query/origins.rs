//! Provenance: which source offers a draft token, after which suffix, how often, and in
//! which documents.

use std::cmp::Reverse;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::query::lookup::{LOCAL, Shelves, Spot, Wide};
use crate::retrieval::query::matches::Matches;
use crate::retrieval::query::search::{Nodes, Search};
use crate::speculate::TokenId;
use crate::speculate::draft::{DocHit, DraftTree, Origin};
use crate::speculate::params::Source;
use crate::speculate::trace::SourceHit;

/// Maximum documents named per draft token.
const MAX_DOCS: usize = 3;
/// Maximum places examined to find that many different documents.
const MAX_PLACES: usize = 12;

/// Adds the origins of every draft token that has none yet.
pub(crate) fn explain(shelves: &Shelves, nodes: &mut Nodes, local: &Local, tree: &mut DraftTree) {
    // The search node of every tree node that was expanded, as parents were.
    let mut numbers: Vec<Option<usize>> = vec![Some(0)];
    for node in 1..tree.n_rows() {
        let draft = &mut tree.nodes[node];
        let parent = draft.parent.and_then(|p| numbers[p]);
        numbers.push(parent.and_then(|p| nodes.child(p, draft.token)));
        if let Some(number) = parent.filter(|_| draft.origins.is_empty()) {
            let n_tokens = local.answer().len() + nodes.depth(number);
            nodes.complete(shelves, number);
            draft.origins = origins(shelves, nodes.matches(number), draft.token, n_tokens);
        }
    }
}

/// What the context itself matched, source by source.
pub(crate) fn hits(search: &Search, local: &Local) -> Vec<SourceHit> {
    let root = search.nodes.matches(0);
    let sources = Source::ALL.into_iter();
    let hits = sources.filter_map(|s| hit(search.shelves, root, s, local.answer().len()));
    hits.collect()
}

/// The longest suffix of the context that occurs in a source.
fn hit(shelves: &Shelves, root: Matches, source: Source, answer_len: usize) -> Option<SourceHit> {
    let spots = root.lone_spots();
    let spots = spots.filter(|s| shelves.source(s.shelf) == source);
    let wides = root.wides().iter();
    let wides = wides.filter(|w| shelves.source(w.shelf) == source);
    let orders = spots.clone().map(|s| s.order);
    let order = orders.chain(wides.clone().map(|w| w.order)).max()?;
    let n_spots = spots.filter(|s| s.order == order).count();
    let n_wide: u32 = wides.filter(|w| w.order == order).map(|w| w.count).sum();
    Some(SourceHit {
        source,
        matched: match source {
            Source::Local => usize::from(order),
            _ => usize::from(order).min(answer_len),
        },
        count: n_spots + n_wide as usize,
    })
}

/// One origin per source, the longest matched suffix first. `n_tokens` is the path's
/// length from the answer's beginning on: an order above it counts the anchor.
fn origins(shelves: &Shelves, from: Matches, token: TokenId, n_tokens: usize) -> Vec<Origin> {
    let pools = [Source::Group, Source::Online, Source::Global].into_iter();
    let pools = pools.filter_map(|source| {
        exact_origin(shelves, from, source, token, n_tokens)
            .or_else(|| bridge_origin(shelves, from, source, token))
            .or_else(|| common_origin(shelves, source, token))
    });
    let mut origins: Vec<Origin> = pools.chain(local_origin(from, token)).collect();
    origins.sort_by_key(|o| Reverse(o.matched));
    origins
}

/// Occurrences of a token after one suffix on one shelf.
struct Found {
    order: u16,
    count: u32,
    shelf: u16,
    place: Place,
}

/// The positions of the token itself.
enum Place {
    At(u32),
    /// The suffixes that have it as their symbol at `depth`.
    Among {
        ranks: Ranks,
        depth: u32,
    },
}

/// The longest match of a source's shelves followed by `token`. In sources other than
/// the nearest, a draft's places and count come from the context's matches.
fn exact_origin(
    shelves: &Shelves,
    from: Matches,
    source: Source,
    token: TokenId,
    n_tokens: usize,
) -> Option<Origin> {
    let mut found: Vec<Found> = Vec::new();
    let spots = from.lone_spots();
    let spots = spots.filter(|s| s.next == token && shelves.source(s.shelf) == source);
    found.extend(spots.map(spot_found));
    for shelf in from.wides().chunk_by(|a, b| a.shelf == b.shelf) {
        let number = shelf[0].shelf;
        // A shelf's spots match longer than its intervals.
        if shelves.source(number) == source && found.iter().all(|f| f.shelf != number) {
            found.extend(shelf.iter().find_map(|w| wide_found(shelves, w, token)));
        }
    }
    let order = found.iter().map(|f| f.order).max()?;
    found.retain(|f| f.order == order);
    let places = found.iter();
    let places = places.flat_map(|f| token_places(shelves, f));
    Some(Origin {
        source,
        matched: usize::from(order).min(n_tokens) as u32,
        count: found.iter().map(|f| f.count).sum(),
        docs: doc_hits(shelves, places),
    })
}

fn spot_found(spot: &Spot) -> Found {
    Found {
        order: spot.order,
        count: 1,
        shelf: spot.shelf,
        place: Place::At(spot.at),
    }
}

fn wide_found(shelves: &Shelves, wide: &Wide, token: TokenId) -> Option<Found> {
    let shelf = shelves.shelf(wide.shelf);
    let ranks = shelf.segment.narrow(wide.ranks, wide.depth, token);
    let count = shelf.count(ranks) as u32;
    let depth = wide.depth;
    (count > 0).then_some(Found {
        order: wide.order,
        count,
        shelf: wide.shelf,
        place: Place::Among { ranks, depth },
    })
}

/// A token that follows only across a gap ending right before it.
fn bridge_origin(
    shelves: &Shelves,
    from: Matches,
    source: Source,
    token: TokenId,
) -> Option<Origin> {
    let bridges = from.bridges.iter();
    let bridges = bridges.filter(|b| b.next == token && shelves.source(b.shelf) == source);
    let found: Vec<(u16, u32)> = bridges.map(|b| (b.shelf, b.at)).collect();
    (!found.is_empty()).then(|| Origin {
        source,
        matched: 0,
        count: found.len() as u32,
        docs: doc_hits(shelves, found.iter().copied()),
    })
}

/// A token drafted because it is frequent overall.
fn common_origin(shelves: &Shelves, source: Source, token: TokenId) -> Option<Origin> {
    let nearest = shelves.nearest().filter(|&s| shelves.source(s) == source);
    let is_frequent = |s: &u16| shelves.shelf(*s).frequent().any(|t| t.0 == token);
    let found: Vec<Found> = nearest
        .filter(is_frequent)
        .map(|number| {
            let shelf = shelves.shelf(number);
            let ranks = shelf.segment.bucket(token);
            Found {
                order: 0,
                count: shelf.count(ranks) as u32,
                shelf: number,
                place: Place::Among { ranks, depth: 0 },
            }
        })
        .collect();
    let places = found.iter();
    let places = places.flat_map(|f| token_places(shelves, f));
    (!found.is_empty()).then(|| Origin {
        source,
        matched: 0,
        count: found.iter().map(|f| f.count).sum(),
        docs: doc_hits(shelves, places),
    })
}

fn local_origin(from: Matches, token: TokenId) -> Option<Origin> {
    let spots = from.spots();
    let spots = spots.filter(|s| s.shelf == LOCAL && s.next == token);
    let matched = spots.clone().map(|s| s.order).max()?;
    Some(Origin {
        source: Source::Local,
        matched: u32::from(matched),
        count: spots.filter(|s| s.order == matched).count() as u32,
        docs: Vec::new(),
    })
}

/// Shelf and text position of the token.
fn token_places<'s>(
    shelves: &'s Shelves,
    found: &Found,
) -> impl Iterator<Item = (u16, u32)> + use<'s> {
    let shelf = found.shelf;
    let (single, ranks, depth) = match found.place {
        Place::At(at) => (Some(at), Ranks::NONE, 0),
        Place::Among { ranks, depth } => (None, ranks, depth),
    };
    let starts = (ranks.lo..ranks.hi).filter_map(move |r| shelves.shelf(shelf).visible(r));
    let places = single.into_iter().chain(starts.map(move |s| s + depth));
    places.map(move |position| (shelf, position))
}

/// The first few places in different documents.
pub(crate) fn doc_hits(shelves: &Shelves, places: impl Iterator<Item = (u16, u32)>) -> Vec<DocHit> {
    let mut hits: Vec<DocHit> = Vec::with_capacity(MAX_DOCS);
    for (shelf, position) in places.take(MAX_PLACES) {
        let Some((entry, at)) = shelves.shelf(shelf).locate(position) else {
            continue;
        };
        if hits.iter().all(|h| h.doc != entry.id) {
            let doc = entry.id.into();
            hits.push(DocHit { doc, at });
        }
        if hits.len() == MAX_DOCS {
            break;
        }
    }
    hits
}
