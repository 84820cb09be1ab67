//! Builds a draft tree from weighted continuations: best path probability first, until
//! the rows are spent. Does not know where continuations come from.

use serde::{Deserialize, Serialize};

use super::TokenId;
use super::params::{MAX_ROWS, Source};
use super::subject::DocId;

/// A position in a pool document where a draft token was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocHit {
    /// The document's id (an item's or a user's).
    pub doc: DocId,
    /// Token position in the document.
    pub at: u32,
}

/// Why a draft token was drafted: one entry per source that offered it, the
/// longest matched suffix first. The token is credited to the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Which source offered it.
    pub source: Source,
    /// Length of the suffix of the node's path that matched, in tokens. 0: a
    /// document's start, the far side of a gap, or just a frequent token.
    pub matched: u32,
    /// How often the token followed that suffix in the source.
    pub count: u32,
    /// A few of the documents; empty for [`Source::Local`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<DocHit>,
}

/// A draft token, or the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftNode {
    /// Its id.
    pub token: TokenId,
    /// `None` for the root only.
    pub parent: Option<usize>,
    /// Distance from the root.
    pub depth: usize,
    /// Estimated probability that the whole path up to here is accepted.
    pub path_prob: f32,
    /// Who offered it; the root has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
}

/// Nodes in draft order; a parent always comes before its children, so that
/// any prefix is a tree. Node 0 is the root: the last committed token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftTree {
    /// At least the root.
    pub nodes: Vec<DraftNode>,
}

impl DraftTree {
    /// The tree without drafts: one row, plain autoregressive decoding.
    pub fn root_only(token: TokenId) -> Self {
        let root = DraftNode {
            token,
            parent: None,
            depth: 0,
            path_prob: 1.0,
            origins: Vec::new(),
        };
        DraftTree { nodes: vec![root] }
    }

    /// Rows of the forward pass: root and draft tokens.
    pub fn n_rows(&self) -> usize {
        self.nodes.len()
    }

    /// Draft tokens: everything but the root.
    pub fn n_drafts(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Appends a draft token and returns its index.
    pub fn push(
        &mut self,
        parent: usize,
        token: TokenId,
        path_prob: f32,
        origins: Vec<Origin>,
    ) -> usize {
        let depth = self.nodes[parent].depth + 1;
        self.nodes.push(DraftNode {
            token,
            parent: Some(parent),
            depth,
            path_prob,
            origins,
        });
        self.nodes.len() - 1
    }

    /// Indices of a node's children, in draft order.
    pub fn children(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (node + 1..self.nodes.len()).filter(move |&i| self.nodes[i].parent == Some(node))
    }

    /// Node indices from the root to `node`, both included.
    pub fn path(&self, node: usize) -> Vec<usize> {
        let mut path = vec![node];
        let mut at = node;
        while let Some(parent) = self.nodes[at].parent {
            path.push(parent);
            at = parent;
        }
        path.reverse();
        path
    }

    /// Keeps the first `rows` nodes: the tree that the same drafter builds under a
    /// smaller budget.
    pub fn truncate(&mut self, rows: usize) {
        self.nodes.truncate(rows.max(1));
    }

    /// As [`truncate`](Self::truncate); returns the nodes cut off, in order.
    pub(crate) fn split_off(&mut self, rows: usize) -> Vec<DraftNode> {
        let rows = rows.max(1).min(self.nodes.len());
        self.nodes.split_off(rows)
    }

    /// Drops every node below a token that ends the text: nothing below it can be
    /// committed.
    pub fn prune_below(&mut self, ends: &[TokenId]) {
        let mut kept: Vec<Option<usize>> = Vec::with_capacity(self.nodes.len());
        let mut nodes: Vec<DraftNode> = Vec::with_capacity(self.nodes.len());
        for mut node in std::mem::take(&mut self.nodes) {
            let parent = node.parent.map(|p| kept[p]);
            let below_end = |p: usize| p != 0 && ends.contains(&nodes[p].token);
            if matches!(parent, Some(p) if p.is_none_or(below_end)) {
                kept.push(None);
                continue;
            }
            node.parent = parent.flatten();
            kept.push(Some(nodes.len()));
            nodes.push(node);
        }
        self.nodes = nodes;
    }

    /// Expected draft tokens accepted: the sum of the path probabilities.
    pub(crate) fn expected_accepted(&self) -> f32 {
        self.nodes[1..].iter().map(|n| n.path_prob).sum()
    }
}

/// One candidate next token below a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continuation {
    /// Its id.
    pub token: TokenId,
    /// Estimated probability that it is accepted, given that the path was.
    pub prob: f32,
}

/// Limits of a tree.
#[derive(Clone, Copy, Debug)]
pub struct DraftLimits {
    /// Rows, the root included.
    pub rows: usize,
    /// Longest branch, in draft tokens.
    pub branch: usize,
    /// Paths less probable than this do not get a row.
    pub min_prob: f32,
}

/// A draft token that may join the tree.
#[derive(Clone, Copy, Debug)]
struct Lead {
    parent: usize,
    token: TokenId,
    path_prob: f32,
}

/// The leads that can still join a tree of [`MAX_ROWS`], the least probable
/// first. A smaller budget keeps as many, so that its tree is a prefix.
struct Frontier {
    leads: Vec<Lead>,
    room: usize,
}

impl Frontier {
    fn new() -> Self {
        Frontier {
            leads: Vec::with_capacity(MAX_ROWS),
            room: MAX_ROWS - 1,
        }
    }

    /// What a lead must exceed to be kept.
    fn floor(&self) -> f32 {
        match self.leads.first() {
            Some(least) if self.leads.len() >= self.room => least.path_prob,
            _ => 0.0,
        }
    }

