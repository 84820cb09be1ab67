//! What this machine does with this model: times of passes by rows and context.

use std::time::Instant;

use color_eyre::eyre::Result;

use super::Engine;
use crate::model::clock::PassTimes;
use crate::model::decoder::Rows;
use crate::model::floors::Floors;
use crate::model::kernels::Isa;
use crate::model::logits::{Asked, Logits};
use crate::speculate::cost::CostTable;
use crate::speculate::params::MAX_ROWS;

impl Engine {
    /// Measures what a step costs by its number of rows, over a short made-up
    /// context: a tenth of a second for a small model. Steps refine it.
    ///
    /// # Errors
    /// What the device reports.
    pub fn measure_cost(&mut self) -> Result<()> {
        let context = self.decoder.capacity().saturating_sub(MAX_ROWS).min(256);
        let mut points = Vec::new();
        for rows in CostTable::MEASURED_ROWS {
            let tries = if rows <= 8 { 2 } else { 1 };
            let (times, mut logits) = self.forward_rows(rows, context, tries)?;
            let start = Instant::now();
            // What is done with every row's logits, whatever they are.
            self.decoder
                .judge(&mut logits, &vec![Asked::default(); rows], 1.0)?;
            self.decoder.recycle(logits);
            points.push((
                rows,
                times.total_ms + start.elapsed().as_secs_f32() * 1000.0,
            ));
        }
        self.cost = CostTable { points };
        Ok(())
    }

    /// Milliseconds of processing a prompt of `n` tokens; `None` where it does
    /// not fit. The cache is emptied.
    ///
    /// # Errors
    /// What the device reports.
    pub fn prompt_ms(&mut self, n: usize) -> Result<Option<f32>> {
        self.cached.clear();
        let mut times = Vec::new();
        for _ in 0..3 {
            self.decoder.truncate(0);
            if n > self.decoder.capacity() {
                return Ok(None);
            }
            let start = Instant::now();
            self.decoder.extend(&vec![0; n])?;
            times.push(start.elapsed().as_secs_f32() * 1000.0);
        }
        self.decoder.truncate(0);
        times.sort_by(f32::total_cmp);
        Ok(times.get(1).copied())
    }

    /// What this machine cannot do quicker; `None` on a GPU.
    pub fn floors(&self) -> Option<Floors> {
        self.decoder.floors()
    }

    /// Computes on chosen instructions from now on; the processor must have
    /// them.
    pub fn set_isa(&mut self, isa: Isa) {
        self.decoder.set_isa(isa);
    }

    /// The quickest of some forward passes of `rows` rows with `context` tokens
    /// in the cache, which is emptied.
    ///
    /// # Errors
    /// More rows than fit; what the device reports.
    pub fn forward_times(
        &mut self,
        rows: usize,
        context: usize,
        tries: usize,
    ) -> Result<PassTimes> {
        let (times, logits) = self.forward_rows(rows, context, tries)?;
        self.decoder.recycle(logits);
        Ok(times)
    }

    /// The same, with the last pass's logits.
    fn forward_rows(
        &mut self,
        rows: usize,
        context: usize,
        tries: usize,
    ) -> Result<(PassTimes, Logits)> {
        let tokens = vec![0; rows];
        // a root, and branches of 12 below it, as drafts have them
        let parent = |i: usize| match (i, i % 12) {
            (0, _) => None,
            (_, 1) => Some(0),
            _ => Some(i - 1),
        };
        let parents: Vec<Option<usize>> = (0..rows).map(parent).collect();
        self.cached.clear();
        let mut best: Option<PassTimes> = None;
        let mut logits = Logits::Host(Vec::new());
        for _ in 0..tries.max(1) {
            self.decoder.recycle(logits);
            self.decoder.pretend(context)?;
            logits = self.decoder.run(Rows {
                tokens: &tokens,
                parents: &parents,
            })?;
            let times = self.decoder.times();
            if best.is_none_or(|b| times.total_ms < b.total_ms) {
                best = Some(times);
            }
        }
        self.decoder.truncate(0);
        Ok((best.unwrap_or_default(), logits))
    }
}
