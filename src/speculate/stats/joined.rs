//! Figures of several stretches of steps, or of several runs, as one.

use super::{MatchStats, Stats};

impl Stats {
    /// Adds the figures of other steps.
    pub fn join(&mut self, other: &Stats) {
        self.steps += other.steps;
        self.tokens += other.tokens;
        self.bonus += other.bonus;
        self.fates.join(&other.fates);
        self.hit_steps += other.hit_steps;
        for (mine, others) in self.sources.iter_mut().zip(&other.sources) {
            mine.hit_steps += others.hit_steps;
            mine.fates.join(&others.fates);
        }
        joined(&mut self.by_depth, &other.by_depth, |mine, others| {
            mine.0 += others.0;
            mine.1 += others.1;
        });
        joined(&mut self.match_lengths, &other.match_lengths, |a, b| {
            *a += b
        });
        joined(&mut self.by_match, &other.by_match, MatchStats::add);
        if let Some(timing) = &other.timing {
            self.timing.get_or_insert_default().add(timing);
        }
        self.untimed_steps += other.untimed_steps;
        self.untimed_tokens += other.untimed_tokens;
        self.rows += other.rows;
    }
}

/// Adds figures place by place; the longer list decides how many there are.
fn joined<T: Clone + Default>(mine: &mut Vec<T>, others: &[T], add: impl Fn(&mut T, &T)) {
    let n = mine.len().max(others.len());
    mine.resize(n, T::default());
    mine.iter_mut().zip(others).for_each(|(a, b)| add(a, b));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::draft::DraftTree;
    use crate::speculate::params::Source;
    use crate::speculate::test_support;
    use crate::speculate::trace::SourceHit;
    use crate::speculate::verify::{Fate, Verdict};

    #[test]
    fn figures_of_parts_add_up_to_those_of_the_whole() {
        let mut tree = DraftTree::root_only(0);
        tree.push(0, 1, 0.5, Vec::new());
        let step = |matched: usize, taken: usize| {
            let verdict = Verdict {
                fates: vec![[Fate::Rejected, Fate::Accepted][taken]],
                path: (1..=taken).collect(),
                bonus: Some(1),
                finish: None,
            };
            let mut step = test_support::step(tree.clone(), verdict);
            step.retrieval = vec![SourceHit {
                source: Source::Local,
                matched,
                count: 1,
            }];
            step
        };
        let steps = [step(1, 0), step(4, 1), step(0, 1), step(2, 1)];
        for cut in 0..=steps.len() {
            let mut joined = Stats::of_steps(&steps[..cut]);
            joined.join(&Stats::of_steps(&steps[cut..]));
            assert_eq!(joined, Stats::of_steps(&steps));
        }
    }
}
