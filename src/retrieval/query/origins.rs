//! Provenance: which source offers a draft token, after which suffix, how often, and in
//! which documents.

use std::cmp::Reverse;

use crate::retrieval::index::local::Local;
use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::query::lookup::{LOCAL, Occurrence, SaInterval, SegmentViews};
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
pub(crate) fn explain(
    views: &SegmentViews,
    nodes: &mut Nodes,
    local: &Local,
    tree: &mut DraftTree,
) {
    // The search node of every tree node that was expanded, as parents were.
    let mut numbers: Vec<Option<usize>> = vec![Some(0)];
    for node in 1..tree.n_rows() {
        let draft = &mut tree.nodes[node];
        let parent = draft.parent.and_then(|p| numbers[p]);
        numbers.push(parent.and_then(|p| nodes.child(p, draft.token)));
        if let Some(number) = parent.filter(|_| draft.origins.is_empty()) {
            let n_tokens = local.answer().len() + nodes.depth(number);
            nodes.complete(views, number);
            draft.origins = origins(views, nodes.matches(number), draft.token, n_tokens);
        }
    }
}

/// What the context itself matched, source by source.
pub(crate) fn hits(search: &Search, local: &Local) -> Vec<SourceHit> {
    let root = search.nodes.matches(0);
    let sources = Source::ALL.into_iter();
    let hits = sources.filter_map(|s| hit(search.views, root, s, local.answer().len()));
    hits.collect()
}

/// The longest suffix of the context that occurs in a source.
fn hit(
    views: &SegmentViews,
    root: Matches,
    source: Source,
    answer_len: usize,
) -> Option<SourceHit> {
    let occurrences = root.lone_occurrences();
    let occurrences = occurrences.filter(|s| views.source(s.view) == source);
    let intervals = root.intervals().iter();
    let intervals = intervals.filter(|w| views.source(w.view) == source);
    let orders = occurrences.clone().map(|s| s.order);
    let order = orders.chain(intervals.clone().map(|w| w.order)).max()?;
    let n_occurrences = occurrences.filter(|s| s.order == order).count();
    let n_intervals: u32 = intervals
        .filter(|w| w.order == order)
        .map(|w| w.count)
        .sum();
    Some(SourceHit {
        source,
        matched: match source {
            Source::Local => usize::from(order),
            _ => usize::from(order).min(answer_len),
        },
        count: n_occurrences + n_intervals as usize,
    })
}

/// One origin per source, the longest matched suffix first. `n_tokens` is the path's
/// length from the answer's beginning on: an order above it counts the anchor.
fn origins(views: &SegmentViews, from: Matches, token: TokenId, n_tokens: usize) -> Vec<Origin> {
    let pools = [Source::Group, Source::Online, Source::Global].into_iter();
    let pools = pools.filter_map(|source| {
        exact_origin(views, from, source, token, n_tokens)
            .or_else(|| bridge_origin(views, from, source, token))
            .or_else(|| common_origin(views, source, token))
    });
    let mut origins: Vec<Origin> = pools.chain(local_origin(from, token)).collect();
    origins.sort_by_key(|o| Reverse(o.matched));
    origins
}

/// Occurrences of a token after one suffix on one view.
struct FoundOccurrences {
    order: u16,
    count: u32,
    view: u16,
    place: OccurrencePlace,
}

/// The positions of the token itself.
enum OccurrencePlace {
    At(u32),
    /// The suffixes that have it as their symbol at `depth`.
    Among {
        ranks: Ranks,
        depth: u32,
    },
}

/// The longest match of a source's views followed by `token`. In sources other than
/// the nearest, a draft's places and count come from the context's matches.
fn exact_origin(
    views: &SegmentViews,
    from: Matches,
    source: Source,
    token: TokenId,
    n_tokens: usize,
) -> Option<Origin> {
    let mut found: Vec<FoundOccurrences> = Vec::new();
    let occurrences = from.lone_occurrences();
    let occurrences = occurrences.filter(|s| s.next == token && views.source(s.view) == source);
    found.extend(occurrences.map(occurrence_found));
    for view in from.intervals().chunk_by(|a, b| a.view == b.view) {
        let number = view[0].view;
        // A view's occurrences match longer than its intervals.
        if views.source(number) == source && found.iter().all(|f| f.view != number) {
            found.extend(view.iter().find_map(|w| interval_found(views, w, token)));
        }
    }
    let order = found.iter().map(|f| f.order).max()?;
    found.retain(|f| f.order == order);
    let places = found.iter();
    let places = places.flat_map(|f| token_places(views, f));
    Some(Origin {
        source,
        matched: usize::from(order).min(n_tokens) as u32,
        count: found.iter().map(|f| f.count).sum(),
        docs: doc_hits(views, places),
    })
}

