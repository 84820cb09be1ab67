//! How long the rest of a sweep will take, by the times of the runs that were made. Has no
//! clock: prompts and steps carry their times.

use super::Sweep;
use crate::speculate::trace::Trace;

/// Milliseconds of prompts and decoding so far, of autoregressive runs first, then by cell.
#[derive(Clone, Debug)]
pub(super) struct Spent {
    of: Vec<(f64, usize)>,
}

impl Spent {
    pub(super) fn new(n_cells: usize) -> Self {
        Spent {
            of: vec![(0.0, 0); n_cells + 1],
        }
    }

    pub(super) fn add(&mut self, cell: Option<usize>, trace: &Trace) {
        let steps = trace.steps.iter().filter_map(|step| step.timing);
        let ms: f64 = steps.map(|timing| timing.total()).sum();
        let of = &mut self.of[cell.map_or(0, |cell| cell + 1)];
        of.0 += ms + trace.header.prompt_ms.unwrap_or_default();
        of.1 += 1;
    }

    fn total_ms(&self) -> f64 {
        self.of.iter().map(|of| of.0).sum()
    }

    /// The mean run of a cell; where none was made, the mean of all.
    fn mean_ms(&self, cell: Option<usize>) -> Option<f64> {
        let mean = |(ms, n): (f64, usize)| (n > 0).then(|| ms / n as f64);
        let own = self.of[cell.map_or(0, |cell| cell + 1)];
        let all = self.of.iter();
        let all = all.fold((0.0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        mean(own).or_else(|| mean(all))
    }
}

impl Sweep {
    /// Milliseconds that the rest will take about: the runs that are missing, and the pairs
    /// that are made in any case. `None` before the first run, and once all are made.
    pub(crate) fn ms_left(&self) -> Option<f64> {
        self.next_job()?;
        let missing = self.missing_jobs_ms()?;
        let pair_ms = self.pair_ms()?;
        let made = self.times.n_pairs().max(1);
        let under_way = self
            .times
            .queued()
            .filter_map(|job| self.spent.mean_ms(job.cell));
        let under_way: f64 = under_way.sum();
        let planned = usize::from(under_way > 0.0) + made;
        let pairs = self
            .times
            .pairing
            .pairs_after(planned, self.times.added_ms(), pair_ms);
        Some(missing + under_way + pairs as f64 * pair_ms)
    }

    /// Share of the time that is over, between 0 and 1.
    pub(crate) fn share_done(&self) -> f64 {
        let spent = self.spent.total_ms();
        match self.ms_left() {
            Some(left) if spent + left > 0.0 => spent / (spent + left),
            Some(_) => 0.0,
            None => f64::from(u8::from(self.next_job().is_none())),
        }
    }

    fn missing_jobs_ms(&self) -> Option<f64> {
        let mut sum = 0.0;
        for subject in 0..self.n_subjects() {
            if self.references[subject].is_none() {
                sum += self.spent.mean_ms(None)?;
            }
            for (cell, run) in self.runs[subject].iter().enumerate() {
                if run.is_none() {
                    sum += self.spent.mean_ms(Some(cell))?;
                }
            }
        }
        Some(sum)
    }

    /// One more run of everything; of runs with equal steps only one, once they are known.
    fn pair_ms(&self) -> Option<f64> {
        if self.missing().is_none() {
            return Some(self.times.pair_ms());
        }
        let cells = (0..self.grid.cells.len()).map(Some).chain([None]);
        let per_subject: Option<f64> = cells.map(|cell| self.spent.mean_ms(cell)).sum();
        Some(per_subject? * self.n_subjects() as f64)
    }
}
