//! Compares allocations with every closed forest, and with a single run's own budget.

use proptest::prelude::*;

use super::super::{CostPoint, CostProfile, StepCosts};
use super::*;
use crate::speculate::draft::DraftTree;

/// Pass costs that form a staircase over rows.
fn staircase(steps: &[f32]) -> PassCosts {
    let mut ms = 3.0;
    let points = steps.iter().enumerate().map(|(i, step)| {
        ms += step;
        (i + 1, ms)
    });
    PassCosts::new(&CostProfile::by_rows(points))
}

fn offer(path_probs: Vec<f32>) -> Offer {
    Offer {
        path_probs,
        own: 100,
        shared: 400,
    }
}

/// A tree grown best-first: each node has a random earlier one as its parent, in the order
/// of path probability.
fn tree(parts: &[(prop::sample::Index, f32)]) -> DraftTree {
    let mut tree = DraftTree::root_only(0);
    let mut least = 1.0f32;
    for (i, (parent, share)) in parts.iter().enumerate() {
        let parent = parent.index(tree.n_rows());
        least = least.min(tree.nodes[parent].path_prob) * share;
        tree.push(parent, i as u32 + 1, least, Vec::new());
    }
    tree
}

fn probs(tree: &DraftTree) -> Vec<f32> {
    tree.nodes[1..].iter().map(|node| node.path_prob).collect()
}

/// Row count and expected tokens of every forest closed towards the roots.
fn forests(trees: &[DraftTree]) -> Vec<(usize, f32)> {
    let mut all = vec![(trees.len(), trees.len() as f32)];
    for tree in trees {
        let n = tree.n_drafts();
        let closed = (0u32..1 << n).filter(|set| {
            let is_in = |node: usize| node == 0 || set & (1 << (node - 1)) != 0;
            (1..=n).all(|node| !is_in(node) || is_in(tree.nodes[node].parent.unwrap()))
        });
        let sums = closed.map(|set| {
            let nodes = (1..=n).filter(|node| set & (1 << (node - 1)) != 0);
            let sum: f32 = nodes.map(|node| tree.nodes[node].path_prob).sum();
            (set.count_ones() as usize, sum)
        });
        let sums: Vec<(usize, f32)> = sums.collect();
        let further = all.iter().flat_map(|&(rows, expected)| {
            let added = sums.iter();
            added.map(move |&(n, sum)| (rows + n, expected + sum))
        });
        all = further.collect();
    }
    all
}

fn parts(most: usize) -> impl Strategy<Value = Vec<(prop::sample::Index, f32)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0.3f32..1.0), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// No forest of any size has more expected tokens per millisecond.
    #[test]
    fn no_other_forest_is_better(
        trees in prop::collection::vec(parts(6), 2..4),
        steps in prop::collection::vec(0.0f32..3.0, 18),
    ) {
        let trees: Vec<DraftTree> = trees.iter().map(|parts| tree(parts)).collect();
        let offers: Vec<Offer> = trees.iter().map(|tree| offer(probs(tree))).collect();
        let costs = staircase(&steps);
        let chosen = allocate(&offers, &costs, 256);
        let rate = |rows: usize, expected: f32| {
            expected / costs.ms(Load::of(trees.len(), 1, 100, 400).and(Load::further(rows - trees.len(), 100, 400)))
        };
        let n_rows: usize = chosen.rows.iter().sum();
        let sum: f32 = chosen.rows.iter().zip(&offers)
            .map(|(&rows, offer)| offer.path_probs[..rows - 1].iter().sum::<f32>() + 1.0).sum();
        prop_assert!((sum - chosen.expected).abs() < 1e-4);
        let plain = rate(trees.len(), trees.len() as f32);
        let best = forests(&trees).into_iter().map(|(rows, e)| rate(rows, e)).fold(0.0, f32::max);
        match chosen.cut {
            None => prop_assert!(best <= plain * MARGIN * 1.0001, "{best} {plain}"),
            Some(cut) => {
                prop_assert!(rate(n_rows, sum) >= best * 0.9999, "{} {best}", rate(n_rows, sum));
                prop_assert!(rate(n_rows, sum) > plain * 1.02);
                // Nodes left out are no more probable than nodes taken.
                for (&rows, offer) in chosen.rows.iter().zip(&offers) {
                    prop_assert!(offer.path_probs[rows - 1..].iter().all(|&p| p <= cut));
                }
            }
        }
    }

    /// A single sequence drafts exactly what its own automatic budget would.
    #[test]
    fn one_sequence_has_its_own_budget(
        parts in parts(63),
        table in prop::collection::vec((0.0f32..2.0, 0.0f32..0.002), 1..12),
        context in 1usize..3000,
        shared in 0usize..800,
    ) {
        let mut profile = CostProfile::default();
        let (mut ms, mut slope) = (3.0, 0.0005);
        for (i, (step, steeper)) in table.into_iter().enumerate() {
            (ms, slope) = (ms + step, slope + steeper);
            for at in [128, 1024] {
                profile.points.push(CostPoint {
                    context: Some(at),
                    ..CostPoint::by_rows(1 + i * i, ms + slope * at as f32)
                });
            }
        }
        let tree = tree(&parts);
        let alone = Offer {
            path_probs: probs(&tree),
            own: context,
            shared,
        };
        let given = allocate(&[alone], &PassCosts::new(&profile), 256);
        let own = StepCosts::new(&profile).best_rows(&tree, context + shared);
        prop_assert_eq!(given.rows, [own]);
    }

    /// Never more rows than the pass allows, and at least one for every sequence.
    #[test]
    fn a_pass_is_never_overfull(
        trees in prop::collection::vec(parts(64), 1..32),
        most in 32usize..256,
    ) {
        let offers: Vec<Offer> = trees.iter().map(|parts| offer(probs(&tree(parts)))).collect();
        let given = allocate(&offers, &PassCosts::default(), most);
        let rows: usize = given.rows.iter().sum();
        let offered: usize = offers.iter().map(|offer| offer.path_probs.len() + 1).sum();
        prop_assert!(rows <= offered.min(most));
        prop_assert!(given.rows.iter().all(|&rows| rows >= 1));
    }
}

#[test]
fn where_a_row_costs_what_a_token_costs_nothing_is_drafted() {
    let linear = staircase(&[1.0; 200]);
    let offers = vec![offer(vec![0.8, 0.7, 0.6]); 16];
    let given = allocate(&offers, &linear, 256);
    assert_eq!((given.rows, given.cut), (vec![1; 16], None));
    assert!(given.needed > 0.7 && given.needed < 1.1, "{}", given.needed);
    let flat = staircase(&[0.01; 200]);
    let given = allocate(&offers, &flat, 256);
    assert_eq!(given.cut, Some(0.6));
    assert!(given.needed < 0.2, "{}", given.needed);
    assert_eq!(allocate(&[], &flat, 256).rows, Vec::<usize>::new());
}
