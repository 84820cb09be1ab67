//! The times of all repetitions of a sweep's runs, and what to repeat. Runs of a
//! subject with identical steps are one class: they share their times, so that equal
//! runs have equal speed-ups.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Job;
use crate::speculate::speed_up::{Pairing, SpeedUp, Took};
use crate::speculate::trace::Trace;

#[derive(Clone, Debug)]
pub(crate) struct Times {
    pub(crate) pairing: Pairing,
    subjects: Vec<OfSubject>,
    /// The rest of the current pair.
    queue: VecDeque<Job>,
    /// Milliseconds spent on pairs beyond the first, prompts included.
    added_ms: f64,
}

#[derive(Clone, Debug, Default)]
struct OfSubject {
    reference: Class,
    classes: Vec<Class>,
    /// By cell: its class.
    of_cell: Vec<Option<usize>>,
}

/// Runs with the same steps.
#[derive(Clone, Debug, Default)]
struct Class {
    steps: u64,
    tokens: usize,
    /// The cell that is repeated for all of them.
    cell: Option<usize>,
    /// Milliseconds of decoding, by pair; for the first pair, each cell's.
    first_ms: Vec<f64>,
    later_ms: Vec<f64>,
    /// Prompt and decoding of the last run.
    last_ms: f64,
}

impl Class {
    fn n_pairs(&self) -> usize {
        usize::from(!self.first_ms.is_empty()) + self.later_ms.len()
    }

    fn ms(&self, pair: usize) -> f64 {
        match pair.checked_sub(1) {
            None => self.first_ms.iter().sum::<f64>() / self.first_ms.len().max(1) as f64,
            Some(later) => self.later_ms[later],
        }
    }

    fn add(&mut self, trace: &Trace, is_first: bool) {
        let timings = trace.steps.iter().filter_map(|step| step.timing);
        let ms: f64 = timings.map(|timing| timing.total()).sum();
        self.tokens = trace.steps.iter().map(|s| s.verdict.n_committed()).sum();
        self.last_ms = ms + trace.header.prompt_ms.unwrap_or_default();
        match is_first {
            true => self.first_ms.push(ms),
            false => self.later_ms.push(ms),
        }
    }

    fn took(&self, pair: usize) -> Took {
        Took {
            ms: self.ms(pair),
            tokens: self.tokens,
        }
    }

    fn ratio(&self, reference: &Class, pair: usize) -> f64 {
        self.took(pair).over(reference.took(pair))
    }
}

impl OfSubject {
    fn class(&self, cell: Option<usize>) -> Option<&Class> {
        match cell {
            None => Some(&self.reference).filter(|class| class.n_pairs() > 0),
            Some(cell) => Some(&self.classes[self.of_cell[cell]?]),
        }
    }

    /// Pairs that a class and the reference both have.
    fn n_pairs(&self, cell: Option<usize>) -> usize {
        let class = self.class(cell).map_or(0, Class::n_pairs);
        class.min(self.reference.n_pairs())
    }
}

impl Times {
    pub(crate) fn new(n_subjects: usize, n_cells: usize, pairing: Pairing) -> Self {
        let subject = OfSubject {
            of_cell: vec![None; n_cells],
            ..OfSubject::default()
        };
        Times {
            pairing,
            subjects: vec![subject; n_subjects],
            queue: VecDeque::new(),
            added_ms: 0.0,
        }
    }

    /// The next run of the current pair.
    pub(crate) fn next(&self) -> Option<Job> {
        self.queue.front().copied()
    }