    fn offer(&mut self, lead: Lead) {
        let is_full = self.leads.len() >= self.room;
        if is_full && lead.path_prob <= self.floor() {
            return;
        }
        // Among equals, the first found comes first.
        let at = self.leads.partition_point(|l| l.path_prob < lead.path_prob);
        if is_full {
            self.leads.copy_within(1..at, 0);
            self.leads[at - 1] = lead;
        } else {
            self.leads.insert(at, lead);
        }
    }

    fn pop(&mut self) -> Option<Lead> {
        self.room = self.room.saturating_sub(1);
        self.leads.pop()
    }
}

/// A node to be expanded.
#[derive(Clone, Copy, Debug)]
pub struct Growing {
    /// Its index in the tree.
    pub node: usize,
    /// `None` for the root.
    pub parent: Option<usize>,
    pub(crate) token: TokenId,
    pub(crate) path_prob: f32,
    /// Path probabilities up to this can no longer join the tree.
    pub(crate) floor: f32,
}

impl Growing {
    fn at(tree: &DraftTree, node: usize, floor: f32) -> Self {
        let DraftNode {
            token,
            parent,
            path_prob,
            ..
        } = tree.nodes[node];
        Growing {
            node,
            parent,
            token,
            path_prob,
            floor,
        }
    }
}

/// Grows a tree best-first by path probability. A child never exceeds its
/// parent, so the first n nodes are the n most probable ones, and the expected
/// number of accepted tokens is the highest that n rows can have.
///
/// `expand` lists the continuations below a node; tokens must be distinct among them.
/// Nodes are expanded in the tree's order.
pub fn grow(
    root: TokenId,
    limits: &DraftLimits,
    mut expand: impl FnMut(Growing, &mut Vec<Continuation>),
) -> DraftTree {
    let mut tree = DraftTree::root_only(root);
    if limits.rows <= 1 || limits.branch == 0 {
        return tree;
    }
    tree.nodes.reserve(limits.rows - 1);
    let mut frontier = Frontier::new();
    let mut list = Vec::new();
    let mut next = Some(Lead {
        parent: 0,
        token: root,
        path_prob: 1.0,
    });
    while let Some(lead) = next {
        let is_root = frontier.room == MAX_ROWS - 1;
        let node = match is_root {
            true => 0,
            false => tree.push(lead.parent, lead.token, lead.path_prob, Vec::new()),
        };
        if tree.n_rows() >= limits.rows {
            break;
        }
        if tree.nodes[node].depth < limits.branch {
            let floor = frontier.floor().max(limits.min_prob);
            list.clear();
            expand(Growing::at(&tree, node, floor), &mut list);
            offer_all(&mut frontier, node, lead.path_prob, limits.min_prob, &list);
        }
        next = frontier.pop();
    }
    tree
}

fn offer_all(
    frontier: &mut Frontier,
    parent: usize,
    base: f32,
    min_prob: f32,
    list: &[Continuation],
) {
    for continuation in list {
        let path_prob = base * continuation.prob.min(1.0);
        if path_prob >= min_prob {
            frontier.offer(Lead {
                parent,
                token: continuation.token,
                path_prob,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(growing: Growing, list: &mut Vec<Continuation>) {
        list.extend([(0, 0.6), (1, 0.3)].map(|(bit, prob)| Continuation {
            token: growing.token * 2 + bit,
            prob,
        }));
    }

    #[test]
    fn grows_best_first_under_the_budget() {
        let limits = DraftLimits {
            rows: 6,
            branch: 3,
            min_prob: 0.0,
        };
        let tree = grow(1, &limits, binary);
        let probs: Vec<f32> = tree.nodes.iter().map(|n| n.path_prob).collect();
        assert!(probs.windows(2).all(|w| w[0] >= w[1]), "{probs:?}");
        assert_eq!(tree.n_rows(), 6);
        assert!(tree.nodes.iter().all(|n| n.depth <= 3));
        assert!(
            tree.nodes
                .iter()
                .enumerate()
                .skip(1)
                .all(|(i, n)| n.parent.unwrap() < i)
        );
    }

    #[test]
    fn one_row_asks_for_nothing() {
        let limits = DraftLimits {
            rows: 1,
            branch: 3,
            min_prob: 0.0,
        };
        let tree = grow(1, &limits, |_, _| panic!("no retrieval is needed"));
        assert_eq!(tree, DraftTree::root_only(1));
    }

    #[test]
    fn nothing_is_drafted_after_an_end() {
        let mut tree = DraftTree::root_only(9);
        let a = tree.push(0, 1, 0.5, Vec::new());
        let end = tree.push(a, 7, 0.4, Vec::new());
        let below = tree.push(end, 2, 0.3, Vec::new());
        tree.push(below, 3, 0.2, Vec::new());
        tree.push(a, 4, 0.1, Vec::new());
        tree.prune_below(&[7, 9]);
        let tokens: Vec<TokenId> = tree.nodes.iter().map(|n| n.token).collect();
        assert_eq!(tokens, [9, 1, 7, 4]);
        assert_eq!(tree.nodes[3].parent, Some(a));
    }

    #[test]
    fn a_path_runs_from_the_root() {
        let mut tree = DraftTree::root_only(9);
        let a = tree.push(0, 1, 0.5, Vec::new());
        tree.push(0, 2, 0.4, Vec::new());
        let c = tree.push(a, 3, 0.3, Vec::new());
        assert_eq!(tree.path(c), vec![0, a, c]);
        assert_eq!(tree.children(0).count(), 2);
        assert!((tree.expected_accepted() - 1.2).abs() < 1e-6);
    }
}
