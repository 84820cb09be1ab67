//! The walk down the sources while a tree grows: every expanded node keeps
//! where its path matches. Knows nothing of probabilities.

use super::bridge::{Bridge, find_bridges};
use super::evidence::{self, Evidence, Matches, Scratch};
use super::local::{Local, Occurrence};
use super::lookup::{Match, Shelves};
use super::pools::Pools;
use crate::speculate::TokenId;
use crate::speculate::params::Params;

/// One query: the sources, and the nodes looked at so far.
pub(super) struct Search<'a> {
    pub shelves: Shelves<'a>,
    context: &'a Local,
    /// The context is a source, too.
    use_local: bool,
    nodes: Vec<SearchNode>,
    scratch: Scratch,
}

/// Where a path matches.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchNode {
    pub parent: usize,
    /// The tokens drafted so far.
    pub drafted: Vec<TokenId>,
    pub pools: Vec<Match>,
    pub bridges: Vec<Bridge>,
    pub local: Vec<Occurrence>,
}

impl SearchNode {
    fn matches(&self) -> Matches<'_> {
        Matches {
            pools: &self.pools,
            bridges: &self.bridges,
            local: &self.local,
        }
    }
}

impl<'a> Search<'a> {
    /// The root's node, number 0, is looked up at once.
    pub fn begin(
        pools: &'a Pools,
        group: Option<&str>,
        context: &'a Local,
        params: &Params,
    ) -> Self {
        let shelves = Shelves::new(pools, group, params);
        let window = context.answer_tail(shelves.max_suffix);
        let mut search = Search {
            nodes: Vec::new(),
            scratch: Scratch::default(),
            use_local: params.sources.local,
            context,
            shelves,
        };
        let root = SearchNode {
            pools: search.shelves.root(&window),
            bridges: find_bridges(&search.shelves, &window),
            local: search.occurrences(&[]),
            ..SearchNode::default()
        };
        search.nodes.push(root);
        search
    }

    pub fn node(&self, number: usize) -> &SearchNode {
        &self.nodes[number]
    }

    pub fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Goes one token down; returns the new node's number.
    pub fn descend(&mut self, parent: usize, token: TokenId) -> usize {
        let from = &self.nodes[parent];
        let bridges = from.bridges.iter();
        let bridges = bridges.filter_map(|b| b.follow(&self.shelves, token));
        let drafted = [from.drafted.as_slice(), &[token]].concat();
        let node = SearchNode {
            parent,
            bridges: bridges.collect(),
            pools: self.shelves.child(&from.pools, token),
            local: self.occurrences(&drafted),
            drafted,
        };
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn occurrences(&self, drafted: &[TokenId]) -> Vec<Occurrence> {
        if self.use_local {
            self.context.occurrences(drafted, self.shelves.max_suffix)
        } else {
            Vec::new()
        }
    }

    /// Shows what followed a node's path until `visit` has enough (false).
    pub fn evidence(&mut self, number: usize, visit: impl FnMut(&Evidence) -> bool) {
        let matches = self.nodes[number].matches();
        evidence::for_each(&self.shelves, matches, &mut self.scratch, visit);
    }
}
