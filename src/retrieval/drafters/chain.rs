//! The chain drafter: the longest suffix of the context that occurs anywhere, with its
//! most frequent continuation as one branch.
//!
//! After SAM-Decoding (Hu et al., arXiv 2411.10666), which keeps one suffix
//! automaton of a static text and one of the text so far, and follows the one
//! that matches longer. Here the suffix arrays answer the same question.

use crate::retrieval::drafters::copied::Copied;
use crate::retrieval::index::local::Local;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::query::lookup::{LOCAL, SegmentViews};
use crate::retrieval::query::matches::Matches;
use crate::retrieval::query::origins::doc_hits;
use crate::speculate::TokenId;
use crate::speculate::draft::{DraftTree, Origin};
use crate::speculate::params::{Params, Source};

/// Maximum occurrences of the longest suffix to follow; more are sampled evenly.
const MAX_PLACES: usize = 256;

/// `root`: where the context's end occurs.
pub(crate) fn draft(
    views: &SegmentViews,
    local: &Local,
    root: Matches,
    params: &Params,
    mut chance: impl FnMut(Copied) -> f32,
) -> DraftTree {
    let mut tree = DraftTree::root_only(local.last().unwrap_or_default());
    let Some((source, order)) = longest(views, root) else {
        return tree;
    };
    let mut places = places(views, root, source, order);
    let matched = match source {
        Source::Local => order,
        // The anchor before a document is not a token.
        _ => order.min(local.answer().len()),
    };
    let (mut node, mut path_prob) = (0, 1.0);
    let max_drafts = params.budget.max_rows().saturating_sub(1);
    for depth in 0..params.branch.min(max_drafts) {
        let next = |place: &(u16, u32)| views.token(place.0, place.1 + depth as u32);
        let Some(token) = most_frequent(places.iter().map(next)) else {
            break;
        };
        places.retain(|place| next(place) == token);
        path_prob *= chance(Copied {
            parent: node,
            path_prob,
            token,
            source,
            matched,
            depth,
            count: places.len(),
        });
        let here: Vec<(u16, u32)> = places.iter().map(|p| (p.0, p.1 + depth as u32)).collect();
        let origin = origin(views, source, matched + depth, &here);
        node = tree.push(node, token, path_prob, vec![origin]);
    }
    tree
}

/// Where a copied token comes from; `places` are its positions.
fn origin(views: &SegmentViews, source: Source, matched: usize, places: &[(u16, u32)]) -> Origin {
    let in_docs = places.iter().filter(|p| p.0 != LOCAL).copied();
    Origin {
        source,
        matched: matched as u32,
        count: places.len() as u32,
        docs: doc_hits(views, in_docs),
    }
}

/// The longest match and its source; among equals the nearest source.
fn longest(views: &SegmentViews, root: Matches) -> Option<(Source, usize)> {
    let occurrences = root.occurrences().map(|s| (s.view, s.order));
    let intervals = root.intervals().iter().map(|w| (w.view, w.order));
    let (view, order) = occurrences
        .chain(intervals)
        .max_by_key(|&(view, order)| (order, std::cmp::Reverse(view)))?;
    Some((views.source(view), usize::from(order)))
}

/// View and text position of what follows a source's matches of this order.
fn places(views: &SegmentViews, root: Matches, source: Source, order: usize) -> Vec<(u16, u32)> {
    let of = |view, o| views.source(view) == source && usize::from(o) == order;
    let occurrences = root.lone_occurrences().filter(|s| of(s.view, s.order));
    let mut places: Vec<(u16, u32)> = occurrences.map(|s| (s.view, s.at)).collect();
    for interval in root.intervals().iter().filter(|w| of(w.view, w.order)) {
        let view = views.view(interval.view);
        let starts = interval.ranks.spread(MAX_PLACES);
        let starts = starts.filter_map(|rank| view.visible(rank));
        places.extend(starts.map(|start| (interval.view, start + interval.depth)));
    }
    places
}

/// The most frequent token; among equals the first. Separators and end tokens do not count.
fn most_frequent(tokens: impl Iterator<Item = TokenId>) -> Option<TokenId> {
    let mut counts: Vec<(TokenId, usize)> = Vec::new();
    for token in tokens.filter(|&t| t != SEPARATOR) {
        match counts.iter_mut().find(|c| c.0 == token) {
            Some(known) => known.1 += 1,
            None => counts.push((token, 1)),
        }
    }
    let best = counts.iter().map(|c| c.1).max()?;
    counts.iter().find(|c| c.1 == best).map(|c| c.0)
}
