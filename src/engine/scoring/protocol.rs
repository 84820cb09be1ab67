//! Who may draft for whom. An answer drafts for later requests, for the other half, or for
//! all but its own; does not know pools.

/// Which answers of a log draft for which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Split {
    /// An answer drafts for requests that started after it ended.
    Time,
    /// The answers of every other request draft for the rest.
    Half,
    /// All answers draft, except those to the same request.
    LeaveOneOut,
    /// None of the log's answers drafts.
    PoolOnly,
}

impl Split {
    /// As the command line spells it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// When an answer was made, in whatever unit the log has: time, or its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnswerSpan {
    pub(crate) began: i64,
    pub(crate) ended: i64,
}

/// An answer as far as protocols are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    /// Numbers the requests of the log: several choices share one.
    pub(crate) request: u32,
    /// `None`: not logged, or only in part.
    pub(crate) span: Option<AnswerSpan>,
}

/// Which answers are scored, and which may draft for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// The answers to score, by number, each with how many of `arrivals` may draft for it.
    pub(super) scored: Vec<(u32, u32)>,
    /// Answers that draft, in the order in which they join the pools.
    pub(super) arrivals: Vec<u32>,
    /// An answer's own request is hidden from it.
    pub(super) hides_own: bool,
}

impl Schedule {
    pub(super) fn new(split: Split, all: &[Contender]) -> Self {
        let numbers = || 0..all.len() as u32;
        let is_even = |number: &u32| all[*number as usize].request.is_multiple_of(2);
        match split {
            Split::Time => Schedule::by_time(&spans(all).0),
            Split::Half => Schedule::fixed(
                numbers().filter(|n| !is_even(n)),
                numbers().filter(is_even).collect(),
            ),
            Split::LeaveOneOut => Schedule {
                hides_own: true,
                ..Schedule::fixed(numbers(), numbers().collect())
            },
            Split::PoolOnly => Schedule::fixed(numbers(), Vec::new()),
        }
    }

    /// The same pools for everyone.
    fn fixed(scored: impl Iterator<Item = u32>, arrivals: Vec<u32>) -> Self {
        let n_arrivals = arrivals.len() as u32;
        Schedule {
            scored: scored.map(|number| (number, n_arrivals)).collect(),
            arrivals,
            hides_own: false,
        }
    }

    /// In the order of their beginnings, after all that had ended before.
    fn by_time(spans: &[AnswerSpan]) -> Self {
        let span = |number: &u32| spans[*number as usize];
        let mut arrivals: Vec<u32> = (0..spans.len() as u32).collect();
        arrivals.sort_by_key(|number| span(number).ended);
        let mut scored: Vec<u32> = (0..spans.len() as u32).collect();
        scored.sort_by_key(|number| span(number).began);
        let before = |number: u32| {
            let began = span(&number).began;
            let n_ended = arrivals.partition_point(|earlier| span(earlier).ended < began);
            (number, n_ended as u32)
        };
        Schedule {
            scored: scored.into_iter().map(before).collect(),
            arrivals,
            hides_own: false,
        }
    }
}

/// The times of all answers and how many lack them; if any does, the requests' order stands
/// in for everybody's.
pub(crate) fn spans(all: &[Contender]) -> (Vec<AnswerSpan>, usize) {
    let times: Vec<AnswerSpan> = all.iter().filter_map(|c| c.span).collect();
    let n_missing = all.len() - times.len();
    if n_missing == 0 {
        return (times, 0);
    }
    let place = |contender: &Contender| AnswerSpan {
        began: i64::from(contender.request),
        ended: i64::from(contender.request),
    };
    (all.iter().map(place).collect(), n_missing)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Requests of one or more answers; times by chance, or not logged.
    fn contenders() -> impl Strategy<Value = Vec<Contender>> {
        let one = (any::<bool>(), 0i64..40, 0i64..20);
        let logs = prop_oneof![Just(true), any::<bool>()];
        (prop::collection::vec(one, 0..40), logs).prop_map(|(answers, has_times)| {
            let mut request = 0;
            let answers = answers.into_iter().map(|(is_new, began, took)| {
                request += u32::from(is_new);
                let ended = began + took;
                Contender {
                    request,
                    span: has_times.then_some(AnswerSpan { began, ended }),
                }
            });
            answers.collect()
        })
    }

    fn drafting(schedule: &Schedule, n: u32) -> &[u32] {
        &schedule.arrivals[..n as usize]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn by_time_exactly_the_answers_that_had_ended_draft(all in contenders()) {
            let schedule = Schedule::new(Split::Time, &all);
            let (spans, _) = spans(&all);
            let scored: HashSet<u32> = schedule.scored.iter().map(|s| s.0).collect();
            prop_assert_eq!(scored.len(), all.len());
            for &(number, n) in &schedule.scored {
                let began = spans[number as usize].began;
                let drafting: HashSet<u32> = drafting(&schedule, n).iter().copied().collect();
                let ended = (0..all.len() as u32).filter(|&a| spans[a as usize].ended < began);
                prop_assert_eq!(&drafting, &ended.collect());
                prop_assert!(!drafting.contains(&number));
            }
            // The pools only grow.
            prop_assert!(schedule.scored.is_sorted_by_key(|s| s.1));
        }

        #[test]
        fn halves_share_no_request(all in contenders()) {
            let schedule = Schedule::new(Split::Half, &all);
            let request = |&number: &u32| all[number as usize].request;
            let pool: HashSet<u32> = schedule.arrivals.iter().map(request).collect();
            let asked: HashSet<u32> = schedule.scored.iter().map(|s| request(&s.0)).collect();
            prop_assert!(pool.is_disjoint(&asked));
            prop_assert_eq!(schedule.arrivals.len() + schedule.scored.len(), all.len());
        }

        #[test]
        fn the_others_leave_nobody_out(all in contenders()) {
            for split in [Split::LeaveOneOut, Split::PoolOnly] {
                let schedule = Schedule::new(split, &all);
                prop_assert_eq!(schedule.scored.len(), all.len());
                let n_drafting = if split == Split::PoolOnly { 0 } else { all.len() };
                prop_assert_eq!(schedule.arrivals.len(), n_drafting);
                prop_assert_eq!(schedule.hides_own, split == Split::LeaveOneOut);
            }
        }
    }

    #[test]
    fn an_answer_that_ends_as_a_request_starts_does_not_draft_for_it() {
        let at = |request, began, ended| Contender {
            request,
            span: Some(AnswerSpan { began, ended }),
        };
        let schedule = Schedule::new(Split::Time, &[at(0, 0, 5), at(1, 5, 9), at(2, 6, 7)]);
        assert_eq!(schedule.scored, [(0, 0), (1, 0), (2, 1)]);
    }
}
