//! How attention is shared out over the threads.

use std::ops::Range;

use super::attention_tiles::QUERIES;
use super::attention_view::Sequence;
use super::kv::Heads;

/// Queries of a task: those that read keys and values while they are in the
/// first cache.
const MOST: usize = 4 * QUERIES;

/// How the queries of a pass are shared out. A task is a key/value head and some of the
/// (row, query head) pairs that read it, all behind one shared prefix.
pub(crate) struct Plan {
    /// Rows of the pass, each with its sequence; those behind one prefix side by side.
    pub(crate) rows: Vec<(usize, usize)>,
    /// Tasks of every key/value head.
    pub(crate) tasks: Vec<Task>,
}

/// Queries of one key/value head.
pub(crate) struct Task {
    pub(crate) shared: Option<usize>,
    /// Of the rows' query heads, row by row.
    pub(crate) queries: Range<usize>,
}

impl Plan {
    pub(crate) fn new(sequences: &[Sequence], heads: Heads, threads: usize) -> Self {
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|&i| sequences[i].shared);
        let of = |&i: &usize| sequences[i].rows.clone().map(move |row| (row, i));
        let rows: Vec<_> = order.iter().flat_map(of).collect();
        let group = heads.heads / heads.kv_heads;
        let share = queries_of_a_task(heads, threads, rows.len() * group);
        let (mut tasks, mut first) = (Vec::new(), 0);
        for one in rows.chunk_by(|a, b| sequences[a.1].shared == sequences[b.1].shared) {
            let (shared, end) = (sequences[one[0].1].shared, first + one.len() * group);
            tasks.extend((first..end).step_by(share).map(|from| Task {
                shared,
                queries: from..end.min(from + share),
            }));
            first = end;
        }
        Plan { rows, tasks }
    }
}

/// Of so many queries of a key head; a few tasks a thread.
fn queries_of_a_task(heads: Heads, threads: usize, queries: usize) -> usize {
    let group = heads.heads / heads.kv_heads;
    let whole = heads.kv_heads.is_multiple_of(threads);
    let least = if whole { group } else { group.div_ceil(2) };
    let least = least.clamp(1, QUERIES / 2);
    (queries * heads.kv_heads / (3 * threads)).clamp(least, MOST)
}
