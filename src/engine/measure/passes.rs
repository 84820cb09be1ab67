//! Measures the cost of passes over several sequences on this machine: back to back, in
//! steady state, over synthetic texts.

use std::time::Instant;

use color_eyre::eyre::Result;

use super::{BRANCH, Measuring, rounded};
use crate::engine::Engine;
use crate::model::decoder::{MAX_BATCH_ROWS, SequenceRows, TreeBatch};
use crate::model::logits::Asked;
use crate::model::sequences::Sequences;
use crate::speculate::TokenId;
use crate::speculate::cost::PassPoint;
use crate::speculate::params::{MAX_ROWS, Params};

/// Maximum number of sequences in a measured pass; further rows are divided among them.
const SEQUENCES: usize = 8;
/// Context lengths: the near one for the cost of rows, the far one for that of attention.
const NEAR: usize = 128;
const FAR: usize = 640;
/// Length of the shared prefix, where its cost is measured.
const SHARED: usize = 512;
/// After a pass that takes longer, in milliseconds, none of more rows are measured.
const LONGEST_MS: f32 = 1500.0;
/// Timed passes per point, after one to warm up: more where passes are short, and for what
/// attention costs, which is a difference of two.
fn repeats(rows: usize) -> usize {
    if rows <= 4 * SEQUENCES { 11 } else { 5 }
}

/// A pass to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PassShape {
    sequences: usize,
    rows: usize,
    own: usize,
    shared: usize,
}

impl PassShape {
    /// Whether passes of fewer rows, and for a long context of as many rows in a short one,
    /// were quick enough to measure this one. Small ones always are.
    fn is_quick_enough(&self, measured: &[PassPoint]) -> bool {
        let is_near = self.own <= NEAR && self.shared == 0;
        let mut shorter = measured.iter();
        let of_fewer = measured.iter().filter(|p| p.rows < self.rows);
        let slowest = of_fewer.map(|p| p.pass_ms).fold(0.0, f32::max);
        let has_near = is_near || shorter.any(|p| p.rows == self.rows);
        self.rows <= SEQUENCES / 2 || has_near && slowest <= LONGEST_MS
    }
}

impl Engine {
    /// Measures passes over several sequences, from one row to the maximum of a pass.
    /// `None`: cancelled. The engine's own cache is not touched.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn measure_passes(&mut self, go_on: Measuring) -> Result<Option<Vec<PassPoint>>> {
        let shapes = shapes(self.model.context());
        let of = shapes.len();
        let mut points: Vec<PassPoint> = Vec::with_capacity(of);
        for (done, shape) in shapes.into_iter().enumerate() {
            if !go_on(done, of) {
                return Ok(None);
            }
            if shape.is_quick_enough(&points) {
                points.push(self.measure_pass(shape)?);
            }
        }
        Ok(Some(points))
    }

    fn measure_pass(&mut self, shape: PassShape) -> Result<PassPoint> {
        let each = shape.rows / shape.sequences;
        let decoder = &mut self.model.decoder;
        let mut sequences = decoder.sequences(shape.sequences, shape.own + MAX_ROWS)?;
        let prefix = match shape.shared {
            0 => None,
            n => decoder.share_prefix(&mut sequences, &vec![0; n], &mut |_, _| true)?,
        };
        for slot in 0..shape.sequences {
            sequences.begin(slot, prefix);
            decoder.fill_sequence_for_bench(&mut sequences, slot, shape.shared + shape.own)?;
        }
        let repeats = repeats(shape.rows);
        let mut times = Vec::with_capacity(repeats + 1);
        for _ in 0..=repeats {
            let begin = Instant::now();
            self.pass_once(&mut sequences, shape.sequences, each)?;
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        let mut times = times.split_off(1);
        times.sort_by(f64::total_cmp);
        let at = |quarter: usize| times[(times.len() - 1) * quarter / 4];
        let head_ms = self.model.decoder.times().head_ms;
        Ok(PassPoint {
            sequences: shape.sequences,
            rows: each * shape.sequences,
            own: shape.own,
            shared: shape.shared,
            pass_ms: self.of_all_blocks(rounded(at(2)), head_ms),
            spread: rounded((at(3) - at(1)) / at(2)),
        })
    }

    /// One pass, its logits read as in a real step. The sequences do not grow.
    fn pass_once(&mut self, sequences: &mut Sequences, n: usize, each: usize) -> Result<()> {
        let vocab = self.model.codec.vocab_size().max(1);
        let tokens: Vec<TokenId> = (0..each).map(|i| ((i * 7919) % vocab) as TokenId).collect();
        // Branches of a realistic length.
        let parent = |i: usize| match i {
            0 => None,
            i if (i - 1) % BRANCH == 0 => Some(0),
            i => Some(i - 1),
        };
        let parents: Vec<Option<usize>> = (0..each).map(parent).collect();
        let tree = TreeBatch {
            tokens: &tokens,
            parents: &parents,
        };
        let rows = (0..n).map(|slot| SequenceRows {
            slot,
            tree,
            wants_logits: true,
        });
        let rows: Vec<SequenceRows<'_>> = rows.collect();
        let params = Params::default();
        let asked = Asked {
            recent: (0..params.repeat_window as TokenId).collect(),
            penalty: params.repeat_penalty,
            children: tokens.iter().take(1).copied().collect(),
        };
        let decoder = &mut self.model.decoder;
        let mut logits = decoder.forward_sequences(sequences, &rows)?;
        decoder.score_rows(&mut logits, &vec![asked; n * each])?;
        decoder.recycle(logits);
        for slot in 0..n {
            let len = sequences.len(slot);
            decoder.commit_sequence(sequences, slot, &[0])?;
            sequences.truncate(slot, len);
        }
        Ok(())
    }
}

/// First the near passes, by their number of rows, then those for the cost of attention.
fn shapes(context: usize) -> Vec<PassShape> {
    let near = NEAR.min(context / 4).max(1);
    let of = |rows: usize, own, shared| PassShape {
        sequences: rows.min(SEQUENCES),
        rows,
        own,
        shared,
    };
    let mut shapes = Vec::new();
    let mut rows = 1;
    while rows <= MAX_BATCH_ROWS {
        shapes.push(of(rows, near, 0));
        rows *= 2;
    }
    for rows in [SEQUENCES / 2, SEQUENCES, 2 * SEQUENCES, 4 * SEQUENCES] {
        let fits = |tokens: usize| tokens + MAX_ROWS <= context;
        shapes.extend(fits(FAR).then(|| of(rows, FAR, 0)));
        shapes.extend(fits(SHARED + near).then(|| of(rows, near, SHARED)));
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_rows_and_both_kinds_of_reads_are_measured() {
        let all = shapes(2048);
        let near: Vec<usize> = all
            .iter()
            .filter(|s| (s.own, s.shared) == (NEAR, 0))
            .map(|s| s.rows)
            .collect();
        assert_eq!(near, [1, 2, 4, 8, 16, 32, 64, 128, 256]);
        assert!(
            all.iter()
                .all(|s| s.rows % s.sequences == 0 && s.rows / s.sequences <= MAX_ROWS)
        );
        assert!(all.iter().any(|s| s.own == FAR) && all.iter().any(|s| s.shared == SHARED));
        assert!(
            shapes(300)
                .iter()
                .all(|s| s.own + s.shared + MAX_ROWS <= 300)
        );
    }
}
