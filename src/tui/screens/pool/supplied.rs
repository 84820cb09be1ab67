//! From a pool document to the drafts it supplied in a run: read from the trace
//! alone.

use crate::protocol::ListedDoc;
use crate::speculate::TokenId;
use crate::speculate::subject::GroupKey;
use crate::speculate::trace::Trace;
use crate::speculate::verify::Fate;

/// A draft token that names a document among its origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supplied {
    pub step: usize,
    pub node: usize,
    pub(crate) token: TokenId,
    pub(crate) fate: Fate,
    /// Token position in the document.
    pub at: u32,
    /// Suffix tokens that matched there.
    pub(crate) matched: u32,
}

/// The drafts of a run that came from a document, in order.
pub(crate) fn drafts_of(trace: &Trace, doc: &str) -> Vec<Supplied> {
    let mut supplied = Vec::new();
    for step in &trace.steps {
        for (index, node) in step.tree.nodes.iter().enumerate() {
            let hits = node.origins.iter().flat_map(|origin| {
                let docs = origin.docs.iter().filter(|hit| hit.doc == doc);
                docs.map(|hit| (origin.matched, hit.at))
            });
            let (Some((matched, at)), Some(fate)) =
                (hits.into_iter().next(), step.verdict.fate(index))
            else {
                continue;
            };
            supplied.push(Supplied {
                step: step.index,
                node: index,
                token: node.token,
                fate,
                at,
                matched,
            });
        }
    }
    supplied
}

/// The documents that a run's drafts name, those with the most drafts first.
/// Their lengths are not recorded: the number is that of drafts.
pub(crate) fn named_documents(trace: &Trace) -> Vec<ListedDoc> {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for node in trace.steps.iter().flat_map(|s| &s.tree.nodes) {
        let docs = node.origins.iter().flat_map(|o| &o.docs);
        let mut docs: Vec<&str> = docs.map(|hit| hit.doc.as_str()).collect();
        docs.sort_unstable();
        docs.dedup();
        for doc in docs {
            *counts.entry(doc).or_default() += 1;
        }
    }
    let mut named: Vec<ListedDoc> = counts
        .into_iter()
        .map(|(id, n_drafts)| ListedDoc {
            id: id.into(),
            title: trace.doc_title(id).to_string(),
            group: GroupKey::default(),
            n_tokens: n_drafts,
        })
        .collect();
    named.sort_by_key(|doc| std::cmp::Reverse(doc.n_tokens));
    named
}
