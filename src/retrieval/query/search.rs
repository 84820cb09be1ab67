//! The search of the sources while a tree grows: every expanded node remembers where
//! its path occurs. Does not know probabilities.

use std::ops::Range;

use crate::retrieval::index::local::Local;
use crate::retrieval::query::bridge::Bridge;
use crate::retrieval::query::evidence::Visit;
use crate::retrieval::query::gather::Scratch;
use crate::retrieval::query::lookup::{Before, Places, Reach, SaInterval, SegmentViews, Span};
use crate::retrieval::query::matches::Matches;
use crate::retrieval::query::walk::Walk;
use crate::speculate::TokenId;

/// The nodes searched for one draft, and their places. Reused for the next, without
/// allocations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    places: Places,
    bridges: Vec<Bridge>,
    nodes: Vec<Node>,
    scratch: Scratch,
}

/// Where a path occurs.
#[derive(Clone, Debug)]
struct Node {
    parent: usize,
    token: TokenId,
    /// Number of tokens drafted on the path.
    depth: usize,
    span: Span,
    bridges: Range<usize>,
    rest: Rest,
}

/// The occurrences other than earlier occurrences: shorter and more numerous, often not needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Known,
    /// Not looked up yet. They match at most `order` symbols; the parent's may be unknown.
    Unknown {
        order: u16,
        parent: bool,
    },
}

impl Rest {
    /// A child's, given its parent's intervals.
    fn of_child(self, intervals: &[SaInterval]) -> Rest {
        let longest = intervals.iter().map(|w| w.order).max();
        match self {
            Rest::Known => Rest::Unknown {
                order: longest.unwrap_or(0) + 1,
                parent: true,
            },
            Rest::Unknown { order, .. } => Rest::Unknown {
                order: order + 1,
                parent: false,
            },
        }
    }
}

/// One query: the sources, and the nodes searched so far.
pub(crate) struct Search<'s, 'a> {
    pub(crate) views: &'s SegmentViews<'a>,
    pub(crate) nodes: &'s mut Nodes,
}

impl Nodes {
    pub(crate) fn matches(&self, number: usize) -> Matches<'_> {
        let node = &self.nodes[number];
        Matches {
            places: &self.places,
            span: &node.span,
            bridges: &self.bridges[node.bridges.clone()],
        }
    }

    /// Tokens drafted on a node's path.
    pub(crate) fn depth(&self, number: usize) -> usize {
        self.nodes[number].depth
    }

    /// The child of a node for `token`, if it exists.
    pub(crate) fn child(&self, number: usize, token: TokenId) -> Option<usize> {
        let is_child = |&n: &usize| self.nodes[n].parent == number && self.nodes[n].token == token;
        (number + 1..self.nodes.len()).find(is_child)
    }

    /// Looks up everything at a node.
    pub(crate) fn complete(&mut self, views: &SegmentViews, number: usize) {
        let Rest::Unknown { parent, .. } = self.nodes[number].rest else {
            return;
        };
        let above = self.nodes[number].parent;
        self.complete(views, above);
        let (from, token) = (&self.nodes[above], self.nodes[number].token);
        let mut span = self.nodes[number].span.clone();
        let first_late = self.places.occurrences.len();
        span.late = first_late..first_late;
        if !parent {
            views.follow_occurrences(&mut self.places, from.span.late.clone(), token);
        }
        let before = Before {
            intervals: from.span.intervals.clone(),
            last: from.token,
        };
        views.follow_rest(&mut self.places, &mut span, before, token, Reach::Draft);
        let node = &mut self.nodes[number];
        node.span = span;
        node.rest = Rest::Known;
    }

    fn clear(&mut self) {
        self.places.clear();
        self.bridges.clear();
        self.nodes.clear();
        self.scratch.begin();
    }
}

impl<'s, 'a> Search<'s, 'a> {
    /// Begins at the context's end, which the walk has reached: the root's node, number 0.
    pub(crate) fn begin(
        views: &'s SegmentViews<'a>,
        nodes: &'s mut Nodes,
        walk: &Walk,
        context: &Local,
    ) -> Self {
        nodes.clear();
        let places = &mut nodes.places;
        places
            .occurrences
            .extend_from_slice(&walk.places.occurrences);
        places.intervals.extend_from_slice(&walk.places.intervals);
        views.find_local(places);
        nodes.bridges.extend_from_slice(&walk.bridges);
        let root = Node {
            parent: 0,
            token: context.last().unwrap_or_default(),
            depth: 0,
            span: Span {
                occurrences: 0..places.occurrences.len(),
                late: 0..0,
                intervals: 0..places.intervals.len(),
            },
            bridges: 0..walk.bridges.len(),
            rest: Rest::Known,
        };
        nodes.nodes.push(root);
        Search { views, nodes }
    }

    /// Descends by one token; returns the new node's number.
    pub(crate) fn descend(&mut self, parent: usize, token: TokenId) -> usize {
        let Nodes {
            places,
            bridges,
            nodes,
            ..
        } = &mut *self.nodes;
        let from = &nodes[parent];
        let first_bridge = bridges.len();
        for i in from.bridges.clone() {
            if bridges[i].next == token {
                let moved = bridges[i].moved(self.views);
                bridges.push(moved);
            }
        }
        let first = places.occurrences.len();
        for occurrences in [from.span.occurrences.clone(), from.span.late.clone()] {
            self.views.follow_occurrences(places, occurrences, token);
        }
        let rest = from.rest.of_child(places.intervals(&from.span));
        let node = Node {
            parent,
            token,
            depth: from.depth + 1,
            span: Span {
                occurrences: first..places.occurrences.len(),
                ..Span::default()
            },
            bridges: first_bridge..bridges.len(),
            rest,
        };
        nodes.push(node);
        nodes.len() - 1
    }

    /// Passes on what followed a node's path, the longest match first, until `visit`
    /// has enough (false). Short matches come last and cost most: they are looked up
    /// only if `visit` still needs more.
    pub(crate) fn evidence(&mut self, number: usize, visit: &mut impl Visit) {
        let mut scratch = std::mem::take(&mut self.nodes.scratch);
        scratch.begin_node();
        let first = match self.nodes.nodes[number].rest {
            Rest::Known => 0,
            Rest::Unknown { order, .. } => order + 1,
        };
        let matches = self.nodes.matches(number);
        let wants_more = scratch.show(self.views, matches, first..=u16::MAX, visit);
        if first > 0 && wants_more && visit.wants_rest() {
            self.nodes.complete(self.views, number);
            let matches = self.nodes.matches(number);
            scratch.show(self.views, matches, 0..=first - 1, visit);
        }
        self.nodes.scratch = scratch;
    }
}
