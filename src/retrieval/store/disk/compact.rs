//! Compacts a pool on disk: merges small segments, and evicts the oldest if the pool is
//! bounded. A segment is as old as its newest document.

use std::collections::HashMap;

use color_eyre::eyre::Result;

use crate::retrieval::index::segment::Segment;
use crate::retrieval::index::segment_builder::SegmentBuilder;
use crate::retrieval::store::disk::pool_store::Member;
use crate::retrieval::store::disk::segment_writer::SegmentWriter;

/// Maximum size of an older neighbour, relative to the younger one, for merging: so
/// documents are rarely rewritten, and a group has few segments.
pub(crate) const GROWN_RATIO: usize = 2;

/// Merges neighbours of a group unless they would have more than `limit` tokens
/// together, or the older one has more than `ratio` times the younger's.
pub(crate) fn merge(
    members: &mut Vec<Member>,
    limit: usize,
    ratio: usize,
    writer: &mut SegmentWriter,
) -> Result<()> {
    let sizes = members.iter();
    let sizes: Vec<(&str, usize)> = sizes
        .map(|m| (m.group.as_str(), m.segment.n_tokens()))
        .collect();
    let mut merged = Vec::new();
    for run in plan(&sizes, limit, ratio) {
        let parts: Vec<Member> = run.iter().map(|&i| members[i].clone()).collect();
        let member = match parts.as_slice() {
            [only] => only.clone(),
            parts => {
                let mut all = SegmentBuilder::new();
                for part in parts {
                    copy(&writer.verified(part)?.segment, &mut all, |_| true);
                }
                writer.write(&parts[0].group, all)?
            }
        };
        merged.push((run[run.len() - 1], member));
    }
    merged.sort_by_key(|m| m.0);
    *members = merged.into_iter().map(|m| m.1).collect();
    Ok(())
}

/// Which members to merge; by group, each run from old to young.
fn plan(sizes: &[(&str, usize)], limit: usize, ratio: usize) -> Vec<Vec<usize>> {
    let mut groups: HashMap<&str, Vec<(Vec<usize>, usize)>> = HashMap::new();
    for (i, &(group, size)) in sizes.iter().enumerate() {
        let runs = groups.entry(group).or_default();
        runs.push((vec![i], size));
        while let [.., (_, older), (_, younger)] = runs.as_slice()
            && *older <= younger.saturating_mul(ratio)
            && older + younger <= limit
        {
            let Some((members, size)) = runs.pop() else {
                break;
            };
            if let Some(last) = runs.last_mut() {
                last.0.extend(members);
                last.1 += size;
            }
        }
    }
    groups.into_values().flatten().map(|run| run.0).collect()
}

/// What was evicted because the pool exceeded its bound.
pub(crate) struct Evicted {
    pub(crate) documents: usize,
    /// Whole segments, the oldest.
    pub(crate) segments: usize,
}

/// Evicts the oldest segments while the pool exceeds its bound. If the last one alone
/// is too large, it keeps its newest documents.
pub(crate) fn evict(
    members: &mut Vec<Member>,
    max: u64,
    writer: &mut SegmentWriter,
) -> Result<Evicted> {
    let size = |m: &Member| m.segment.n_tokens() as u64;
    let mut total: u64 = members.iter().map(size).sum();
    let n_old = members
        .iter()
        .take(members.len().saturating_sub(1))
        .take_while(|m| {
            let is_above = total > max;
            total -= if is_above { size(m) } else { 0 };
            is_above
        })
        .count();
    let mut documents = 0;
    for member in members.drain(..n_old) {
        writer.discard(&member);
        documents += member.segment.n_docs();
    }
    if let [only] = members.as_mut_slice()
        && total > max
    {
        let whole = writer.verified(only)?;
        let rest = newest(&whole.segment, max);
        documents += whole.segment.n_docs() - rest.n_docs();
        *only = writer.write(&whole.group, rest)?;
    }
    Ok(Evicted {
        documents,
        segments: n_old,
    })
}

/// The newest documents with at most `max` tokens in total.
fn newest(segment: &Segment, max: u64) -> SegmentBuilder {
    let mut room = max;
    let docs: Vec<_> = segment.docs.iter().collect();
    let kept = docs.iter().rev().take_while(|entry| {
        let left = room.checked_sub(entry.tokens.len() as u64);
        room = left.unwrap_or(room);
        left.is_some()
    });
    let first = docs.len() - kept.count();
    let mut rest = SegmentBuilder::new();
    for entry in &docs[first..] {
        rest.push(entry.id, entry.title, &segment.tokens_of(entry));
    }
    rest
}

/// Copies the documents whose ids are wanted.
pub(crate) fn copy(from: &Segment, into: &mut SegmentBuilder, wanted: impl Fn(&str) -> bool) {
    for entry in from.docs.iter().filter(|entry| wanted(entry.id)) {
        into.push(entry.id, entry.title, &from.tokens_of(&entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(sizes: &[(&str, usize)], limit: usize) -> Vec<Vec<usize>> {
        let mut runs = plan(sizes, limit, GROWN_RATIO);
        runs.sort();
        runs
    }

    #[test]
    fn neighbours_of_a_group_are_merged_by_size() {
        let sizes = [("a", 100), ("b", 5), ("a", 10), ("b", 5), ("a", 10)];
        assert_eq!(planned(&sizes, 1000), [vec![0], vec![1, 3], vec![2, 4]]);
        assert_eq!(planned(&sizes, 15), [vec![0], vec![1, 3], vec![2], vec![4]]);
        let sizes = [("a", 40), ("a", 20), ("a", 10), ("a", 5), ("a", 5)];
        assert_eq!(planned(&sizes, 1000), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(planned(&sizes[..1], 1000), [vec![0]]);
        assert_eq!(plan(&sizes, 1000, usize::MAX), [vec![0, 1, 2, 3, 4]]);
    }

    #[test]
    fn a_group_that_grows_bit_by_bit_has_few_segments() {
        let mut sizes: Vec<(&str, usize)> = Vec::new();
        let mut n_written = 0;
        for _ in 0..1000 {
            sizes.push(("a", 1));
            let runs = planned(&sizes, usize::MAX);
            let total = |run: &Vec<usize>| run.iter().map(|&i| sizes[i].1).sum::<usize>();
            let merged = runs.iter().filter(|run| run.len() > 1);
            n_written += merged.map(total).sum::<usize>();
            sizes = runs.iter().map(|run| ("a", total(run))).collect();
            assert!(sizes.len() <= 10, "{sizes:?}");
        }
        assert!(
            n_written < 12 * 1000,
            "each is rewritten rarely: {n_written}"
        );
    }

    #[test]
    fn the_newest_documents_that_fit_are_kept() {
        let docs = [("a", 3), ("b", 2), ("c", 1), ("d", 2)];
        let docs = docs.map(|(id, n)| (id.to_string(), vec![7; n]));
        let rest = newest(&SegmentBuilder::build(docs), 4).finish();
        let ids: Vec<_> = rest.docs.iter().map(|e| e.id).collect();
        assert_eq!(ids, ["c", "d"]);
    }
}