    /// The runs that the current pair still lacks.
    pub(crate) fn queued(&self) -> impl Iterator<Item = Job> + '_ {
        self.queue.iter().copied()
    }

    /// Milliseconds spent on pairs beyond the first.
    pub(crate) fn added_ms(&self) -> f64 {
        self.added_ms
    }

    /// Milliseconds of one more pair of everything.
    pub(crate) fn pair_ms(&self) -> f64 {
        let all = self.subjects.iter();
        let all = all.flat_map(|s| s.classes.iter().chain([&s.reference]));
        all.map(|class| class.last_ms).sum()
    }

    /// Pairs that every run has.
    pub(crate) fn n_pairs(&self) -> usize {
        let of_subject = |s: &OfSubject| {
            let classes = s.classes.iter().chain([&s.reference]);
            classes.map(Class::n_pairs).min().unwrap_or(0)
        };
        self.subjects.iter().map(of_subject).min().unwrap_or(0)
    }

    pub(crate) fn add_first(&mut self, job: Job, trace: &Trace) {
        let subject = &mut self.subjects[job.subject];
        let Some(cell) = job.cell else {
            return subject.reference.add(trace, true);
        };
        let steps = fingerprint(trace);
        let known = subject.classes.iter().position(|c| c.steps == steps);
        let at = known.unwrap_or_else(|| {
            subject.classes.push(Class {
                steps,
                cell: Some(cell),
                ..Class::default()
            });
            subject.classes.len() - 1
        });
        subject.of_cell[cell] = Some(at);
        subject.classes[at].add(trace, true);
    }

    pub(crate) fn add_again(&mut self, job: Job, trace: &Trace) {
        if self.next() == Some(job) {
            self.queue.pop_front();
        }
        let subject = &mut self.subjects[job.subject];
        let class = match job.cell {
            None => &mut subject.reference,
            Some(cell) => match subject.of_cell[cell] {
                Some(at) => &mut subject.classes[at],
                None => return,
            },
        };
        class.add(trace, false);
        self.added_ms += class.last_ms;
    }

    /// Plans another pair, if the last is complete and another is wanted.
    pub(crate) fn plan(&mut self) {
        if !self.queue.is_empty() {
            return;
        }
        let pair_ms = self.pair_ms();
        let n = self.n_pairs();
        let cells = self.subjects.first().map_or(0, |s| s.of_cell.len());
        let so_far: Vec<SpeedUp> = (0..cells)
            .filter_map(|cell| self.over_subjects(Some(cell)))
            .collect();
        if !self.pairing.goes_on(n, &so_far, self.added_ms, pair_ms) {
            return;
        }
        for (subject, of) in self.subjects.iter().enumerate() {
            let mut jobs: Vec<Job> = std::iter::once(None)
                .chain(of.classes.iter().map(|class| class.cell))
                .map(|cell| Job { subject, cell })
                .collect();
            // The first place rotates.
            let n_jobs = jobs.len();
            jobs.rotate_left((n + subject) % n_jobs);
            self.queue.extend(jobs);
        }
    }

    /// A run's speed-up over its subject's autoregressive run.
    pub(crate) fn speed_up(&self, job: Job) -> Option<SpeedUp> {
        let subject = &self.subjects[job.subject];
        let class = subject.class(job.cell)?;
        let pairs = 0..subject.n_pairs(job.cell);
        let ratios = pairs.map(|pair| class.ratio(&subject.reference, pair));
        SpeedUp::of(&ratios.collect::<Vec<_>>())
    }

    /// Tokens per second over all times.
    pub(crate) fn tokens_per_s(&self, job: Job) -> Option<f64> {
        let class = self.subjects[job.subject].class(job.cell)?;
        let all: Took = (0..class.n_pairs()).map(|pair| class.took(pair)).sum();
        (all.ms > 0.0).then(|| all.tokens_per_s())
    }

    /// A cell's speed-up over the subjects that have it: every pair's mean over them.
    pub(crate) fn over_subjects(&self, cell: Option<usize>) -> Option<SpeedUp> {
        SpeedUp::of(&self.pairs_over_subjects(cell))
    }

    /// The means of the pairs themselves.
    pub(crate) fn pairs_over_subjects(&self, cell: Option<usize>) -> Vec<f64> {
        let asked = || self.subjects.iter().filter(|s| s.n_pairs(cell) > 0);
        let n_pairs = asked().map(|s| s.n_pairs(cell)).min().unwrap_or(0);
        let mean = |pair| {
            let ratios = asked().filter_map(|s| Some(s.class(cell)?.ratio(&s.reference, pair)));
            ratios.sum::<f64>() / asked().count() as f64
        };
        (0..n_pairs).map(mean).collect()
    }
}

/// A run's trees and committed tokens, step by step.
fn fingerprint(trace: &Trace) -> u64 {
    let mut hasher = DefaultHasher::new();
    for step in &trace.steps {
        for node in &step.tree.nodes {
            (node.token, node.parent).hash(&mut hasher);
        }
        step.verdict.path.hash(&mut hasher);
        step.verdict.bonus.hash(&mut hasher);
    }
    hasher.finish()
}
