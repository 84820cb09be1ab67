//! About what a trace takes in memory, and when two prompts are the same.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::speculate::TokenId;
use crate::speculate::row::NodeDistribution;
use crate::speculate::trace::{Header, Step, TokenBytes, Trace};

/// Bookkeeping of the allocator, for each piece of memory.
const PER_PIECE: usize = 16;

/// Equal for equal prompts.
pub(crate) fn fingerprint(prompt: &[TokenId]) -> u64 {
    let mut hasher = DefaultHasher::new();
    prompt.hash(&mut hasher);
    hasher.finish()
}

/// About what a header takes in memory, in bytes.
pub(crate) fn header_bytes(header: &Header) -> usize {
    let tokens = header.tokens.iter().map(|(_, bytes)| token_bytes(bytes));
    let ids = size_of_val(header.prompt_ids.as_slice());
    size_of::<Header>() + header.prompt.len() + ids + tokens.sum::<usize>()
}

/// About what a step takes in memory, in bytes, with what is looked up of it.
pub(crate) fn step_bytes(step: &Step) -> usize {
    let nodes = step.tree.nodes.iter().map(|node| {
        let origins = node.origins.iter().map(|origin| {
            let docs = origin.docs.iter();
            let docs = docs.map(|doc| size_of_val(doc) + doc.doc.len() + PER_PIECE);
            size_of_val(origin) + docs.sum::<usize>() + PER_PIECE
        });
        size_of_val(node) + origins.sum::<usize>() + PER_PIECE
    });
    let rows = step.rows.iter();
    let candidates = |r: &NodeDistribution| size_of_val(r.top.as_slice()) + PER_PIECE;
    let rows = rows.map(|r| size_of_val(r) + r.as_ref().map_or(0, candidates));
    let verdict =
        size_of_val(step.verdict.fates.as_slice()) + size_of_val(step.verdict.path.as_slice());
    let judged = size_of_val(step.judged.as_slice());
    let learned = size_of_val(step.learned.as_slice());
    // These are kept in the step and, to be looked up, in the trace.
    let tokens = step.tokens.iter().map(|(_, bytes)| token_bytes(bytes));
    let titles = step.documents.iter();
    let titles = titles.map(|(id, title)| 2 * (id.len() + title.len() + 4 * PER_PIECE));
    let excerpts = step.excerpts.iter().map(|e| {
        let ids = size_of_val(e.ids.as_slice());
        2 * (size_of_val(e) + e.doc.len() + e.group.len() + ids + 3 * PER_PIECE)
    });
    size_of::<Step>()
        + nodes.sum::<usize>()
        + rows.sum::<usize>()
        + verdict
        + judged
        + learned
        + tokens.sum::<usize>()
        + titles.sum::<usize>()
        + excerpts.sum::<usize>()
}

fn token_bytes(bytes: &TokenBytes) -> usize {
    2 * (size_of::<(TokenId, TokenBytes)>() + bytes.as_bytes().len() + PER_PIECE)
}

/// About what a trace takes in memory, in bytes.
pub(crate) fn trace_bytes(trace: &Trace) -> usize {
    header_bytes(&trace.header) + trace.steps.iter().map(step_bytes).sum::<usize>()
}
