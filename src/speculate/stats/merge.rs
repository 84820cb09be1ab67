//! Figures of several runs together.

use super::{FateCounts, MatchStats, Stats};

impl FateCounts {
    pub(crate) fn merge(&mut self, other: &FateCounts) {
        self.accepted += other.accepted;
        self.relaxed += other.relaxed;
        self.rejected += other.rejected;
        self.lost += other.lost;
        self.unreached += other.unreached;
    }
}

impl Stats {
    /// Adds another run's figures.
    pub(crate) fn merge(&mut self, other: &Stats) {
        self.steps += other.steps;
        self.tokens += other.tokens;
        self.bonus += other.bonus;
        self.fates.merge(&other.fates);
        self.hit_steps += other.hit_steps;
        self.rows += other.rows;
        self.timing = match (self.timing, other.timing) {
            (Some(mut own), Some(more)) => {
                own.add(&more);
                Some(own)
            }
            (own, more) => own.or(more),
        };
        self.untimed_steps += other.untimed_steps;
        self.untimed_tokens += other.untimed_tokens;
        for (own, more) in self.sources.iter_mut().zip(&other.sources) {
            own.hit_steps += more.hit_steps;
            own.fates.merge(&more.fates);
        }
        grow(&mut self.by_depth, &other.by_depth, |own, more| {
            *own = (own.0 + more.0, own.1 + more.1);
        });
        grow(
            &mut self.match_lengths,
            &other.match_lengths,
            |own, more| {
                *own += more;
            },
        );
        grow(&mut self.by_match, &other.by_match, MatchStats::add);
    }
}

/// Adds up two lists of slots, one of which may be longer.
fn grow<T: Clone + Default>(own: &mut Vec<T>, more: &[T], add: impl Fn(&mut T, &T)) {
    if own.len() < more.len() {
        own.resize(more.len(), T::default());
    }
    own.iter_mut()
        .zip(more)
        .for_each(|(own, more)| add(own, more));
}