fn occurrence_found(occurrence: &Occurrence) -> FoundOccurrences {
    FoundOccurrences {
        order: occurrence.order,
        count: 1,
        view: occurrence.view,
        place: OccurrencePlace::At(occurrence.at),
    }
}

fn interval_found(
    views: &SegmentViews,
    interval: &SaInterval,
    token: TokenId,
) -> Option<FoundOccurrences> {
    let view = views.view(interval.view);
    let ranks = view.segment.narrow(interval.ranks, interval.depth, token);
    let count = view.count(ranks) as u32;
    let depth = interval.depth;
    (count > 0).then_some(FoundOccurrences {
        order: interval.order,
        count,
        view: interval.view,
        place: OccurrencePlace::Among { ranks, depth },
    })
}

/// A token that follows only across a gap ending right before it.
fn bridge_origin(
    views: &SegmentViews,
    from: Matches,
    source: Source,
    token: TokenId,
) -> Option<Origin> {
    let bridges = from.bridges.iter();
    let bridges = bridges.filter(|b| b.next == token && views.source(b.view) == source);
    let found: Vec<(u16, u32)> = bridges.map(|b| (b.view, b.at)).collect();
    (!found.is_empty()).then(|| Origin {
        source,
        matched: 0,
        count: found.len() as u32,
        docs: doc_hits(views, found.iter().copied()),
    })
}

/// A token drafted because it is frequent overall.
fn common_origin(views: &SegmentViews, source: Source, token: TokenId) -> Option<Origin> {
    let nearest = views.nearest().filter(|&s| views.source(s) == source);
    let is_frequent = |s: &u16| views.view(*s).frequent().any(|t| t.0 == token);
    let found: Vec<FoundOccurrences> = nearest
        .filter(is_frequent)
        .map(|number| {
            let view = views.view(number);
            let ranks = view.segment.bucket(token);
            FoundOccurrences {
                order: 0,
                count: view.count(ranks) as u32,
                view: number,
                place: OccurrencePlace::Among { ranks, depth: 0 },
            }
        })
        .collect();
    let places = found.iter();
    let places = places.flat_map(|f| token_places(views, f));
    (!found.is_empty()).then(|| Origin {
        source,
        matched: 0,
        count: found.iter().map(|f| f.count).sum(),
        docs: doc_hits(views, places),
    })
}

fn local_origin(from: Matches, token: TokenId) -> Option<Origin> {
    let occurrences = from.occurrences();
    let occurrences = occurrences.filter(|s| s.view == LOCAL && s.next == token);
    let matched = occurrences.clone().map(|s| s.order).max()?;
    Some(Origin {
        source: Source::Local,
        matched: u32::from(matched),
        count: occurrences.filter(|s| s.order == matched).count() as u32,
        docs: Vec::new(),
    })
}

/// View and text position of the token.
fn token_places<'s>(
    views: &'s SegmentViews,
    found: &FoundOccurrences,
) -> impl Iterator<Item = (u16, u32)> + use<'s> {
    let view = found.view;
    let (single, ranks, depth) = match found.place {
        OccurrencePlace::At(at) => (Some(at), Ranks::NONE, 0),
        OccurrencePlace::Among { ranks, depth } => (None, ranks, depth),
    };
    let starts = (ranks.lo..ranks.hi).filter_map(move |r| views.view(view).visible(r));
    let places = single.into_iter().chain(starts.map(move |s| s + depth));
    places.map(move |position| (view, position))
}

/// The first few places in different documents.
pub(crate) fn doc_hits(
    views: &SegmentViews,
    places: impl Iterator<Item = (u16, u32)>,
) -> Vec<DocHit> {
    let mut hits: Vec<DocHit> = Vec::with_capacity(MAX_DOCS);
    for (view, position) in places.take(MAX_PLACES) {
        let Some((entry, at)) = views.view(view).locate(position) else {
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
