//! Figures of runs made by hand.

use super::*;
use crate::speculate::draft::DraftTree;
use crate::speculate::test_support;
use crate::speculate::trace::SourceHit;
use crate::speculate::verify::Verdict;

#[test]
fn repetition_is_the_share_of_repeated_4_grams() {
    assert_eq!(repetition(&[1, 2, 3]), 0.0);
    assert_eq!(repetition(&[1, 2, 3, 4, 5]), 0.0);
    assert_eq!(repetition(&[1, 1, 1, 1, 1]), 0.5);
    let text = [1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 1];
    let mut grown = Repetition::default();
    for n in 1..=text.len() {
        grown.push(text[n - 1]);
        assert_eq!(grown.share(), repetition(&text[..n]));
    }
}

/// Drafts without a match in the context are hits, too; their acceptance
/// distinguishes them.
#[test]
fn hits_are_told_apart_by_their_match_and_by_what_was_taken() {
    let step = |matched: Option<usize>, drafts: usize, taken: usize| {
        let mut tree = DraftTree::root_only(0);
        (0..drafts).for_each(|node| {
            tree.push(node, 1, 0.5, Vec::new());
        });
        let fate = |i| {
            if i < taken {
                Fate::Accepted
            } else {
                Fate::Unreached
            }
        };
        let verdict = Verdict {
            fates: (0..drafts).map(fate).collect(),
            path: (1..=taken).collect(),
            bonus: Some(1),
            finish: None,
        };
        let mut step = test_support::step(tree, verdict);
        step.retrieval = matched
            .into_iter()
            .map(|matched| SourceHit {
                source: Source::Group,
                matched,
                count: 1,
            })
            .collect();
        step
    };
    let steps = [
        step(None, 5, 0),
        step(None, 5, 1),
        step(Some(3), 4, 4),
        step(Some(3), 4, 2),
        step(None, 0, 0),
    ];
    let stats = Stats::of_steps(&steps);
    let of = |hits, drafted, taken| MatchStats {
        hits,
        drafted,
        taken,
    };
    let none = MatchStats::default();
    assert_eq!(stats.by_match, [of(2, 10, 1), none, none, of(2, 8, 6)]);
    assert_eq!((stats.hit_steps, stats.steps), (4, 5));
    assert_eq!(stats.taken_per_hit(), Some(7.0 / 4.0));
    assert_eq!(stats.by_match[3].taken_per_hit(), Some(3.0));
    assert_eq!(stats.by_match[1].taken_per_hit(), None);
    let hits: usize = stats.by_match.iter().map(|m| m.hits).sum();
    let taken: usize = stats.by_match.iter().map(|m| m.taken).sum();
    assert_eq!((hits, taken), (stats.hit_steps, stats.fates.committed()));
}

#[test]
fn agreement_and_first_difference() {
    assert_eq!(agreement(&[1, 2, 3], &[1, 9, 3, 4]), 0.5);
    assert_eq!(first_difference(&[1, 2, 3], &[1, 2, 3]), None);
    assert_eq!(first_difference(&[1, 2, 3], &[1, 2]), Some(2));
}
