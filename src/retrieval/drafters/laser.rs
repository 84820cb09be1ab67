//! LASER's trie drafter, for comparison: what followed the last two tokens, the most
//! frequent first.
//!
//! After the paper's code (Xi et al., arXiv 2408.05676), whose trie is that of
//! Lookahead (Zhao et al., KDD 2024): every earlier answer, the prompt and the output
//! so far enter a trie with all their runs of up to 12 tokens; below the node of the
//! last two tokens (or else of the last one) the 63 most frequent nodes become the
//! draft. A suffix array holds the same runs, so the nodes and counts below are the
//! trie's; among equal counts the order is ours, and answers of the own group, of
//! others and the local text count alike, whereas the code weights the prompt's runs
//! separately. Nothing is forgotten here, whereas the code halves its counts when the
//! trie is full.

use crate::retrieval::index::local::Local;
use crate::retrieval::index::ranks::Ranks;
use crate::retrieval::index::symbol::SEPARATOR;
use crate::retrieval::query::lookup::SegmentViews;
use crate::retrieval::query::origins::doc_hits;
use crate::speculate::TokenId;
use crate::speculate::draft::{
    Continuation, DocHit, DraftLimits, DraftTree, Growing, Origin, grow,
};
use crate::speculate::params::{Params, Source};

/// Number of tokens to look up.
pub(crate) const PREFIX: usize = 2;

/// Where a run of tokens occurs.
struct Runs {
    /// Tokens of the run.
    depth: u32,
    /// By view, if any: view, interval, visible occurrences.
    views: Vec<(u16, Ranks, u32)>,
    /// Positions after the run in the local text.
    local: Vec<usize>,
}

pub(crate) fn draft(views: &SegmentViews, local: &Local, params: &Params) -> DraftTree {
    let limits = DraftLimits {
        rows: params.budget.max_rows(),
        branch: params.branch,
        min_prob: 0.0,
    };
    // Runs of every tree node that was asked for its continuations.
    let mut runs: Vec<Option<Runs>> = Vec::new();
    let root = local.last().unwrap_or_default();
    let mut tree = grow(root, &limits, |growing, list| {
        let here = match growing.parent.and_then(|p| runs[p].as_ref()) {
            None => Runs::of_context(views, local, params),
            Some(parent) => parent.follow(views, local, growing.token),
        };
        here.continue_with(views, local, growing, list);
        runs.resize_with(growing.node, || None);
        runs.push(Some(here));
    });
    for node in 1..tree.n_rows() {
        let parent = tree.nodes[node].parent.and_then(|p| runs[p].as_ref());
        if let Some(parent) = parent {
            let here = parent.follow(views, local, tree.nodes[node].token);
            tree.nodes[node].origins = here.origins(views);
        }
    }
    tree
}

impl Runs {
    /// The run of the last two tokens, or of the last one if those do not occur.
    fn of_context(views: &SegmentViews, local: &Local, params: &Params) -> Runs {
        let longest = PREFIX.min(params.max_suffix);
        let lengths = (1..=longest).rev().filter_map(|n| local.last_tokens(n));
        let mut runs = lengths.map(|prefix| Runs::of(views, local, prefix));
        let found = runs.find(|r| !r.views.is_empty() || !r.local.is_empty());
        found.unwrap_or(Runs {
            depth: 0,
            views: Vec::new(),
            local: Vec::new(),
        })
    }

    fn of(views: &SegmentViews, local: &Local, prefix: &[TokenId]) -> Runs {
        let find = |number| {
            let view = views.view(number);
            let ranks = view.segment.find(prefix);
            (number, ranks, view.count(ranks) as u32)
        };
        let found = (0..views.len()).map(find);
        let mut places = Vec::new();
        if views.has_local() {
            local.occurrences(prefix.len(), |matched, at, _| {
                if matched == prefix.len() {
                    places.push(at);
                }
            });
        }
        Runs {
            depth: prefix.len() as u32,
            views: found.filter(|f| f.2 > 0).collect(),
            local: places,
        }
    }

    /// The runs that continue with `token`.
    fn follow(&self, views: &SegmentViews, local: &Local, token: TokenId) -> Runs {
        let narrow = |&(number, ranks, _): &(u16, Ranks, u32)| {
            let view = views.view(number);
            let ranks = view.segment.narrow(ranks, self.depth, token);
            (number, ranks, view.count(ranks) as u32)
        };
        let found = self.views.iter().map(narrow);
        let places = self.local.iter();
        let places = places.filter(|&&at| local.token(at) == Some(token));
        Runs {
            depth: self.depth + 1,
            views: found.filter(|f| f.2 > 0).collect(),
            local: places.map(|at| at + 1).collect(),
        }
    }

    /// Lists the next tokens: the probability of a path is its frequency.
    fn continue_with(
        &self,
        views: &SegmentViews,
        local: &Local,
        growing: Growing,
        list: &mut Vec<Continuation>,
    ) {
        let mut counts: Vec<(TokenId, u32)> = Vec::new();
        for &(number, ranks, _) in &self.views {
            let view = views.view(number);
            view.segment.children(ranks, self.depth, |token, ranks| {
                counts.push((token, view.count(ranks) as u32));
            });
        }
        let after = self.local.iter().filter_map(|&at| local.token(at));
        counts.extend(after.map(|token| (token, 1)));
        counts.sort_unstable();
        counts.dedup_by(|from, into| {
            let is_same = from.0 == into.0;
            into.1 += if is_same { from.1 } else { 0 };
            is_same
        });
        let n: u32 = self.views.iter().map(|s| s.2).sum::<u32>() + self.local.len() as u32;
        let worth = |count: u32| {
            let share = count as f32 / n.max(1) as f32;
            (share * growing.path_prob > growing.floor).then_some(share)
        };
        let told = counts.iter().filter(|c| c.0 != SEPARATOR && c.1 > 0);
        list.extend(
            told.filter_map(|&(token, count)| {
                worth(count).map(|prob| Continuation { token, prob })
            }),
        );
    }

    /// Where the run's last token comes from; all after the same prefix.
    fn origins(&self, views: &SegmentViews) -> Vec<Origin> {
        let mut origins: Vec<Origin> = Vec::new();
        for source in [Source::Group, Source::Online, Source::Global] {
            let of = |s: &&(u16, Ranks, u32)| views.source(s.0) == source;
            let found = self.views.iter().filter(of);
            let count = found.clone().map(|s| s.2).sum();
            let places = found.flat_map(|&(number, ranks, _)| {
                let visible = move |r| views.view(number).visible(r);
                let starts = (ranks.lo..ranks.hi).filter_map(visible);
                starts.map(move |start| (number, start + self.depth - 1))
            });
            let docs = doc_hits(views, places);
            origins.push(self.origin(source, count, docs));
        }
        origins.push(self.origin(Source::Local, self.local.len() as u32, Vec::new()));
        origins.retain(|o| o.count > 0);
        origins
    }

    fn origin(&self, source: Source, count: u32, docs: Vec<DocHit>) -> Origin {
        Origin {
            source,
            matched: self.depth - 1,
            count,
            docs,
        }
    }
}
