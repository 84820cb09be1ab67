//! How attention work is divided among the threads.

use std::ops::Range;

use super::attention_tiles::QUERIES;
use super::attention_view::Sequence;
use super::kv::Heads;

/// The most queries in a task, which read the same keys and values while these are in the
/// L1 cache.
const MOST: usize = 4 * QUERIES;

/// The queries of a pass divided into tasks. A task is a key/value head and some of the
/// (row, query head) pairs that read it, all with the same shared prefix.
pub(crate) struct Plan {
    /// Rows of the pass, each with its sequence's index; rows with the same prefix are
    /// adjacent.
    pub(crate) rows: Vec<(usize, usize)>,
    /// The tasks, which every key/value head runs.
    pub(crate) tasks: Vec<Task>,
}

/// Queries of one key/value head.
pub(crate) struct Task {
    pub(crate) shared: Option<usize>,
    /// Range of (row, query head) pairs, row by row.
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

/// Queries per task, given those per key/value head: a few tasks for each thread.
fn queries_of_a_task(heads: Heads, threads: usize, queries: usize) -> usize {
    let group = heads.heads / heads.kv_heads;
    let whole = heads.kv_heads.is_multiple_of(threads);
    let least = if whole { group } else { group.div_ceil(2) };
    let least = least.clamp(1, QUERIES / 2);
    (queries * heads.kv_heads / (3 * threads)).clamp(least, MOST)
}
